"""Volume and revenue: events, and money, added up."""

from __future__ import annotations

from bisect import bisect_right
from decimal import Decimal

from ...metrics.revenue import Revenues, Sum, total
from ...metrics.volume import Point, Volume
from ...metrics.window import label, micros, starts
from .conditions import counted
from .dialect import Query
from .engine import Engine
from .scan import Scan
from .zones import HOUR, cell


def volume(asked: Volume, engine: Engine) -> tuple[Point, ...]:
    """Counts by cells of time that no local hour crosses, put into buckets here."""
    begins = starts(asked.range, asked.bucket)
    query = Query(engine.dialect)
    scan = Scan(engine, query, (asked.range.start_us, asked.range.end_us))
    counted(scan, asked.scope, asked.event)
    size = cell(scan.span, asked.range.zone)
    base = scan.span[0] // HOUR
    key = engine.dialect.divide(f"{scan.column('ts')} - {base * HOUR}", size)
    sql = scan.tally(key, f"hour - {base}" if size == HOUR else None)
    edges = [micros(begin) for begin in begins]
    counts = [0] * len(edges)
    for number, count in engine.rows(sql, query.values):
        counts[max(bisect_right(edges, base * HOUR + number * size) - 1, 0)] += int(count)
    return tuple(
        Point(label(begin, asked.range.tz), count)
        for begin, count in zip(begins, counts, strict=True)
    )


def revenues(asked: Revenues, engine: Engine) -> tuple[Sum, ...]:
    """Exact sums, each currency apart."""
    query = Query(engine.dialect)
    scan = Scan(engine, query, (asked.range.start_us, asked.range.end_us))
    counted(scan, asked.scope, asked.event)
    amount, currency = scan.column("amount"), scan.column("currency")
    scan.where(f"{amount} IS NOT NULL")
    sums = ", ".join(engine.dialect.exact_sum(amount))
    sql = scan.select(f"{currency}, count(*), {sums}", f"GROUP BY {currency}")
    rows = engine.rows(sql, query.values)
    return tuple(
        Sum(code, total(code, map(Decimal, parts)), count) for code, count, *parts in sorted(rows)
    )
