"""Visits: what people do in one go."""

from __future__ import annotations

from collections.abc import Iterator

from ...metrics.latency import nearest_rank
from ...metrics.visits import BOUNCE, GAP, Visits, VisitsAnswer, VisitsPoint
from .counts import bucketed
from .row import Row
from .selection import Selection

SECOND = 1_000_000


def visits(asked: Visits, among: Selection) -> VisitsAnswer:
    """Count them."""
    people = among.by_person(among.counted(asked))
    found = [visit for rows in people.values() for visit in _cut(rows)]
    bounces = sum(map(_is_bounce, found))
    engaged = [seconds for visit in found for seconds in _engaged(visit)]
    lengths = sorted((visit[-1].us - visit[0].us) / SECOND for visit in found)
    return VisitsAnswer(
        visits=len(found),
        people=len(people),
        views=sum(map(_views, found)),
        bounces=bounces,
        bounce_rate=bounces / len(found) if found else 0.0,
        engaged=float(sum(engaged)) if engaged else None,
        median_seconds=nearest_rank(lengths, 0.5),
        series=_series(asked, found) if asked.interval else (),
    )


def _series(asked: Visits, visits: list[list[Row]]) -> tuple[VisitsPoint, ...]:
    """Each visit where it begins."""
    assert asked.interval is not None
    of = {id(visit[0]): visit for visit in visits}
    cells = bucketed(asked.range, asked.interval, (visit[0] for visit in visits))
    points = []
    for time, firsts in cells:
        engaged = [seconds for first in firsts for seconds in _engaged(of[id(first)])]
        points.append(VisitsPoint(time, len(firsts), float(sum(engaged)) if engaged else None))
    return tuple(points)


def _cut(rows: list[Row]) -> Iterator[list[Row]]:
    """One person's events, cut where nothing happened for long enough."""
    visit: list[Row] = []
    for row in rows:
        if visit and row.us - visit[-1].us >= GAP * SECOND:
            yield visit
            visit = []
        visit.append(row)
    yield visit


def _views(visit: list[Row]) -> int:
    return sum(row.is_view for row in visit)


def _engaged(visit: list[Row]) -> list[float]:
    return [row.engaged for row in visit if row.engaged is not None]


def _is_bounce(visit: list[Row]) -> bool:
    # Where no browser tells, the seconds are unknown, not 0: one page view is a bounce by itself.
    engaged = _engaged(visit)
    return _views(visit) == 1 and (not engaged or sum(engaged) < BOUNCE)
