"""Segment's raw calls: what its storage destinations write, one JSON object on each line.

https://segment.com/docs/connections/storage/catalog/aws-s3/: gzipped, newline-separated, with the
whole call as it was received. RudderStack's are of the same form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from ...event import Event, EventType, Revenue, Source
from ...values import clean_text
from .fixed import Fixed
from .format import Record
from .lines import Lines
from .ndjson import not_json, reason
from .places import language, locate, readable
from .refusal import LeftOut, Refused

#: What each call is here.
TYPES = {
    "track": EventType.CUSTOM,
    "page": EventType.PAGEVIEW,
    "screen": EventType.PAGEVIEW,
    "identify": EventType.IDENTIFY,
    "group": EventType.GROUP,
    "alias": EventType.ALIAS,
}

#: A key that only Segment's calls have, or only our events.
_SIGN = re.compile(
    rb'"(?:(messageId|anonymousId|originalTimestamp|receivedAt|sentAt)'
    rb"|message_id|event_name|anonymous_id|user_id|view_id)\"\s*:"
)

#: Facts of a page, which some clients tell as properties of a page call, too.
_PAGE = ("url", "path", "referrer", "search")

_Id = str | int | None


class Call(msgspec.Struct, rename="camel"):
    """One call. Its times are UTC; ``timestamp`` is Segment's own correction of the others."""

    type: str | None = None
    message_id: str | None = None
    anonymous_id: _Id = None
    user_id: _Id = None
    previous_id: _Id = None
    group_id: _Id = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    timestamp: datetime | None = None
    original_timestamp: datetime | None = None
    sent_at: datetime | None = None
    received_at: datetime | None = None
    context: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None

    def moment(self) -> datetime | None:
        """When it happened. The sender's clock is corrected by how wrong it was when it sent."""
        if self.timestamp is not None or self.original_timestamp is None:
            return self.timestamp or self.received_at
        if self.sent_at is None or self.received_at is None:
            return self.original_timestamp
        try:
            return self.original_timestamp + (self.received_at - self.sent_at)
        except (OverflowError, TypeError):  # one of them without a zone
            return self.original_timestamp


_decode = msgspec.json.Decoder(Call).decode


def looks_like(head: bytes) -> bool:
    """Whether a file begins with one of Segment's calls, by the first key that tells."""
    found = _SIGN.search(head)
    return found is not None and found[1] is not None


class Segment:
    """Reads calls.

    :param fixed: values for fields that a call does not tell.
    """

    name = "segment"

    def __init__(self, fixed: Mapping[str, str]) -> None:
        self._fixed = Fixed(fixed)

    def records(self, lines: Lines) -> Iterator[Record]:
        """The lines that are not blank."""
        for line in lines:
            if line and not line.isspace():
                yield Record(lines.number, line, None if lines.is_cut else line)

    def event(self, content: Any) -> Event:
        """:raises Refused: it is no call.
        :raises LeftOut: it is one that tells nothing, such as ``delete``."""
        call = _call(content)
        kind = TYPES.get(call.type or "")
        if kind is None:
            raise LeftOut(f"a call of type {call.type[:20]}" if call.type else "a call of no type")
        event = Event(
            type=kind,
            source=Source.API,
            message_id=_message_id(call.message_id),
            timestamp=call.moment(),
            user_id=_id(call.user_id),
            anonymous_id=_id(call.anonymous_id),
            previous_id=_id(call.previous_id),
            group_id=_id(call.group_id),
            event_name=call.event if kind is EventType.CUSTOM else None,
            properties=dict(call.properties or {}),
            integrations=call.integrations or {},
        )
        _tell(event, call)
        self._fixed.fill(event)
        return event


def _tell(event: Event, call: Call) -> None:
    """What the type and the context add. A page is told by its properties, first of all."""
    context = dict(call.context or {})
    page = _mapping(context.pop("page", None))
    if event.type is EventType.PAGEVIEW:
        event.event_name = call.name
        if call.category:
            event.properties.setdefault("category", call.category)
        _place(event, event.properties)
        for name in _PAGE:
            event.properties.pop(name, None)
        if title := _text(page.get("title")):
            event.properties.setdefault("title", title)
    elif event.type is EventType.CUSTOM:
        event.revenue = Revenue.told(event.properties)
    _place(event, page)
    context.pop("ip", None)  # no store keeps it
    event.user_agent = _text(context.pop("userAgent", None))
    event.locale = language(_text(context.pop("locale", None)))
    group = context.pop("groupId", None)
    event.group_id = event.group_id or _id(group if isinstance(group, (str, int)) else None)
    event.traits = call.traits or {}
    if event.type not in (EventType.GROUP, EventType.ALIAS):
        event.traits = {**_mapping(context.pop("traits", None)), **event.traits}
    event.context = context


def _call(content: bytes) -> Call:
    try:
        return _decode(content)
    except msgspec.ValidationError as error:
        raise Refused(reason(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Refused(not_json(error)) from None


def _message_id(told: str | None) -> str:
    """As it is, where ours may be so; else one is made of the whole call."""
    return told if told and len(told) <= 100 and told.isascii() and told.isprintable() else ""


def _id(value: _Id) -> str | None:
    return None if value is None or value == "" else str(value)


def _text(value: Any) -> str | None:
    return clean_text(value) or None if isinstance(value, str) else None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _place(event: Event, page: Mapping[str, Any]) -> None:
    """An address, and what it alone does not tell."""
    if event.url is None:
        event.url = _text(page.get("url"))
        locate(event)
    event.path = event.path or readable(_text(page.get("path")))
    event.referrer = event.referrer or _text(page.get("referrer"))
