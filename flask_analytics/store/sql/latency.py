"""Latency and errors by route."""

from __future__ import annotations

from ...metrics.latency import Latency, RouteLatency
from .conditions import counted
from .dialect import Query
from .engine import Engine
from .scan import Scan


def latency(asked: Latency, engine: Engine) -> tuple[RouteLatency, ...]:
    """How fast and how often in vain the server answered."""
    query = Query(engine.dialect)
    scan = Scan(engine, query, (asked.range.start_us, asked.range.end_us))
    counted(scan, asked.scope)
    status, route, took = (scan.column(name) for name in ("status", "route", "duration"))
    scan.where(f"{scan.column('source')} = 'server'", f"{status} IS NOT NULL")
    ranks = ", ".join(engine.dialect.nearest_rank(took, percent) for percent in (50, 95))
    errors = engine.dialect.integer_sum(f"{status} >= 500")
    sql = scan.select(
        f"{route} AS k, count(*) AS n, {errors}, {ranks}",
        f"GROUP BY k ORDER BY n DESC, k NULLS FIRST LIMIT {asked.limit:d}",
    )
    return tuple(
        RouteLatency(route, count, int(errors), int(errors) / count, p50, p95)
        for route, count, errors, p50, p95 in engine.rows(sql, query.values)
    )
