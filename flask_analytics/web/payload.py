"""What a page sends, checked: bytes in, events and refusals out. No Flask, no I/O.

Every field comes from a stranger. Only what a page can know is taken from it: which page, what
happened there, and when relative to its own clock.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote, urlsplit

import msgspec

from ..enrich import cut_url, public_url
from ..event import Event, EventType, Source
from ..values import clean, clean_name, clean_text

#: Bytes of one body: what a page may have in flight at all
#: (https://fetch.spec.whatwg.org/#http-network-or-cache-fetch, the keepalive limit).
MAX_BODY = 64 * 1024

#: Events of one body.
MAX_EVENTS = 100

#: How old an event may be that waited in a page; an older or later one gets our time.
MAX_AGE = timedelta(days=7)

#: Keys that say who or which: two equal ones in an object would mean different things to
#: different readers.
_IDENTITY = (b'"message_id"', b'"user_id"', b'"anonymous_id"', b'"view_id"')

#: A key can be written with it, too.
_ESCAPE = b"\\u"

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[!-~]+$")]


#: Characters of an address that are read at all; a longer one is refused.
MAX_ADDRESS = 8 * 1024

_Address = Annotated[str, msgspec.Meta(max_length=MAX_ADDRESS)]


class _Claim(msgspec.Struct):
    """One event as a page tells it. Unknown fields (user_id, revenue, ...) are ignored."""

    type: Literal["pageview", "custom"] = "custom"
    event_name: str | None = None
    properties: dict[str, Any] = {}
    timestamp: datetime | None = None
    message_id: _Id | None = None
    url: _Address | None = None


class _Envelope(msgspec.Struct):
    events: list[msgspec.Raw]
    sent_at: datetime | None = None
    view_id: _Id | None = None
    url: _Address | None = None
    referrer: _Address | None = None
    title: str | None = None
    #: ``navigator.webdriver``: a program drives the browser.
    automated: Any = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event was not taken."""

    index: int
    field: str
    detail: str


class Unreadable(Exception):
    """The whole body cannot be taken. ``status`` is the answer's."""

    def __init__(self, status: int, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.field = status, detail, field


@dataclass(slots=True)
class Payload:
    """What came of a body."""

    events: list[Event]
    refused: list[Refusal]

    def summary(self) -> dict[str, Any]:
        """For the answer."""
        return {
            "accepted": len(self.events),
            "rejected": [asdict(refusal) for refusal in self.refused],
        }


def read(body: bytes, now: datetime) -> Payload:
    """Take apart what a page sent.

    :param now: when it arrived, UTC.
    :raises Unreadable: no event of it can be taken.
    """
    envelope = _envelope(body)
    late_by = _lateness(envelope.sent_at, now)
    payload = Payload([], [])
    for index, raw in enumerate(envelope.events):
        try:
            payload.events.append(_event(bytes(raw), envelope, late_by, now))
        except Wrong as wrong:
            payload.refused.append(Refusal(index, wrong.field, wrong.detail))
    return payload


class Wrong(Exception):
    """An event cannot be taken: which field, and why."""

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.detail = field, detail


def _envelope(body: bytes) -> _Envelope:
    if len(body) > MAX_BODY:
        raise Unreadable(413, f"The body is larger than {MAX_BODY} bytes: send fewer events.")
    try:
        envelope: _Envelope = decode(body, _Envelope)
        _refuse_twins(body)
    except Wrong as wrong:
        raise Unreadable(400, wrong.detail, wrong.field or None) from None
    if not envelope.events:
        raise Unreadable(400, "There is no event in it.", "events")
    if len(envelope.events) > MAX_EVENTS:
        raise Unreadable(413, f"More than {MAX_EVENTS} events: send fewer at a time.", "events")
    return envelope


def decode(body: bytes, kind: Any) -> Any:
    """JSON as a type.

    :raises Wrong: it is none, or something else.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        detail, _, path = str(error).partition(" - at `")
        raise Wrong(path.rstrip("`").removeprefix("$").lstrip("."), f"{detail}.") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Wrong("", f"This is not JSON: {error}.") from None
    except RecursionError:
        raise Wrong("", "This is nested too deeply.") from None


def _refuse_twins(body: bytes) -> None:
    """Refuse an object (the outermost) that has the same identity key twice."""
    if _ESCAPE not in body and not any(body.count(key) > 1 for key in _IDENTITY):
        return
    objects: list[list[tuple[str, Any]]] = []
    try:
        json.loads(body, object_pairs_hook=objects.append, parse_int=str)
    except (ValueError, RecursionError):  # what msgspec has skipped over, such as bad UTF-8
        raise Wrong("", "This cannot be read.") from None
    outermost = [key for key, _ in objects[-1]]
    for key in _IDENTITY:
        name = key.decode().strip('"')
        if outermost.count(name) > 1:
            raise Wrong(name, "This key is there twice.")


def _event(raw: bytes, envelope: _Envelope, late_by: timedelta | None, now: datetime) -> Event:
    claim: _Claim = decode(raw, _Claim)
    _refuse_twins(raw)
    name = clean_name(claim.event_name) if claim.event_name else None
    if claim.type == "custom" and not name:
        raise Wrong("event_name", "A custom event needs a name.")
    properties, _ = clean(claim.properties)
    if claim.type == "pageview" and envelope.title:
        properties.setdefault("title", clean_text(envelope.title, 512))
    event = Event(
        type=EventType(claim.type),
        event_name=name,
        source=Source.BROWSER,
        properties=properties,
        message_id=claim.message_id or "",
        view_id=envelope.view_id,
        timestamp=_timestamp(claim.timestamp, late_by, now),
    )
    if claim.timestamp is not None:
        event.context["original_timestamp"] = claim.timestamp.isoformat()
    if envelope.automated is True:
        event.context["automated"] = True
    _place(event, claim.url or envelope.url, envelope.referrer)
    return event


def _place(event: Event, url: str | None, referrer: str | None) -> None:
    if url:
        event.url = public_url(url)
        if event.url is None:
            raise Wrong("url", "This is not an absolute http(s) address.")
        event.path = _path(event.url)
        if route := _fragment_route(url):
            event.url, event.path = cut_url(event.url + route), clean_text(event.path + route)
    if referrer:
        event.referrer = public_url(referrer)


def _fragment_route(url: str) -> str:
    """The fragment where it is a page's address (``#/cart``, ``#!/cart``), without its query. The
    module sends none, unless the page has asked for it."""
    fragment = urlsplit(url).fragment.partition("?")[0]
    if not fragment.removeprefix("!").startswith("/"):
        return ""
    return "#" + quote(fragment, safe="/:@!$&'()*+,;=~-._%")


def _path(url: str) -> str:
    return clean_text(unquote(urlsplit(url).path)) or "/"


def _lateness(sent_at: datetime | None, now: datetime) -> timedelta | None:
    """How far the page's clock is behind ours; the way here took no time worth counting."""
    try:
        return None if sent_at is None else now - _utc(sent_at)
    except OverflowError:  # the first or last day there is, in another zone
        return None


def _timestamp(claimed: datetime | None, late_by: timedelta | None, now: datetime) -> datetime:
    """The page's time by our clock; without its ``sent_at`` its clock tells nothing."""
    if claimed is None or late_by is None:
        return now
    try:
        corrected = _utc(claimed) + late_by
    except OverflowError:
        return now
    return corrected if now - MAX_AGE <= corrected <= now else now


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
