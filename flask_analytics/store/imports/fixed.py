"""Values that ``--set`` gives to what a record does not tell, and how text becomes an event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from ...event import Event, Source
from .ndjson import reason
from .refusal import Refused, Unreadable

_NUMBER = re.compile(r"\d{9,11}(\.\d+)?|\d{13}").fullmatch

#: Fields that hold several values.
_GROUPS = ("properties", "traits", "context")


class Fixed:
    """Fills events.

    :param told: ``hostname``, ``properties.plan`` and so on -> value, as text.
    :raises Unreadable: a value is none of its field.
    """

    def __init__(self, told: Mapping[str, str]) -> None:
        try:
            event = made(told)
        except Refused as refusal:
            raise Unreadable(f"what --set gives is wrong: {refusal.reason}") from None
        fields = {
            "duration" if name == "duration_ms" else name.partition(".")[0] for name in told
        } - {"type", "source"}
        self._plain = [(name, getattr(event, name)) for name in fields - {*_GROUPS}]
        self._groups = [(name, getattr(event, name)) for name in fields & {*_GROUPS}]

    def fill(self, event: Event) -> None:
        """Give an event what it has nothing of."""
        for name, value in self._plain:
            if getattr(event, name) in (None, ""):
                setattr(event, name, value)
        for name, values in self._groups:
            setattr(event, name, {**values, **getattr(event, name)})


def made(told: Mapping[str, str]) -> Event:
    """The event of texts under the names of fields.

    :raises Refused: one of them is none of its field.
    """
    wire: dict[str, Any] = {}
    for field, text in told.items():
        group, dot, name = field.partition(".")
        if dot:
            wire.setdefault(group, {})[name] = text
        else:
            wire[field] = text
    if "timestamp" in wire:
        wire["timestamp"] = moment(wire["timestamp"])
    wire.setdefault("source", Source.API)  # a server's without a user agent are bots'
    try:
        event = msgspec.convert(wire, Event, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(reason(error)) from None
    if event.duration is not None:
        event.duration /= 1000
    return event


def moment(text: str) -> datetime:
    """A time as tables have it: ISO 8601, with or without a zone, or seconds or milliseconds
    since 1970.

    :raises Refused: it is none.
    """
    text = text.strip()
    try:
        if _NUMBER(text):
            return datetime.fromtimestamp(float(text) / (1000 if len(text) == 13 else 1), UTC)
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise Refused(
            "timestamp: is no time such as 2026-11-21T08:00:00+01:00 or 1795248000"
        ) from None
