"""Answers that count events: volume, top lists, revenue, latency."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from decimal import Decimal

from ...event import Source
from ...metrics import facts
from ...metrics.latency import Latency, RouteLatency, nearest_rank
from ...metrics.revenue import Revenues, Sum, total
from ...metrics.top import Breakdown, Entry, Slice, TopEvents, TopProperties
from ...metrics.volume import Point, Volume
from ...metrics.window import label, micros, starts
from .row import Row
from .selection import Selection


def volume(asked: Volume, among: Selection) -> tuple[Point, ...]:
    """Events in each bucket."""
    begins = starts(asked.range, asked.bucket)
    edges = [micros(begin) for begin in begins]
    counts = [0] * len(edges)
    for row in among.counted(asked, asked.event):
        counts[bisect_right(edges, row.us) - 1] += 1
    tz = asked.range.tz
    return tuple(Point(label(begin, tz), n) for begin, n in zip(begins, counts, strict=True))


def top_events(asked: TopEvents, among: Selection) -> tuple[Entry, ...]:
    """Names and their events."""
    return _largest(Counter(row.name for row in among.counted(asked)), asked.limit)


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
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    for row in among.counted(asked, asked.event):
        if row.event.revenue:
            amounts[row.event.revenue.currency].append(row.event.revenue.amount)
    return tuple(Sum(code, total(code, of), len(of)) for code, of in sorted(amounts.items()))


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
