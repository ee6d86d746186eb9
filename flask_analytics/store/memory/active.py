"""Active users: distinct people, and how many of them at each point."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta

from ...metrics.active import ActiveAnswer, ActiveUsers
from ...metrics.volume import Point
from ...metrics.window import Bucket, following, label, micros, midnight, starts
from .row import Row
from .selection import Selection


def active_users(asked: ActiveUsers, among: Selection) -> ActiveAnswer:
    """The people of the range, and the series."""
    people = len(among.by_person(among.counted(asked, asked.event)))
    return ActiveAnswer(people, _series(asked, among) if asked.interval else ())


def _series(asked: ActiveUsers, among: Selection) -> tuple[Point, ...]:
    assert asked.interval is not None
    tz = asked.range.tz
    begins = starts(asked.range, asked.interval)
    ends = [following(begin, asked.interval, tz) for begin in begins]
    since = [micros(_back(end, asked)) for end in ends]
    until = [min(micros(end), asked.range.end_us) for end in ends]
    counts = [0] * len(begins)
    for rows in among.by_person(among.ever(asked.scope, asked.event)).values():
        for number in _points(rows, since, until):
            counts[number] += 1
    return tuple(Point(label(begin, tz), n) for begin, n in zip(begins, counts, strict=True))


def _back(end: datetime, asked: ActiveUsers) -> datetime:
    """When the days begin that a point looks back on."""
    if asked.interval is Bucket.HOUR:
        return end - timedelta(hours=24 * asked.rolling)
    return midnight(asked.range.local(end).date() - timedelta(asked.rolling), asked.range.tz)


def _points(rows: Iterable[Row], since: list[int], until: list[int]) -> set[int]:
    """The points that one person counts for: ``since[n] <= time < until[n]``."""
    found: set[int] = set()
    done = 0  # times and points are in order: no point is looked at twice
    for row in rows:
        first, beyond = bisect_right(until, row.us), bisect_right(since, row.us)
        found.update(range(max(first, done), beyond))
        done = max(done, beyond)
    return found
