"""What the helpers are given, checked: loud while developing, never in production's views."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from . import visitor
from .event import MAX_NAME, MAX_PROPERTIES, Event, EventType, Revenue
from .record import State
from .values import clean, clean_name, is_plain

Money = Revenue | tuple[Decimal | int | float | str, str]

#: Fields that are filled with cleaned JSON.
_OBJECTS = frozenset({"properties", "traits", "context", "integrations"})


def forgive(state: State, error: Exception) -> None:
    """Raise while developing; in production count, and log once a minute."""
    if state.is_strict:
        raise error
    state.pipeline.trimmed.count("arguments")
    state.pipeline.log.warning("argument", "analytics helper: %s", error)


def make_event(
    state: State, type_: EventType, fields: dict[str, Any]
) -> tuple[Event, float | None]:
    """An event of a helper's arguments, and its time if one was given, in seconds since the epoch.

    A wrong argument is left out in production; without its name a custom event is nothing.

    :raises TypeError, ValueError: see ``forgive``; a custom event's name always.
    """
    event = Event(type=type_)
    at: float | None = None
    if type_ is EventType.CUSTOM:
        event.event_name = event_name(fields.pop("event_name"))
    for name, value in fields.items():
        if value is None:
            continue
        try:
            if name in _OBJECTS:
                setattr(event, name, properties(state, value))
            elif name == "timestamp":
                at = _seconds(value)
            elif name == "category":
                event.properties.setdefault("category", event_name(value))
            elif name in _FIELDS:
                setattr(event, name, _FIELDS[name](value))
            else:
                raise TypeError(f"there is no argument {name!r}")
        except Exception as error:
            forgive(state, error)
    return event, at


def properties(state: State, values: Any) -> dict[str, Any]:
    """Cleaned properties; what had to be changed beyond recognition is not forgiven in silence."""
    if is_plain(values):
        return dict(values)
    cleaned, problems = clean(values)
    if isinstance(values, Mapping):
        state.pipeline.trimmed.count("properties", max(0, len(values) - MAX_PROPERTIES))
    for problem in problems:
        forgive(state, (ValueError if "finite" in problem else TypeError)(problem))
    return cleaned


def event_name(value: Any) -> str:
    """A name, cleaned.

    :raises TypeError, ValueError: it is no text, or nothing is left of it.
    """
    if (
        type(value) is str
        and 0 < len(value) <= MAX_NAME
        and value.isascii()
        and value.isprintable()
    ):
        return value
    if not isinstance(value, str):
        raise TypeError(f"event_name must be text, not {type(value).__name__}")
    name = clean_name(value)
    if not name:
        raise ValueError("event_name must not be empty: say what happened")
    return name


def money(value: Any) -> Revenue:
    """An amount, checked.

    :raises TypeError, ValueError: it is none.
    """
    if isinstance(value, Revenue):
        return Revenue.of(value.amount, value.currency)
    if isinstance(value, tuple) and len(value) == 2:
        return Revenue.of(*value)
    raise TypeError(
        f"revenue must be (amount, currency) such as ('29.99', 'EUR'), not {type(value).__name__}"
    )


def _seconds(value: Any) -> float:
    if not isinstance(value, datetime):
        raise TypeError(f"timestamp must be a datetime, not {type(value).__name__}")
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.timestamp()


_FIELDS: dict[str, Callable[[Any], Any]] = {
    "event_name": event_name,
    "revenue": money,
    "user_id": visitor.id_text,
    "anonymous_id": visitor.id_text,
    "group_id": visitor.id_text,
    "previous_id": visitor.id_text,
}
