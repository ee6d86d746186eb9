"""What headers and addresses tell of a request."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_analytics.enrich import Facts, cut_url, enricher, public_url, redact
from flask_analytics.event import Event

from .targets import sound

SEEDS = [
    b"1.2.3.4\na.example:80\na\nhttps\n/app\n/x\xc3\xa9\nutm_source=a&token=b\nGET\n"
    b"https://u:p@b.example/?q=1#f\nMozilla/5.0\nde-DE,de;q=0.9",
    b"::1\n[::1]:443\n\nhttp\n\n//\\\nref=%3Ba\nPOST\nhttp://[::1\n\x1b[31m\n*;q=x",
    b"\n\n\n\n\n%\n&&=\n\nhttps://b.example/" + b"%F0%9F%98%80" * 300 + b"\n\n\n",
]

_enrich = enricher(None)
_strict = enricher(["a.example", ".b.example"])


def run(data: bytes) -> None:
    """An event that is sound, of the raw strings as a server hands them over: a line each. What is
    never told does not come out of a copy for the disk either."""
    lines = data.decode("latin-1").split("\n")
    facts = tuple((lines + [""] * 11)[:11])
    for fill in (_enrich, _strict):
        event = Event(timestamp=datetime(2026, 1, 1, tzinfo=UTC))
        fill(event, redact(facts))
        sound(event)
        whole = Event(timestamp=event.timestamp)
        fill(whole, facts)
        assert (whole.url, whole.referrer) == (event.url, event.referrer)
    assert Facts._make(facts).of_visitor().path is None
    url = public_url(data.decode("utf-8", "replace"))
    if url is not None:
        assert url.isprintable()
        assert len(cut_url(url)) <= 2048
