"""Active users: distinct people, and how many were active within a while before each point.

Each (person, piece of time) is taken once. It makes the person active from that piece on for as
many pieces as a point looks back, or until the person's next piece, which takes over: so each
person is counted once at every point, in one pass, however far the points look back.
"""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from ...metrics.active import ActiveAnswer, ActiveUsers
from ...metrics.volume import Point
from ...metrics.window import Bucket, following, label, local_day, micros, moment, starts
from .conditions import counted
from .dialect import Query
from .engine import Engine
from .scan import Scan
from .zones import HOUR, cell, day_sql, day_start


def active_users(asked: ActiveUsers, engine: Engine) -> ActiveAnswer:
    """Distinct people of the range, and the series."""
    series = () if asked.interval is None else _series(asked, engine)
    return ActiveAnswer(_people(asked, engine), series)


def _scan(asked: ActiveUsers, engine: Engine, query: Query, start: int) -> Scan:
    scan = Scan(engine, query, (start, asked.range.end_us))
    counted(scan, asked.scope, asked.event)
    scan.where(f"{scan.column('person')} IS NOT NULL")
    return scan


def _people(asked: ActiveUsers, engine: Engine) -> int:
    query = Query(engine.dialect)
    scan = _scan(asked, engine, query, asked.range.start_us)
    distinct = scan.select("person", "GROUP BY person")
    return int(engine.rows(f"SELECT count(*) FROM ({distinct})", query.values)[0][0])


class _Grid(NamedTuple):
    """Time in pieces: ``key`` is the number of an event's piece, an event from ``start`` on has
    0 at least; a point looks back over ``width`` pieces up to the one in ``ends``."""

    start: int
    key: str
    width: int
    ends: list[int]


def _series(asked: ActiveUsers, engine: Engine) -> tuple[Point, ...]:
    assert asked.interval is not None
    tz, begins = asked.range.tz, starts(asked.range, asked.interval)
    closes = [*begins[1:], following(begins[-1], asked.interval, tz)]
    ends = [micros(close) - 1 for close in closes]
    grid = (_hours if asked.interval is Bucket.HOUR else _days)(asked, engine, ends)
    query = Query(engine.dialect)
    scan = _scan(asked, engine, query, grid.start)
    scan.column("ts")
    changes = [0] * (grid.ends[-1] + grid.width + 2)
    for piece, length, people in engine.rows(_lengths(scan, grid), query.values):
        changes[piece] += people
        changes[piece + length] -= people
    active = list(accumulate(changes))
    return tuple(
        Point(label(begin, tz), active[end]) for begin, end in zip(begins, grid.ends, strict=True)
    )


def _lengths(scan: Scan, grid: _Grid) -> str:
    """For each piece and number of pieces: people whom it makes active for so long."""
    pieces = scan.select(f"person AS who, {grid.key} AS piece", "GROUP BY who, piece")
    if grid.width == 1:
        return f"SELECT piece, 1, count(*) FROM ({pieces}) GROUP BY piece"
    after = scan.dialect.following("piece", "who", "piece")
    spans = f"SELECT piece, {after} - piece AS gap FROM ({pieces})"
    length = f"CASE WHEN gap < {grid.width} THEN gap ELSE {grid.width} END"
    return f"SELECT piece, {length} AS lasts, count(*) FROM ({spans}) GROUP BY piece, lasts"


def _days(asked: ActiveUsers, engine: Engine, ends: list[int]) -> _Grid:
    tz, zone = asked.range.tz, asked.range.zone
    days = [local_day(moment(end), tz) for end in ends]
    first = days[0] - asked.rolling + 1
    start = day_start(first, tz)
    key = day_sql(engine.dialect, "ts", (start, asked.range.end_us), zone)
    return _Grid(start, f"{key} - {first}", asked.rolling, [day - first for day in days])


def _hours(asked: ActiveUsers, engine: Engine, ends: list[int]) -> _Grid:
    start = ends[0] + 1 - 24 * HOUR * asked.rolling
    size = cell((start, ends[-1] + 1), asked.range.zone)
    key = engine.dialect.divide(f"ts - {start}", size)
    width = 24 * asked.rolling * (HOUR // size)
    return _Grid(start, key, width, [(end - start) // size for end in ends])
