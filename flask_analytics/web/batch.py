"""What machines with a write key send, checked: bytes in, events and refusals out. No Flask.

A key is trusted: an event may tell every field of the event's shape, its type and source, too.
"""

from __future__ import annotations

import re
from collections.abc import Sized
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Annotated, Any

import msgspec

from ..consent import read
from ..enrich import MAX_LENGTH, language_tag, public_url
from ..event import MAX_EVENT_BYTES, MAX_PROPERTIES, Event, EventType, Revenue, Source
from ..needs import MAX_AHEAD, missing
from ..values import clean, clean_name, clean_text
from ..visitor import MAX_ID, id_text
from .payload import Payload, Refusal, Unreadable, Wrong, decode

#: Bytes of one body, unpacked; Segment's limit
#: (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#max-request-size).
MAX_BATCH = 500 * 1024

#: Events of one body; Segment's limit as well.
MAX_EVENTS = 2500

#: Status, and when.
PROBLEMS = {
    400: "No event was taken: the body is wrong, or all of `rejected` are.",
    401: "The write key is missing or not known.",
    403: "There are no write keys: nobody may write.",
    405: "This is done by POST.",
    410: "Analytics is switched off here.",
    413: f"More than {MAX_BATCH} bytes or {MAX_EVENTS} events.",
    415: "It is no JSON, or packed otherwise than by gzip.",
}

Id = (
    Annotated[str, msgspec.Meta(max_length=MAX_ID)]
    | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
)
MessageId = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[!-~]+$")]
_Status = Annotated[int, msgspec.Meta(ge=100, le=599)]
_Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=86_400_000)]


class Money(msgspec.Struct, forbid_unknown_fields=True):
    """An amount, as text to be exact, and its ISO 4217 currency."""

    amount: str | int | float
    currency: str


class Claim(msgspec.Struct, forbid_unknown_fields=True):
    """One event. ``name`` is a shorter word for ``event_name``."""

    type: EventType = EventType.CUSTOM
    name: str | None = None
    event_name: str | None = None
    source: Source = Source.API
    user_id: Id | None = None
    anonymous_id: Id | None = None
    properties: dict[str, Any] | None = None
    #: Without an offset it is UTC.
    timestamp: datetime | None = None
    message_id: MessageId | None = None
    revenue: Money | None = None
    traits: dict[str, Any] | None = None
    group_id: Id | None = None
    previous_id: Id | None = None
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None
    #: What the visitor allows: a purpose or a collector to yes or no.
    consent: dict[str, bool] | None = None
    action_name: str | None = None
    client_ip: str | None = None
    locale: str | None = None
    hostname: str | None = None
    url: str | None = None
    path: str | None = None
    method: str | None = None
    matched_pattern: str | None = None
    endpoint: str | None = None
    status_code: _Status | None = None
    duration_ms: _Milliseconds | None = None
    user_agent: str | None = None
    referrer: str | None = None
    view_id: MessageId | None = None


class Events(msgspec.Struct):
    """The body of ``POST events``."""

    events: list[Claim]


