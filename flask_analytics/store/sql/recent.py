"""The newest events: which they are. A store reads those whole that are in the answer, no others.

That takes two looks at a few columns. The first finds how far back the answer goes by times alone;
the second puts message ids together, which are long, only of what is not older.
"""

from __future__ import annotations

from typing import Any

from ...metrics import facts
from ...metrics.recent import Recent
from .conditions import counted
from .dialect import Query
from .engine import Engine, Mark
from .scan import Scan


def newest(asked: Recent, engine: Engine) -> list[Mark]:
    """The marks of the answer, in its order."""
    times = _rows(asked, engine, asked.range.start_us, "ts", "ts DESC")
    if not times:
        return []
    found = _rows(asked, engine, times[-1][0], "ts, message_id", "ts DESC, message_id DESC")
    return [Mark(ts, message) for ts, message in found]


def _rows(
    asked: Recent, engine: Engine, start: int, columns: str, order: str
) -> list[tuple[Any, ...]]:
    query = Query(engine.dialect)
    scan = Scan(engine, query, (start, asked.range.end_us))
    counted(scan, asked.scope, asked.event, quiet=True)
    if asked.like:
        scan.where(f"{scan.column('name')} IN ({_names(scan, asked.like)})")
    for column in columns.split(", "):
        scan.column(column)
    sql = scan.select(columns, f"ORDER BY {order} LIMIT {asked.limit:d}")
    return engine.rows(sql, query.values)


def _names(scan: Scan, part: str) -> str:
    """The names that have a part in them: looked for in each name once, not in each event."""
    every = Scan(scan.engine, scan.query, scan.span)
    names = every.tally(every.column("name"), "name")
    found = scan.dialect.contains(scan.dialect.folded("k"), scan.query.value(facts.folded(part)))
    return f"SELECT k FROM ({names}) WHERE {found}"
