"""Which events a question counts, and whose they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Protocol

from ...event import Source
from ...metrics import facts
from ...metrics.filters import Filter, Operator, Scope, number
from ...metrics.window import Range
from .echoes import Echoes
from .people import People
from .row import Key, Row


class Asked(Protocol):
    """What nearly every question has."""

    @property
    def range(self) -> Range:
        """When."""

    @property
    def scope(self) -> Scope:
        """Which of the counted events."""


class Selection:
    """The stored events, by time, then message id, and what tells which of them count."""

    def __init__(self, rows: list[Row], people: People, echoes: Echoes) -> None:
        self.rows = rows
        self.people = people
        self._echoes = echoes

    def counted(self, asked: Asked, *names: str | None) -> Iterator[Row]:
        """Counted events in the range: of these names, or of any that is an activity."""
        return self.within(asked.range, self.ever(asked.scope, *names))

    def ever(self, scope: Scope, *names: str | None) -> Iterator[Row]:
        """Counted events of all times."""
        return (row for row in self.rows if _is_named(row, names) and self._is_in(row, scope))

    def whatever(self, scope: Scope) -> Iterator[Row]:
        """Counted events of all times, also of the types that are no activity."""
        return (row for row in self.rows if self._is_in(row, scope))

    def within(self, span: Range, rows: Iterable[Row]) -> Iterator[Row]:
        """Those of a range."""
        start, end = span.start_us, span.end_us
        return (row for row in rows if start <= row.us < end)

    def _is_in(self, row: Row, scope: Scope) -> bool:
        if row.bot and not scope.bots:
            return False
        if scope.source is not None and row.event.source != scope.source:
            return False
        if scope.source != Source.BROWSER and self._echoes.is_counted(row, scope.bots):
            return False
        return self.passes(row, scope.filters)

    def passes(self, row: Row, filters: tuple[Filter, ...]) -> bool:
        """Do all filters hold?"""
        return all(holds(condition, self.value(row, condition.field)) for condition in filters)

    def value(self, row: Row, field: str) -> str | None:
        """The text that any field of the filter language has here."""
        kind, _, name = field.partition(".")
        if kind == "trait":
            return self._trait(row, name)
        value = row.value(field)
        return self._trait(row, facts.GROUP) if value is None and field == "group" else value

    def _trait(self, row: Row, name: str) -> str | None:
        person = self.people.of(row)
        return facts.text(self.people.traits(person).get(name)) if person else None

    def by_person(self, rows: Iterable[Row]) -> dict[Key, list[Row]]:
        """Events of each person, in order; those of nobody are left out."""
        found: dict[Key, list[Row]] = defaultdict(list)
        for row in rows:
            person = self.people.of(row)
            if person is not None:
                found[person].append(row)
        return found


def _is_named(row: Row, names: tuple[str | None, ...]) -> bool:
    if any(names):
        return row.name in names
    return row.event.type not in facts.QUIET


def holds(condition: Filter, value: str | None) -> bool:
    """Whether a value, or none, passes a filter."""
    if condition.operator is Operator.DIFFERS:
        return value != condition.value
    if value is None:
        return False
    if condition.operator is Operator.EQUALS:
        return value == condition.value
    if condition.operator is Operator.CONTAINS:
        return condition.value in value
    mine, other = number(value), number(condition.value)
    if mine is None or other is None:
        return False
    return mine > other if condition.operator is Operator.ABOVE else mine < other
