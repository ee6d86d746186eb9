"""Retention: people by the period that they first came in, and the later ones they came in too."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ...metrics.retention import Cohort, Retention, RetentionAnswer, Returned
from ...metrics.window import Bucket, label, micros, starts
from .conditions import counted
from .dialect import Query
from .engine import BEGINNING, Engine
from .periods import period_of, period_sql, period_start
from .scan import Scan

#: ``born``: the period of a person's first event; ``later``: periods after it, 0 for all of them.
_RETURNS = """
WITH cohort AS ({cohort})
SELECT born, 0 AS later, count(*) FROM cohort GROUP BY born
UNION ALL
SELECT born, later, count(*) FROM (
  SELECT cohort.who AS w, born, period - born AS later
  FROM ({active}) AS active JOIN cohort ON active.who = cohort.who
  WHERE period - born IN ({offsets}) GROUP BY w, born, later
) GROUP BY born, later
"""


def retention(asked: Retention, engine: Engine) -> RetentionAnswer:
    """The whole cohort, and each period's."""
    query = Query(engine.dialect)
    rows = engine.rows(_sql(asked, engine, query), query.values)
    table = {(int(born), int(later)): int(people) for born, later, people in rows}
    overall: Counter[int] = Counter()
    for (_, later), people in table.items():
        overall[later] += people
    cohorts = tuple(_cohorts(asked, table)) if asked.grid else ()
    return RetentionAnswer(overall[0], _returned(asked, _last(asked), overall), cohorts)


def _last(asked: Retention) -> int:
    return period_of(asked.range.end_us - 1, asked.range.tz, asked.period)


def _cohorts(asked: Retention, table: dict[tuple[int, int], int]) -> Any:
    tz = asked.range.tz
    for begin in starts(asked.range, Bucket(asked.period)):
        # A moment inside: local midnight may not exist.
        born = period_of(micros(begin), tz, asked.period)
        counts = {offset: table.get((born, offset), 0) for offset in (0, *asked.offsets)}
        yield Cohort(label(begin, tz), counts[0], _returned(asked, born, counts))


def _returned(asked: Retention, born: int, counts: Any) -> tuple[Returned, ...]:
    tz, period = asked.range.tz, asked.period
    return tuple(
        Returned(offset, counts[offset], period_start(born + offset + 1, tz, period) > asked.now)
        for offset in asked.offsets
    )


def _sql(asked: Retention, engine: Engine, query: Query) -> str:
    cohort = _cohort(asked, engine, query)
    offsets = [offset for offset in dict.fromkeys(asked.offsets) if offset > 0]
    if not offsets:
        return f"SELECT born, 0, count(*) FROM ({cohort}) GROUP BY born"
    active = _active(asked, engine, query, max(offsets))
    return _RETURNS.format(cohort=cohort, active=active, offsets=", ".join(map(str, offsets)))


def _cohort(asked: Retention, engine: Engine, query: Query) -> str:
    """Whose first counted event ever lies in the range."""
    scan = Scan(engine, query, (BEGINNING, asked.range.end_us))
    counted(scan, asked.scope, asked.start_event)
    who, at = scan.column("person"), scan.column("ts")
    scan.where(f"{who} IS NOT NULL")
    firsts = scan.select(
        f"{who} AS who, min({at}) AS first_at",
        f"GROUP BY who HAVING first_at >= {asked.range.start_us}",
    )
    span = (asked.range.start_us, asked.range.end_us)
    born = period_sql(engine.dialect, "first_at", span, asked.range.zone, asked.period)
    return f"SELECT who, {born} AS born FROM ({firsts})"


def _active(asked: Retention, engine: Engine, query: Query, furthest: int) -> str:
    """Who came when, from the range to the last period that anybody may return in."""
    end = period_start(_last(asked) + furthest + 1, asked.range.tz, asked.period)
    scan = Scan(engine, query, (asked.range.start_us, end))
    counted(scan, asked.scope, asked.return_event)
    who, at = scan.column("person"), scan.column("ts")
    scan.where(f"{who} IS NOT NULL")
    period = period_sql(engine.dialect, at, scan.span, asked.range.zone, asked.period)
    return scan.select(f"{who} AS who, {period} AS period")
