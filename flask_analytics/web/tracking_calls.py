"""What Segment's clients send, checked: bytes in, events and refusals out. No Flask.

What is wrong with one message never harms another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ..event import MAX_EVENT_BYTES, Event, EventType, Revenue, Source
from ..values import clean, clean_name, is_plain
from ..visitor import id_text
from . import tracking_context
from .batch import check, count, date, named, whole
from .payload import Payload, Refusal, Unreadable, Wrong
from .tracking_messages import TYPES, Call

#: A sender's clock that is this close to ours is believed as it is: the way here takes time, too,
#: and what is told of the past shall not move.
TOLERANCE = timedelta(seconds=5)

#: A field of an event -> what its absence is called here.
_ABSENT = {
    "event_name": ("event", "no_event"),
    "user_id": ("userId", "no_user_id"),
    "previous_id": ("previousId", "no_previous_id"),
    "group_id": ("groupId", "no_group_id"),
}

#: A field of a message -> what is wrong where it does not fit.
_MISFIT = {"timestamp": "bad_timestamp", "messageId": "bad_message_id"}


class _Envelope(msgspec.Struct, rename="camel"):
    batch: list[msgspec.Raw]
    sent_at: Any = None
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None


class _Keyed(msgspec.Struct, rename="camel"):
    write_key: Any = None


@dataclass(frozen=True, slots=True)
class CallRefused(Refusal):
    """Why a message was not taken: also as a word for programs, one of ``CODES``."""

    code: str


class _Bad(Wrong):
    def __init__(self, code: str, field: str, detail: str) -> None:
        super().__init__(field, detail)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the messages of a body have in common."""

    now: datetime
    #: Times are told as they are, whatever the client's clock shows: an import.
    is_exact: bool
    sent_at: Any = None
    context: Mapping[str, Any] | None = None
    integrations: Mapping[str, Any] | None = None


def write_key(body: bytes) -> bytes | None:
    """The key that a body shows, as some clients do; None where it shows none."""
    try:
        key = named(body, _Keyed).write_key
    except Wrong:
        return None
    return key.encode() if isinstance(key, str) and key else None


def read_call(body: bytes, type_: str, now: datetime) -> Payload:
    """The event of one call.

    :param type_: the route's name.
    :raises Unreadable: the body is too large for one.
    """
    if len(body) > MAX_EVENT_BYTES:
        raise Unreadable(413, f"A call has at most {MAX_EVENT_BYTES} bytes, unpacked.")
    payload = Payload([], [])
    _add(payload, 0, body, type_, _Frame(now, is_exact=False))
    return payload


def read_batch(body: bytes, now: datetime, is_exact: bool = False) -> Payload:
    """The events of a batch, and what is wrong with the others.

    :param is_exact: times are not corrected by the client's clock.
    :raises Unreadable: none can be taken.
    """
    envelope: _Envelope = whole(body, _Envelope)
    count(envelope.batch, "batch")
    frame = _Frame(now, is_exact, envelope.sent_at, envelope.context, envelope.integrations)
    payload = Payload([], [])
    for index, raw in enumerate(envelope.batch):
        _add(payload, index, bytes(raw), None, frame)
    if not is_exact:
        _keep_order(payload.events)
    return payload


def _keep_order(events: Iterable[Event]) -> None:
    """Clients write milliseconds. What one person did within one of them keeps the order of the
    batch, or the older of two traits could be the one that stays."""
    seen: dict[tuple[str | None, datetime], int] = {}
    for event in events:
        at = event.timestamp
        if at is None or at.microsecond % 1000:
            continue
        key = (event.user_id or event.anonymous_id, at)
        place = seen[key] = seen.get(key, -1) + 1
        if place:
            event.timestamp = at + timedelta(microseconds=min(place, 999))


