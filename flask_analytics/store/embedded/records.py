"""Events as they came, read back from the columns that they were taken apart into."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from ..sql.engine import Mark, Span
from . import hidden, restore
from .catalog import Catalog
from .faults import TooMuch
from .keys import KINDS, column, quoted
from .row import COLUMNS, LOGICAL
from .view import Source, View

#: Columns that ``row.LOGICAL`` stands for.
_PARTS = ("message_", "view_", "micros")

#: Events that are read at once, about.
PAGE = 20_000

#: Microseconds that the first page spans.
HOUR = 3_600_000_000


def bodies(
    view: View,
    catalog: Catalog,
    span: Span,
    keys: Collection[int] | None,
    newest: int | None = None,
) -> list[bytes]:
    """Events of a span, of some people or of all, by time, then message id.

    :param newest: so many, the newest first; None: all, the oldest first.
    """
    people = "true" if keys is None else f"who IN ({', '.join(map(str, keys))})"
    return _read(view, catalog, span, people, newest)


def marked(view: View, catalog: Catalog, marks: Sequence[Mark]) -> list[bytes]:
    """Events by their marks, which are given by time: one after the other, the newest first."""
    if not marks:
        return []
    times = hidden.numbers({mark.ts for mark in marks})
    # Looked at last: of the few that have one of these times.
    where = f"ts IN ({times}) AND {LOGICAL['message_id']} IN (SELECT unnest($1))"
    span = marks[-1].ts, marks[0].ts + 1
    return _read(view, catalog, span, where, len(marks), [[mark.message_id for mark in marks]])


def _read(
    view: View,
    catalog: Catalog,
    span: Span,
    where: str,
    newest: int | None,
    values: Sequence[Any] = (),
) -> list[bytes]:
    """Each source by itself: whoever sends a property of another name each time would have them
    all be columns of one table, which no memory holds."""
    order = "ts, message_id" if newest is None else f"ts DESC, message_id DESC LIMIT {newest}"
    rows: list[dict[str, Any]] = []
    for source in view.sources(span):
        rows += _rows(view, f"{_part(source, where)} ORDER BY {order}", values)
    rows.sort(key=lambda row: (row["ts"], row["message_id"]), reverse=newest is not None)
    del rows[len(rows) if newest is None else newest :]
    ids = catalog.ids_of(
        {row[name] for row in rows for name in ("who", "anon", "previous")} - {None}
    )
    return [restore.event(row, ids) for row in rows]


def _rows(view: View, sql: str, values: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Rows without the properties that they do not have."""
    cursor = view.execute(sql, list(values))
    names = [name for name, *_ in cursor.description or ()]
    for found in cursor.fetchall():
        yield {
            name: value
            for name, value in zip(names, found, strict=True)
            if value is not None or name[1:2] != ":"
        }


def _part(source: Source, where: str) -> str:
    names = [name for name in COLUMNS if not name.startswith(_PARTS)]
    names += [f"{sql} AS {name}" for name, sql in LOGICAL.items()]
    names += [
        quoted(column(kind, key))
        for key, kinds in source.keys.items()
        for kind in kinds
        if kind in KINDS
    ]
    return (
        f"SELECT {', '.join(names)} FROM {source.sql} WHERE {' AND '.join((*source.where, where))}"
    )


def stream(read: Callable[[Span], list[bytes]], span: Span) -> Iterator[bytes]:
    """The events of a span, by time: in pieces that are as long as there is little in them.

    :param read: the events of a shorter span, in order. A piece that is too much for the memory of
        a question is halved.
    """
    start, length = span[0], HOUR
    while start < span[1]:
        end = min(start + length, span[1])
        try:
            found = read((start, end))
        except TooMuch:
            if length == 1:
                raise
            length = max(min(length, span[1] - start) // 2, 1)
            continue
        yield from found
        start = end
        if len(found) < PAGE // 2:
            length *= 2
        elif len(found) > PAGE * 2:
            length = max(length // 2, 1)


def count(view: View) -> int:
    """All events that are shown."""
    span = bounds(view)
    sources = view.sources(span) if span else []
    counts = (
        f"(SELECT count(*) FROM {source.sql} WHERE {' AND '.join(source.where) or 'true'})"
        for source in sources
    )
    return int(view.rows(f"SELECT {' + '.join(['0', *counts])}", [])[0][0])


def bounds(view: View) -> Span | None:
    """From the first event on to beyond the last; None without any."""
    times = [(segment.first_us, segment.last_us) for segment in view.moment.segments]
    for chunk in view.moment.chunks:
        times += view.rows(f"SELECT min(ts), max(ts) FROM {chunk.table}", [])
    if not times:
        return None
    return min(first for first, _ in times), max(last for _, last in times) + 1
