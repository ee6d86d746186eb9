"""Which stored events one destination gets: those that were asked for, and that it can date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ...collectors.base import Collector
from ...errors import ConfigurationError, QuestionError
from ...event import Event
from ...metrics.filters import Filter, parse
from ..memory.row import Row
from ..memory.selection import holds

#: What is said of an event that a destination would not take for its age.
TOO_OLD = "too old"


class Choice:
    """Chooses events.

    :param filters: as in questions; all have to hold. A trait is a person's, not an event's.
    :param reach: how old an event may be, or None: any age.
    :param now: UTC.
    :raises QuestionError: a filter is none, or asks for a trait.
    """

    def __init__(self, filters: Sequence[str], reach: timedelta | None, now: datetime) -> None:
        self._filters = tuple(_read(text) for text in filters)
        self._oldest = None if reach is None else now - reach

    def asks_for(self, event: Event) -> bool:
        """Whether the filters hold."""
        if not self._filters:
            return True
        row = Row(event, 0)
        return all(holds(condition, row.value(condition.field)) for condition in self._filters)

    def why_not(self, at: datetime) -> str | None:
        """Why an event of this time is not sent; None: it is."""
        return TOO_OLD if self._oldest is not None and at < self._oldest else None


def reach(name: str, collector: Collector) -> timedelta | None:
    """How old an event may be for a destination; None: any age. Its class says so by a
    ``max_age`` of its own; what one collector is configured with is about delays alone.

    :raises ConfigurationError: it keeps no event's own time.
    """
    kind = type(collector)
    if not collector.keeps_timestamp:
        raise ConfigurationError(
            f"{name} stamps events when they arrive: the whole history would happen today. "
            "Nothing was sent"
        )
    return None if kind.max_age == Collector.max_age else timedelta(seconds=kind.max_age)


def _read(text: str) -> Filter:
    found = parse(text)
    if found.field.startswith("trait."):
        raise QuestionError(
            "filter", "a trait is a person's and changes: use property.NAME or another field"
        )
    return found
