"""Answers that count events: volume, top lists, revenue, latency."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal

from ...event import Source
from ...metrics import facts
from ...metrics.latency import Latency, RouteLatency, nearest_rank
from ...metrics.revenue import Amount, Revenues, Sum, total
from ...metrics.top import Breakdown, Entry, Slice, TopEvents, TopProperties
from ...metrics.volume import Point, Volume
from ...metrics.window import Bucket, Range, label, micros, starts
from .row import Row
from .selection import Selection


def volume(asked: Volume, among: Selection) -> tuple[Point, ...]:
    """Events in each bucket."""
    rows = among.counted(asked, asked.event)
    return tuple(Point(time, len(of)) for time, of in bucketed(asked.range, asked.bucket, rows))


def bucketed(span: Range, bucket: Bucket, rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    """Each bucket of a range, by when it starts, and the rows in it."""
    begins = starts(span, bucket)
    edges = [micros(begin) for begin in begins]
    found: list[list[Row]] = [[] for _ in edges]
    for row in rows:
        found[bisect_right(edges, row.us) - 1].append(row)
    return [(label(begin, span.tz), of) for begin, of in zip(begins, found, strict=True)]


def top_events(asked: TopEvents, among: Selection) -> tuple[Entry, ...]:
    """Names and their events; their people, where they are asked for."""
    rows = list(among.counted(asked))
    found = _largest(Counter(row.name for row in rows), asked.limit)
    if not asked.people:
        return found
    people: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        people[row.name].append(row)
    return tuple(Entry(it.key, it.count, len(among.by_person(people[it.key]))) for it in found)


def top_properties(asked: TopProperties, among: Selection) -> tuple[Entry, ...]:
    """Values of one property and their events."""
    rows = among.counted(asked, asked.event)
    values = (facts.text(row.event.properties.get(asked.property)) for row in rows)
    return _largest(Counter(value for value in values if value is not None), asked.limit)


def _largest(counts: Counter[str], limit: int) -> tuple[Entry, ...]:
    found = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Entry(key, count) for key, count in found[:limit])


def breakdown(asked: Breakdown, among: Selection) -> tuple[Slice, ...]:
    """Page views, or events of a name, by what they tell, with their people."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in among.counted(asked, asked.event):
        value = among.value(row, asked.dimension)
        if value is not None and (asked.event or row.is_view):
            rows[value].append(row)
    slices = [Slice(key, len(of), len(among.by_person(of))) for key, of in rows.items()]
    return tuple(sorted(slices, key=lambda slice: (-slice.count, slice.key))[: asked.limit])


def revenues(asked: Revenues, among: Selection) -> tuple[Sum, ...]:
    """Exact sums, each currency apart."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in among.counted(asked, asked.event):
        if row.event.revenue:
            rows[row.event.revenue.currency].append(row)
    return tuple(_sum(asked, code, of) for code, of in sorted(rows.items()))


def _sum(asked: Revenues, code: str, rows: list[Row]) -> Sum:
    cells = bucketed(asked.range, asked.interval, rows) if asked.interval else []
    series = tuple(Amount(time, _total(code, of), len(of)) for time, of in cells)
    return Sum(code, _total(code, rows), len(rows), series)


def _total(code: str, rows: list[Row]) -> Decimal:
    return total(code, (row.event.revenue.amount for row in rows if row.event.revenue))


def latency(asked: Latency, among: Selection) -> tuple[RouteLatency, ...]:
    """How fast and how often in vain the server answered, by route."""
    routes: dict[str | None, list[Row]] = defaultdict(list)
    for row in among.counted(asked):
        if row.event.source == Source.SERVER and row.event.status_code is not None:
            routes[row.value("route")].append(row)
    found = [_route(route, rows) for route, rows in routes.items()]
    found.sort(key=lambda it: (-it.count, it.route is not None, it.route or ""))
    return tuple(found[: asked.limit])


def _route(route: str | None, rows: list[Row]) -> RouteLatency:
    errors = sum((row.event.status_code or 0) >= 500 for row in rows)
    took = sorted(row.event.duration for row in rows if row.event.duration is not None)
    p50, p95 = nearest_rank(took, 0.5), nearest_rank(took, 0.95)
    return RouteLatency(route, len(rows), errors, errors / len(rows), p50, p95)
