"""Active users: distinct people, and how many were active within a while before each point.

Each (person, piece of time) is taken once. It makes the person active from that piece on for as
many pieces as a point looks back, or until the person's next piece, which takes over: so each
person is counted once at every point, in one pass, however far the points look back.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from ...metrics.active import ActiveAnswer, ActiveUsers
from ...metrics.filters import Scope
from ...metrics.volume import Point
from ...metrics.window import Bucket, Range, following, label, local_day, micros, moment, starts
from .conditions import counted
from .dialect import Query
from .engine import Engine, Numbered, Span
from .scan import Scan
from .zones import HOUR, cell, day_sql, day_start


class _Grid(NamedTuple):
    """Time in pieces, numbered from 0.

    :param start: where the first one begins, in UTC microseconds.
    :param key: SQL of the number of the piece that an event lies in.
    :param width: pieces that a point looks back over, its own included.
    :param ends: for each point the last of its pieces.
    :param first: the piece that the range begins with; None where it begins within one, or before
        them all: then they do not tell the people of the range.
    """

    start: int
    key: str
    width: int
    ends: list[int]
    first: int | None


def active_users(asked: ActiveUsers, engine: Engine) -> ActiveAnswer:
    """Distinct people of the range, and the series."""
    if asked.interval is None:
        return ActiveAnswer(_whole(asked, engine))
    tz, begins = asked.range.tz, starts(asked.range, asked.interval)
    closes = [*begins[1:], following(begins[-1], asked.interval, tz)]
    ends = [micros(close) - 1 for close in closes]
    grid = (_hours if asked.interval is Bucket.HOUR else _days)(asked, engine, ends)
    active_people, active = _counts(asked, engine, grid)
    return ActiveAnswer(
        _whole(asked, engine) if active_people is None else active_people,
        tuple(Point(label(b, tz), active[e]) for b, e in zip(begins, grid.ends, strict=True)),
    )


def people(
    engine: Engine, scope: Scope, spans: Sequence[Range], event: str | None = None
) -> list[int]:
    """Distinct people of each span.

    :param spans: the longest first; all of them end together.
    """
    query = Query(engine.dialect)
    scan = _scan(scope, event, engine, query, (spans[0].start_us, spans[0].end_us))
    counts = [_distinct(scan, span) for span in spans]
    if None in counts:
        return [_grouped(engine, scope, span, event) for span in spans]
    sql = scan.select(", ".join(map(str, counts)))
    return [int(count) for count in engine.rows(sql, query.values)[0]]


def _distinct(scan: Scan, span: Range) -> str | None:
    """SQL of the count, where the engine has any that needs no grouping."""
    if not isinstance(scan.engine, Numbered):
        return None
    later = span.start_us > scan.span[0]
    return scan.engine.people(f"{scan.column('ts')} >= {span.start_us}" if later else "")


def _grouped(engine: Engine, scope: Scope, span: Range, event: str | None) -> int:
    query = Query(engine.dialect)
    scan = _scan(scope, event, engine, query, (span.start_us, span.end_us))
    distinct = scan.select("person", "GROUP BY person")
    return int(engine.rows(f"SELECT count(*) FROM ({distinct})", query.values)[0][0])


def _whole(asked: ActiveUsers, engine: Engine) -> int:
    return people(engine, asked.scope, [asked.range], asked.event)[0]


def _scan(scope: Scope, event: str | None, engine: Engine, query: Query, span: Span) -> Scan:
    scan = Scan(engine, query, span)
    counted(scan, scope, event)
    scan.where(f"{scan.column('person')} IS NOT NULL")
    return scan


def _counts(asked: ActiveUsers, engine: Engine, grid: _Grid) -> tuple[int | None, list[int]]:
    """People of the range, where the pieces tell, and those who are active in each piece."""
    query = Query(engine.dialect)
    scan = _scan(asked.scope, asked.event, engine, query, (grid.start, asked.range.end_us))
    scan.column("ts")
    distinct, changes = None, [0] * (grid.ends[-1] + grid.width + 2)
    for piece, length, count in engine.rows(_sql(scan, grid), query.values):
        if length:
            changes[piece] += count
            changes[piece + length] -= count
        else:
            distinct = int(count)
    return distinct, list(accumulate(changes))


def _sql(scan: Scan, grid: _Grid) -> str:
    """For each piece and number of pieces the people whom it makes active for so long; and those
    of the range, beside a length of 0."""
    pieces = scan.select(f"person AS who, {grid.key} AS piece", "GROUP BY who, piece")
    sql = f"WITH pieces AS ({pieces}) {_lengths(scan, grid)}"
    if grid.first is None:
        return sql
    distinct = f"SELECT who FROM pieces WHERE piece >= {grid.first} GROUP BY who"
    return f"{sql} UNION ALL SELECT 0, 0, count(*) FROM ({distinct})"


def _lengths(scan: Scan, grid: _Grid) -> str:
    if grid.width == 1:
        return "SELECT piece, 1 AS lasts, count(*) FROM pieces GROUP BY piece"
    after = scan.dialect.following("piece", "who", "piece")
    length = f"CASE WHEN gap < {grid.width} THEN gap ELSE {grid.width} END"
    return (
        f"SELECT piece, {length} AS lasts, count(*) "
        f"FROM (SELECT piece, {after} - piece AS gap FROM pieces) GROUP BY piece, lasts"
    )


def _days(asked: ActiveUsers, engine: Engine, ends: list[int]) -> _Grid:
    tz, at = asked.range.tz, asked.range.start_us
    days = [local_day(moment(end), tz) for end in ends]
    first = days[0] - asked.rolling + 1
    start, today = day_start(first, tz), local_day(moment(at), tz)
    whole = at == day_start(today, tz) and start <= at
    return _Grid(
        start,
        f"{day_sql(engine.dialect, 'ts', (start, asked.range.end_us), asked.range.zone)} - {first}",
        asked.rolling,
        [day - first for day in days],
        today - first if whole else None,
    )


def _hours(asked: ActiveUsers, engine: Engine, ends: list[int]) -> _Grid:
    start = ends[0] + 1 - 24 * HOUR * asked.rolling
    size = cell((start, ends[-1] + 1), asked.range.zone)
    pieces, rest = divmod(asked.range.start_us - start, size)
    return _Grid(
        start,
        engine.dialect.divide(f"ts - {start}", size),
        24 * asked.rolling * (HOUR // size),
        [(end - start) // size for end in ends],
        None if rest else pieces,
    )
