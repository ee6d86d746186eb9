"""What the helpers are given, checked: loud while developing, never in production's views.

An object is asked for its type and never for its class: ``__class__`` may raise.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from . import visitor
from .errors import kind
from .event import MAX_NAME, MAX_PROPERTIES, Event, EventType, Revenue
from .record import State
from .values import clean, clean_name, clean_text, is_plain

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
                setattr(event, name, properties(state, value, name))
            elif name == "timestamp":
                at = _seconds(value)
            elif name == "category":
                event.properties.setdefault("category", event_name(value, name))
            elif name in _IDS:
                setattr(event, name, visitor.id_text(value, name))
            elif name in _FIELDS:
                setattr(event, name, _FIELDS[name](value))
            else:
                raise TypeError(f"there is no argument {name!r}")
        except Exception as error:
            forgive(state, error)
    return event, at


def properties(state: State, values: Any, field: str = "properties") -> dict[str, Any]:
    """Cleaned properties; what had to be changed beyond recognition is not forgiven in silence."""
    if is_plain(values):
        return dict(values)
    cleaned, problems = clean(values, field)
    if issubclass(type(values), dict):
        excess = dict.__len__(values) - MAX_PROPERTIES
        state.pipeline.trimmed.count("properties", max(0, excess))
    for problem in problems:
        forgive(state, (ValueError if "finite" in problem else TypeError)(problem))
    return cleaned


def key(value: Any) -> str:
    """A property's key.

    :raises TypeError: it is no text.
    """
    if not issubclass(type(value), str):
        raise TypeError(f"key must be text such as 'plan', not {kind(value)}")
    return clean_text(value, MAX_NAME)


def event_name(value: Any, field: str = "event_name") -> str:
    """A name, cleaned.

    :param field: what it is called in errors.
    :raises TypeError, ValueError: it is no text, or nothing is left of it.
    """
    if (
        type(value) is str
        and 0 < len(value) <= MAX_NAME
        and value.isascii()
        and value.isprintable()
    ):
        return value
    if not issubclass(type(value), str):
        raise TypeError(f"{field} must be text such as 'signup', not {kind(value)}")
    name = clean_name(value)
    if not name:
        raise ValueError(f"{field} must not be empty: say what happened")
    return name


def money(value: Any) -> Revenue:
    """An amount, checked.

    :raises TypeError, ValueError: it is none.
    """
    if issubclass(type(value), Revenue):
        return Revenue.of(value.amount, value.currency)
    if issubclass(type(value), tuple) and tuple.__len__(value) == 2:
        return Revenue.of(*tuple.__iter__(value))
    raise TypeError(
        f"revenue must be (amount, currency) such as ('29.99', 'EUR'), not {kind(value)}"
    )


def _seconds(value: Any) -> float:
    if not issubclass(type(value), datetime):
        raise TypeError(f"timestamp must be a datetime, not {kind(value)}")
    try:
        # Not every tzinfo is a zone: without an offset it is UTC, as without a tzinfo.
        is_naive = datetime.utcoffset(value) is None
        at = datetime.timestamp(datetime.replace(value, tzinfo=UTC) if is_naive else value)
    except Exception as error:  # the caller's own tzinfo, or the last day there is
        raise ValueError(f"timestamp must have a zone that works ({kind(error)})") from None
    if not 0 <= at < _LAST:
        raise ValueError("timestamp must lie in the years 1970 to 9998")
    return at


#: As the APIs take it.
_LAST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()

_IDS = frozenset({"user_id", "anonymous_id", "group_id", "previous_id"})

_FIELDS: dict[str, Callable[[Any], Any]] = {"event_name": event_name, "revenue": money}
