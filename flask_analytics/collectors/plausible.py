"""Plausible's Events API, of Plausible Cloud and of a server of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self
from urllib.parse import SplitResult

from ..errors import ConfigurationError, Refused, Unsupported
from ..event import Event, EventType
from . import words
from .answer import Answer
from .base import DELIVERED, Rejected, Verdict
from .checks import check_text
from .clip import Cuts, as_text, clip, clip_bytes, scalars, take
from .destination import Destination, Item, Post

#: Bytes of an address, characters of a name, custom properties of an event, bytes of their keys
#: and values. Beyond them Plausible answers 400, or leaves the rest out
#: (https://plausible.io/docs/events-api; the first number that is told for each is in
#: https://github.com/plausible/analytics/blob/master/lib/plausible/ingestion/request.ex).
MAX_URL = 2000
MAX_NAME = 120
MAX_PROPS = 30
MAX_KEY = 300
MAX_VALUE = 2000

#: Means something else there: how long a page was looked at.
_RESERVED = "engagement"

_UNSUPPORTED = frozenset({EventType.IDENTIFY, EventType.GROUP, EventType.ALIAS})

#: A percent sign that lost its digits. Plausible's server fails over it, and would be asked again.
_HALF_ESCAPE = re.compile(r"%[0-9A-Fa-f]?\Z")

_UNPRINTABLE = re.compile(r"[^ -~]")


class PlausibleCollector(Destination):
    """Posts each event to ``/api/event``. In an address: ``plausible://example.com``.

    Plausible dates an event when it arrives, so that one that is older than an hour is dropped as
    ``expired``: it would falsify today. It tells visitors apart by their address and user agent,
    and keeps neither.

    :param domain: of the site, as Plausible shows it. Never taken from a request: whoever forges a
        Host header would write into other sites.
    :param options: ``endpoint`` of a server of your own, with its path if it has one, and others,
        as ``Destination`` has them.
    :raises ConfigurationError: the domain is empty or wrong, or ``anonymize_ip`` is set.
    """

    endpoint = "https://plausible.io"
    path = "/api/event"
    keeps_timestamp = False

    max_past = 3600.0
    max_age = 3600.0

    #: One event in a request, and 8 requests at a time.
    batch_size = 1
    max_events = 1
    max_inflight = 8

    #: .../lib/plausible/ingestion/request.ex, parse_body.
    max_body_bytes = 1_000_000

    def __init__(self, domain: str, **options: Any) -> None:
        check_text("plausible", domain=domain)
        if re.search(r"[\s,@]|://", domain):
            raise ConfigurationError(
                "plausible: domain must be one site's, without a scheme or an @, such as "
                "example.com. For several sites, give several collectors"
            )
        if options.get("anonymize_ip"):
            raise ConfigurationError(
                "plausible: anonymize_ip cannot be set: Plausible tells visitors apart by their "
                "whole address, and keeps only a hash of it that is thrown away every day"
            )
        super().__init__(**options)
        self._domain = domain

    @classmethod
    def from_url(cls, parts: SplitResult, options: Mapping[str, Any]) -> Self:
        """The host is the site's domain. A server of one's own is in ``endpoint``."""
        return cls(parts.netloc + parts.path.rstrip("/"), **options)

    def encode(self, event: Event, cuts: Cuts) -> Any:
        """A page view, or a custom event."""
        name = str(EventType.PAGEVIEW) if words.is_page(event) else event.name
        if event.type in _UNSUPPORTED or name == _RESERVED:
            raise Unsupported
        if not name.strip():
            raise Refused("no_name")
        payload = {
            "domain": self._domain,
            "name": clip(name, MAX_NAME, cuts, "event_name"),
            "url": _clip_url(self._url(event), cuts, "url"),
            "referrer": event.referrer and _clip_url(event.referrer, cuts, "referrer"),
            "props": _props(event, cuts),
            "interactive": False if event.type is EventType.ACTION else None,
        }
        if event.revenue is not None:
            amount = format(event.revenue.amount, "f")
            payload["revenue"] = {"currency": event.revenue.currency, "amount": amount}
        return words.known(payload)

    def requests(self, items: Sequence[Item], at: float) -> Iterable[Post]:
        """One for each event, as if the visitor's browser had sent it."""
        for item in items:
            headers = {**self.headers(), **self._visitor(item.event)}
            yield Post(self.endpoint + self.path, item.body, headers, [item])

    def judge(self, answer: Answer, post: Post) -> Verdict:
        """202 also for what is thrown away: a bot's, a blocked page's, one of an unknown site."""
        verdict = answer.verdict()
        dropped = answer.headers.get("x-plausible-dropped", "0").strip()
        return (
            Rejected("dropped_by_plausible") if verdict == DELIVERED and dropped != "0" else verdict
        )

    def _url(self, event: Event) -> str:
        """Required; an event of no page happened on the site."""
        return event.url or f"https://{event.hostname or self._domain}{event.path or '/'}"

    def _visitor(self, event: Event) -> dict[str, str]:
        headers = {"User-Agent": _header(event.user_agent), "X-Forwarded-For": self.ip(event)}
        return {name: value for name, value in headers.items() if value}


def _header(text: str | None) -> str:
    """A text as a header can have it: one line of ASCII."""
    return _UNPRINTABLE.sub("?", text or "").strip()


def _clip_url(url: str, cuts: Cuts, name: str) -> str:
    clipped = clip_bytes(url, MAX_URL, cuts, name)
    return clipped if clipped == url else _HALF_ESCAPE.sub("", clipped)


def _props(event: Event, cuts: Cuts) -> dict[str, str]:
    """The properties as text. Lists and objects would be left out there, so they are here."""
    given = scalars(event.properties, cuts, "properties")
    props = {
        clip_bytes(key, MAX_KEY, cuts, "properties"): clip_bytes(
            as_text(value), MAX_VALUE, cuts, "properties"
        )
        for key, value in given
    }
    return take(props, MAX_PROPS, cuts, "properties")
