"""Volume and revenue: events, and money, added up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from ...metrics.revenue import Amount, Revenues, Sum, total
from ...metrics.volume import Point, Volume
from .buckets import Buckets
from .conditions import counted
from .dialect import Query
from .engine import Engine
from .scan import Scan


def volume(asked: Volume, engine: Engine) -> tuple[Point, ...]:
    """Counts by cells of time, put into buckets here."""
    buckets = Buckets(asked.range, asked.bucket)
    query = Query(engine.dialect)
    scan = Scan(engine, query, (asked.range.start_us, asked.range.end_us))
    counted(scan, asked.scope, asked.event)
    sql = scan.tally(buckets.key(engine.dialect, scan.column("ts")), buckets.hour_key)
    counts = [0] * len(buckets.labels)
    for key, count in engine.rows(sql, query.values):
        counts[buckets.place(key)] += int(count)
    return tuple(map(Point, buckets.labels, counts))


#: The bucket of a row, its sums whose total is the amount, its events.
_Part = tuple[int, list[Decimal], int]


def revenues(asked: Revenues, engine: Engine) -> tuple[Sum, ...]:
    """Exact sums, each currency apart."""
    buckets = Buckets(asked.range, asked.interval) if asked.interval else None
    query = Query(engine.dialect)
    scan = Scan(engine, query, (asked.range.start_us, asked.range.end_us))
    counted(scan, asked.scope, asked.event)
    amount, currency = scan.column("amount"), scan.column("currency")
    scan.where(f"{amount} IS NOT NULL")
    sums = ", ".join(engine.dialect.exact_sum(amount))
    what, grouped = f"{currency}, count(*), {sums}", currency
    if buckets:
        what, grouped = f"{what}, {buckets.key(engine.dialect, scan.column('ts'))} AS k", "1, k"
    found: dict[str, list[_Part]] = defaultdict(list)
    for code, count, *parts in engine.rows(scan.select(what, f"GROUP BY {grouped}"), query.values):
        place = buckets.place(parts.pop()) if buckets else 0
        found[code].append((place, list(map(Decimal, parts)), count))
    labels = buckets.labels if buckets else ()
    return tuple(_sum(code, found[code], labels) for code in sorted(found))


def _sum(code: str, parts: list[_Part], labels: Sequence[str]) -> Sum:
    amounts = [one for _, sums, _ in parts for one in sums]
    cells: list[list[_Part]] = [[] for _ in labels]
    for part in parts if labels else ():
        cells[part[0]].append(part)
    series = tuple(_amount(code, time, of) for time, of in zip(labels, cells, strict=True))
    return Sum(code, total(code, amounts), sum(count for *_, count in parts), series)


def _amount(code: str, time: str, parts: list[_Part]) -> Amount:
    amounts = [one for _, sums, _ in parts for one in sums]
    return Amount(time, total(code, amounts), sum(count for *_, count in parts))
