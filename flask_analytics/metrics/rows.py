"""An answer as a table: for CSV, terminals and data frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from ..event import Event
from .active import ActiveAnswer
from .funnel import FunnelAnswer, StepCount
from .latency import RouteLatency
from .person import Person, Seen
from .retention import RetentionAnswer, Returned
from .revenue import Amount, Sum
from .summary import Summary
from .top import Entry, Slice
from .visits import VisitsAnswer
from .volume import Point


class Table(NamedTuple):
    """Names of columns, and rows of cells: text, numbers, Decimals, None; lists and objects in
    the traits and events of a person."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


#: The row of each kind of question whose answer is a tuple of them.
ROWS: Mapping[str, type[msgspec.Struct]] = {
    "volume": Point,
    "top": Entry,
    "breakdown": Slice,
    "revenue": Sum,
    "latency": RouteLatency,
    "people": Seen,
}


def table(answer: Any, kind: str | None = None) -> Table:
    """The rows of an answer.

    :param kind: a key of ``kinds.KINDS``: an empty answer alone would have no columns.
    """
    if isinstance(answer, tuple):
        if answer and isinstance(answer[0], Sum) and answer[0].series:
            return _revenue(answer)
        return _rows(answer, None if kind is None else ROWS.get(kind))
    return _SPECIAL[type(answer)](answer)


def _rows(answer: tuple[Any, ...], row: type[msgspec.Struct] | None) -> Table:
    first = answer[0] if answer else None
    if first is not None:
        row = type(first) if isinstance(first, msgspec.Struct) else None
    if row is not None:
        names = tuple(_told(row, answer))
        return Table(names, [tuple(getattr(one, name) for name in names) for one in answer])
    columns = event_columns()
    return Table(columns, [tuple(event.get(name) for name in columns) for event in answer])


def _told(row: type[msgspec.Struct], answer: tuple[Any, ...]) -> Iterator[str]:
    """The fields that any of the rows tells: some have a value only where it was asked for."""
    for field in msgspec.structs.fields(row):
        if field.required or any(getattr(one, field.name) != field.default for one in answer):
            yield field.name


def _revenue(answer: tuple[Sum, ...]) -> Table:
    columns = ("currency", *Amount.__struct_fields__)
    return Table(columns, [(one.currency, *msgspec.structs.astuple(of))
                           for one in answer for of in one.series])  # fmt: skip


def event_columns() -> tuple[str, ...]:
    """Wire names of an event, the client's address left out: stores do not keep it."""
    return tuple(
        name for name in Event.__struct_encode_fields__ if name != "client_ip"
    )  # fmt: skip


def _funnel(answer: FunnelAnswer) -> Table:
    columns = ("step", *StepCount.__struct_fields__)
    total = list(_steps(answer.steps))
    if not answer.groups:
        return Table(columns, total)
    rows: list[tuple[Any, ...]] = [(None, *row) for row in total]
    rows += [(group.key, *row) for group in answer.groups for row in _steps(group.steps)]
    return Table(("group", *columns), rows)


def _steps(steps: Iterable[StepCount]) -> Iterator[tuple[Any, ...]]:
    for place, step in enumerate(steps, 1):
        yield place, *msgspec.structs.astuple(step)


def _retention(answer: RetentionAnswer) -> Table:
    rows = [*_returned(None, answer.size, answer.returned)]
    for cohort in answer.cohorts:
        rows += _returned(cohort.time, cohort.size, cohort.returned)
    return Table(("cohort", "size", "offset", "returned", "partial"), rows)


def _returned(
    time: str | None, size: int, returned: Iterable[Returned]
) -> Iterator[tuple[Any, ...]]:
    for one in returned:
        yield time, size, one.offset, one.returned, one.partial


def _active(answer: ActiveAnswer) -> Table:
    if answer.series:
        return _rows(answer.series, Point)
    return Table(("people",), [(answer.people,)])


def _visits(answer: VisitsAnswer) -> Table:
    return _rows(answer.series or (answer,), None)


def _dashboard(answer: Summary) -> Table:
    before = answer.previous
    rows: list[tuple[Any, ...]] = [
        (name, None, getattr(answer, name), getattr(before, name))
        for name in ("total_events", "dau", "wau")
    ]
    earlier = {entry.key: entry.count for entry in before.top_events}
    rows += [
        ("top_events", entry.key, entry.count, earlier.get(entry.key))
        for entry in answer.top_events
    ]
    return Table(("figure", "key", "value", "previous"), rows)


def _person(answer: Person) -> Table:
    return Table(
        ("id", "trait", "value"), [(answer.id, *pair) for pair in sorted(answer.traits.items())]
    )


_SPECIAL: Mapping[type, Callable[[Any], Table]] = {
    FunnelAnswer: _funnel,
    RetentionAnswer: _retention,
    ActiveAnswer: _active,
    VisitsAnswer: _visits,
    Summary: _dashboard,
    Person: _person,
}
