"""What strangers may try: events from outside, and a destination that means harm or is broken."""

from __future__ import annotations

import pytest

from flask_analytics.collectors.base import Delivered, Dropped, Rejected
from flask_analytics.testing import Answer, FakeDestination

from . import events
from .actors import collector, good, said
from .conftest import Deliver
from .kind import Kind
from .kinds import KINDS

pytestmark = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)

#: Answers of a hostile or broken server: nested without an end, of wrong types, and lists that name
#: events which were not sent.
NONSENSE = [
    b"[" * 60_000,
    b"[" * 9_000 + b"]" * 9_000,
    b'{"rejected":' + b"[" * 9_000 + b"]" * 9_000 + b"}",
    bytes(range(256)),
    b"[]",
    b"5",
    b"null",
    b'{"tracked": NaN, "details": 1e999}',
    b'{"details": 5, "failed_records": 5, "rejected": 5, "quota_limited": 5}',
    b'{"details": [5, null, "x"], "failed_records": [5], "rejected": [5]}',
    *(
        b'{"details": [{"index": %b, "response": {}}], "failed_records": [{"index": %b}], '
        b'"events_with_invalid_fields": {"time": [%b]}, "throttled_events": [%b]}' % ((index,) * 4)
        for index in (b"-1", b"true", b'"0"', b"0.0", b"9", b"[]", b"9" * 400)
    ),
    b'{"failed_records": []}',
    b'{"status": "success", "tracked": -1, "invalid": -1, "invalid_indices": [-1, true, 9, "0"]}',
    b'{"status": "success", "tracked": "0", "invalid": true}',
]


@pytest.mark.parametrize("status", [200, 400, 429, 500])
def test_answers_without_sense_lose_nothing(
    kind: Kind, destination: FakeDestination, status: int
) -> None:
    """Whatever is in a body, nothing is given up for a mistake of ours in reading it."""
    sender = collector(kind, destination)
    sender.start()

    for body in NONSENSE:
        destination.answers.append(Answer(status, body=body))
        verdict = said(sender, events.purchase())

        assert not isinstance(verdict, (Rejected, Dropped)), body[:80]
        if status != 200:
            assert not isinstance(verdict, Delivered), body[:80]
    sender.close()


def test_hostile_texts_are_sent_as_data(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """Quotes, line ends, markup and other scripts arrive, and break neither body nor header."""
    good(kind, destination)
    text = 'a"b\\c\r\nX-Evil: 1\0<script>&=?# 漢字 🙂'
    hostile = events.purchase(
        6,
        event_name=text,
        properties={text: text},
        user_agent=text,
        referrer=text,
        url=f"https://shop.example/{text}",
        path=f"/{text}",
        user_id=text,
        client_ip=text,
        locale=text,
    )

    counts = deliver(collector(kind, destination), hostile)

    assert counts["delivered"] + sum(counts["rejected"].values()) == 1
    assert len(destination.requests) <= 1
    for received in destination.requests:
        assert kind.payloads(received)
        assert "X-Evil" not in received.headers


def test_a_zone_is_no_part_of_an_address(
    kind: Kind, destination: FakeDestination, deliver: Deliver
) -> None:
    """It may be any text, a line end too, and comes from whoever names an address to a proxy."""
    if not kind.trims and not kind.needs_ip:
        pytest.skip(f"{kind.name} passes on what it gets")
    good(kind, destination)

    counts = deliver(collector(kind, destination), events.page(client_ip="fe80::1%e\r\nX-Evil: 1"))

    assert counts["delivered"] == 1
    (received,) = destination.requests
    assert kind.ip(received) in ("fe80::1", None)
    assert "X-Evil" not in f"{received.headers} {received.body!r}"