class Identify(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST identify``."""

    user_id: Id
    traits: dict[str, Any] | None = None
    anonymous_id: Id | None = None
    timestamp: datetime | None = None
    message_id: MessageId | None = None
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None


class Rejected(msgspec.Struct):
    """An event that was not taken: its place in the body, which field, and why."""

    index: int
    field: str
    detail: str


class Receipt(msgspec.Struct):
    """What became of a body."""

    accepted: int
    rejected: list[Rejected]


class _Envelope(msgspec.Struct):
    events: list[msgspec.Raw]


def read_events(body: bytes, now: datetime) -> Payload:
    """The events of a body, and what is wrong with the others.

    :param now: UTC.
    :raises Unreadable: none can be taken.
    """
    envelope = whole(body, _Envelope)
    count(envelope.events, "events")
    payload = Payload([], [])
    for index, raw in enumerate(envelope.events):
        try:
            payload.events.append(_event(_claim(bytes(raw)), now))
        except Wrong as wrong:
            payload.refused.append(Refusal(index, wrong.field, wrong.detail))
    return payload


def read_identify(body: bytes, now: datetime) -> Event:
    """The event of a body.

    :raises Unreadable: there is none.
    """
    if len(body) > MAX_EVENT_BYTES:
        raise Unreadable(413, f"An event has at most {MAX_EVENT_BYTES} bytes.")
    told = whole(body, Identify)
    try:
        return _event(Claim(type=EventType.IDENTIFY, **msgspec.structs.asdict(told)), now)
    except Wrong as wrong:
        raise Unreadable(400, wrong.detail, wrong.field) from None


def count(found: Sized, field: str) -> None:
    """:raises Unreadable: there is no event in a body, or there are too many."""
    if not found:
        raise Unreadable(400, "There is no event in it.", field)
    if len(found) > MAX_EVENTS:
        raise Unreadable(413, f"More than {MAX_EVENTS} events: send fewer at a time.", field)


def whole(body: bytes, kind: Any) -> Any:
    """A body as a type.

    :raises Unreadable: it is no JSON, or something else.
    """
    try:
        return named(body, kind)
    except Wrong as wrong:
        raise Unreadable(400, wrong.detail, wrong.field or None) from None


_FIELD = re.compile(r"field `(.+?)`").search


def named(body: bytes, kind: Any) -> Any:
    """Like ``decode``; an error about a missing or unknown field names it.

    :raises Wrong: it is no JSON, or something else.
    """
    try:
        return decode(body, kind)
    except Wrong as wrong:
        match = _FIELD(wrong.detail)
        if match is None:
            raise
        path = f"{wrong.field}.{match[1]}" if wrong.field else match[1]
        raise Wrong(path, wrong.detail) from None


def _claim(raw: bytes) -> Claim:
    if len(raw) > MAX_EVENT_BYTES:
        raise Wrong("", f"It has {len(raw)} bytes: {MAX_EVENT_BYTES} are the most.")
    claim: Claim = named(raw, Claim)
    return claim


#: Texts that are only cut, to so many characters.
_TEXTS = {
    "action_name": MAX_LENGTH,
    "hostname": 255,
    "path": MAX_LENGTH,
    "method": 32,
    "matched_pattern": MAX_LENGTH,
    "endpoint": MAX_LENGTH,
    "user_agent": MAX_LENGTH,
}

_IDS = ("user_id", "anonymous_id", "group_id", "previous_id")

_OBJECTS = ("properties", "traits", "context", "integrations")


def _event(claim: Claim, now: datetime) -> Event:
    name = claim.event_name or claim.name
    event = Event(
        type=claim.type,
        event_name=clean_name(name) if name else None,
        source=claim.source,
        message_id=claim.message_id or "",
        view_id=claim.view_id,
        status_code=claim.status_code,
        duration=None if claim.duration_ms is None else claim.duration_ms / 1000,
        revenue=_revenue(claim.revenue),
        client_ip=address(claim.client_ip),
        locale=language_tag(claim.locale) if claim.locale else None,
        url=_url("url", claim.url),
        referrer=_url("referrer", claim.referrer),
    )
    for field in _IDS:
        setattr(event, field, id_text(getattr(claim, field)))
    for field, length in _TEXTS.items():
        value = getattr(claim, field)
        setattr(event, field, clean_text(value, length) if value else None)
    for field in _OBJECTS:
        setattr(event, field, clean(getattr(claim, field) or {})[0])
    event.consent = _consent(claim.consent)
    if claim.timestamp is not None:
        date(event, claim.timestamp, now)
    check(event)
    return event


def _consent(told: dict[str, bool] | None) -> dict[str, bool]:
    """What the visitor allows, in full: a sender may name collectors that only others have."""
    if told is None:
        return {}
    if len(told) > MAX_PROPERTIES:
        raise Wrong("consent", f"It names more than {MAX_PROPERTIES} purposes.")
    return read({clean_name(name): value for name, value in told.items()}, None)


def check(event: Event) -> None:
    """:raises Wrong: a field is missing without which an event of this type is nothing."""
    if found := missing(event):
        raise Wrong(*found)


def date(event: Event, told: datetime, now: datetime) -> None:
    """Say when an event happened, in UTC. What lies too far ahead happened now, and what was told
    is kept as ``context.original_timestamp``.

    :raises Wrong: before 1970, or beyond all calendars.
    """
    if not 1970 <= told.year < 9999:
        raise Wrong("timestamp", "It lies before 1970 or beyond all calendars.")
    found = told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
    if found > now + MAX_AHEAD:
        event.context["original_timestamp"] = told.isoformat()
        found = now
    event.timestamp = found


def _revenue(money: Money | None) -> Revenue | None:
    if money is None:
        return None
    try:
        return Revenue.of(money.amount, money.currency)
    except (TypeError, ValueError) as error:
        raise Wrong("revenue", f"{error}.") from None


def address(text: str | None) -> str | None:
    """An IP address as it is written.

    :raises Wrong: it is none.
    """
    try:
        return str(ip_address(text)) if text else None
    except ValueError:
        raise Wrong("client_ip", "This is no IP address.") from None


def _url(field: str, text: str | None) -> str | None:
    """Without password, fragment, and query keys that are not on the allow-list."""
    found = public_url(text[: 4 * MAX_LENGTH]) if text else None
    if text and found is None:
        raise Wrong(field, "This is not an absolute http(s) address.")
    return found