def _add(payload: Payload, index: int, raw: bytes, type_: str | None, frame: _Frame) -> None:
    try:
        payload.events.append(_event(raw, type_, frame))
    except Wrong as wrong:
        code = getattr(wrong, "code", None) or _MISFIT.get(wrong.field, "malformed")
        payload.refused.append(CallRefused(index, wrong.field, wrong.detail, code))


def _event(raw: bytes, type_: str | None, frame: _Frame) -> Event:
    if len(raw) > MAX_EVENT_BYTES:
        raise _Bad("too_large", "", f"It has {len(raw)} bytes: {MAX_EVENT_BYTES} are the most.")
    call: Call = named(raw, Call)
    kind = TYPES.get(type_ or call.type or "")
    if kind is None:
        raise _Bad("no_type", "type", f"There are {', '.join(TYPES)}.")
    name = call.event if kind is EventType.CUSTOM else call.name
    event = Event(
        type=kind,
        event_name=(clean_name(name) or None) if name else None,
        source=Source.API,
        message_id=call.message_id or "",
        user_id=id_text(call.user_id),
        anonymous_id=id_text(call.anonymous_id),
        group_id=id_text(call.group_id) if kind is EventType.GROUP else None,
        previous_id=id_text(call.previous_id),
        integrations=_cleaned(_both(frame.integrations, call.integrations)),
    )
    _check(event)
    _describe(event, call, frame)
    _date(event, call, frame)
    return event


def _check(event: Event) -> None:
    if event.type is not EventType.ALIAS and not (event.user_id or event.anonymous_id):
        detail = "Say who: a userId, or an anonymousId before they have one."
        raise _Bad("no_user_anon_id", "userId", detail)
    try:
        check(event)
    except Wrong as wrong:
        field, code = _ABSENT[wrong.field]
        raise _Bad(code, field, f"A call of this type needs {field}.") from None


def _describe(event: Event, call: Call, frame: _Frame) -> None:
    """Properties, traits, and what the context tells."""
    event.properties = _cleaned(call.properties)
    event.traits = _cleaned(call.traits)
    event.context = _cleaned(_both(frame.context, call.context))
    if event.type is EventType.PAGEVIEW:
        if call.category:
            event.properties.setdefault("category", clean_name(call.category))
        tracking_context.view(event)
    elif event.type is EventType.CUSTOM:
        event.revenue = Revenue.told(event.properties)
    tracking_context.tell(event)


def _both(common: Mapping[str, Any] | None, own: dict[str, Any] | None) -> Mapping[str, Any] | None:
    return {**common, **(own or {})} if common else own


def _cleaned(told: Mapping[str, Any] | None) -> dict[str, Any]:
    if not told:
        return {}
    return told if is_plain(told) else clean(told)[0]  # type: ignore[return-value]


# -- when


def _date(event: Event, call: Call, frame: _Frame) -> None:
    """Fill in the time, by our clock."""
    text = call.timestamp or call.original_timestamp
    if not text:
        return
    told = _time(text)
    if told is None:
        detail = "Write ISO 8601, such as 2026-11-20T10:00:00.000Z."
        raise _Bad("bad_timestamp", "timestamp", detail)
    late_by = timedelta() if frame.is_exact else _lateness(call.sent_at or frame.sent_at, frame.now)
    try:
        date(event, told + late_by, frame.now)
    except OverflowError:
        raise Wrong("timestamp", "It lies beyond all calendars.") from None
    if late_by:
        event.context["original_timestamp"] = told.isoformat()


def _lateness(sent_at: Any, now: datetime) -> timedelta:
    """How far the client's clock is behind ours."""
    sent = _time(sent_at) if isinstance(sent_at, str) else None
    if sent is None or sent.year < 1970:  # before all clocks
        return timedelta()
    late_by = now - sent
    return timedelta() if abs(late_by) <= TOLERANCE else late_by


#: Python reads basic formats and weeks as well, which some clients' clocks may write by mistake.
_PLAUSIBLE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?", re.ASCII).fullmatch


def _time(text: str) -> datetime | None:
    if not _PLAUSIBLE(text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
