"""What the helpers are given, checked: loud while developing, never in production's views."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from . import visitor
from .enrich import capture
from .event import MAX_PROPERTIES, Event, EventType, Revenue
from .pipeline import View
from .record import Record, State, current_record, current_request, current_view
from .values import clean, clean_name, is_plain

Money = Revenue | tuple[Decimal | int | float | str, str]


class Guard:
    """Keeps a helper's trouble out of production's views, and shows it while developing."""

    __slots__ = ("state",)

    def __init__(self, state: State) -> None:
        self.state = state

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> bool:
        if error is None or not isinstance(error, Exception) or self.state.is_strict:
            return False
        self.state.pipeline.trimmed.count("arguments")
        self.state.pipeline.log.warning("argument", "analytics helper: %s", error)
        return True

    def record(self) -> Record | None:
        return current_record() if self.state.settings.enabled else None

    def request_facts(self) -> tuple[tuple[Any, ...] | None, View | None]:
        record = current_record()
        if record is None:
            return None, None
        if record.facts is None:
            record.facts = capture(current_request().environ)
        return record.facts, current_view(self.state.pipeline, record)

    def add_request(self, event: Event) -> None:
        """The route, and the user where the caller named none."""
        rule = current_request().url_rule
        if rule is not None:
            event.matched_pattern, event.endpoint = rule.rule, rule.endpoint
        if event.user_id is None:
            with Guard(self.state):
                event.user_id = visitor.user_id(self.state.app, self.state.callbacks.user_id)

    def event(self, type_: EventType, fields: dict[str, Any]) -> tuple[float | None, Event]:
        """Check every argument; a wrong one is left out in production, the event still goes."""
        event = Event(type=type_)
        at: float | None = None
        if type_ is EventType.CUSTOM:  # without its name it is nothing
            event.event_name = event_name(fields.pop("event_name"))
        for name, value in fields.items():
            if value is None:
                continue
            with Guard(self.state):
                if name == "timestamp":
                    at = _seconds(value)
                elif name in ("properties", "traits", "context", "integrations"):
                    setattr(event, name, self.properties(value))
                elif name == "category":
                    event.properties.setdefault("category", event_name(value))
                elif name in _FIELDS:
                    setattr(event, name, _FIELDS[name](value))
                else:
                    raise TypeError(f"there is no argument {name!r}")
        return at, event

    def properties(self, values: Any) -> dict[str, Any]:
        """Clean properties; problems raise while developing, and are counted in production."""
        if is_plain(values):
            return dict(values)
        cleaned, problems = clean(values)
        if isinstance(values, Mapping):
            self.state.pipeline.trimmed.count("properties", max(0, len(values) - MAX_PROPERTIES))
        for problem in problems:
            with Guard(self.state):
                raise (ValueError if "finite" in problem else TypeError)(problem)
        return cleaned


def event_name(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"event_name must be text, not {type(value).__name__}")
    name = clean_name(value)
    if not name:
        raise ValueError("event_name must not be empty: say what happened")
    return name


def _money(value: Any) -> Revenue:
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
    "revenue": _money,
    "user_id": visitor.id_text,
    "anonymous_id": visitor.id_text,
    "group_id": visitor.id_text,
    "previous_id": visitor.id_text,
}
