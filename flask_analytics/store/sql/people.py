"""People: who was active, the last seen first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...metrics.filters import Scope
from ...metrics.person import People, Seen
from ...metrics.window import moment
from .conditions import counted
from .dialect import Query
from .engine import Engine
from .scan import Scan


def people(asked: People, engine: Engine) -> tuple[Seen, ...]:
    """Who was active. Those of one moment are all fetched, as only here their ids are known."""
    query = Query(engine.dialect)
    scan = Scan(engine, query, (asked.range.start_us, asked.range.end_us))
    counted(scan, Scope())
    who, at = scan.column("person"), scan.column("ts")
    scan.where(f"{who} IS NOT NULL")
    if asked.search:
        scan.where(f"{who} IN (SELECT person FROM {engine.found(query, asked.search)})")
    grouped = scan.select(f"{who} AS who, count(*) AS n, max({at}) AS last_at", "GROUP BY who")
    ranked = f"SELECT *, rank() OVER (ORDER BY last_at DESC) AS place FROM ({grouped})"
    sql = f"SELECT who, n, last_at FROM ({ranked}) WHERE place <= {asked.limit:d}"
    rows = engine.rows(sql, query.values)
    ids = engine.ids([person for person, _, _ in rows])
    rows.sort(key=lambda row: (-row[2], ids[row[0]]))
    return tuple(_seen(ids, *row) for row in rows[: asked.limit])


def _seen(ids: Mapping[Any, str], person: Any, count: int, last: int) -> Seen:
    return Seen(ids[person], count, moment(last).isoformat())
