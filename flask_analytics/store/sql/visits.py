"""Visits: a person's events, cut where nothing happens for half an hour."""

from __future__ import annotations

from typing import Any

from ...metrics.visits import BOUNCE, GAP, Visits, VisitsAnswer, VisitsPoint
from .buckets import Buckets
from .conditions import counted
from .dialect import Query
from .engine import Engine
from .scan import Scan
from .zones import SECOND

#: Rows of events -> rows of visits -> one row. ``late`` is where a visit begins; the sum over all
#: that is not later (ties included) numbers a person's visits.
_VISITS = """
WITH steps AS ({steps}),
gaps AS (
  SELECT who, us, is_view, engaged_s,
    CASE WHEN us - before_us < {gap} THEN 0 ELSE 1 END AS late FROM steps
),
numbered AS (
  SELECT who, us, is_view, engaged_s, sum(late) OVER (PARTITION BY who ORDER BY us) AS visit
  FROM gaps
),
visits AS (
  SELECT visit, min(us) AS begins, max(us) - min(us) AS took,
    sum(is_view) AS views, sum(engaged_s) AS engaged_sum
  FROM numbered GROUP BY who, visit
)
SELECT -1 AS k, count(*), sum(engaged_sum), {people}, sum(views), {bounces}, {median} FROM visits
"""

#: And one row more for each cell of time that visits begin in.
_SERIES = """
UNION ALL SELECT {key} AS k, count(*), sum(engaged_sum), 0, 0, 0, 0 FROM visits GROUP BY k
"""


def visits(asked: Visits, engine: Engine) -> VisitsAnswer:
    """Count them."""
    query = Query(engine.dialect)
    scan = Scan(engine, query, (asked.range.start_us, asked.range.end_us))
    counted(scan, asked.scope)
    sql, buckets = _sql(scan), None
    if asked.interval:
        buckets = Buckets(asked.range, asked.interval)
        sql += _SERIES.format(key=buckets.key(engine.dialect, "begins"))
    whole, *cells = sorted(engine.rows(sql, query.values), key=lambda row: int(row[0]))
    _, count, engaged, people, views, bounces, median = whole
    return VisitsAnswer(
        visits=count,
        people=int(people or 0),
        views=int(views or 0),
        bounces=int(bounces or 0),
        bounce_rate=int(bounces or 0) / count if count else 0.0,
        engaged=engaged if count else None,
        median_seconds=median / SECOND if count else None,
        series=_series(buckets, cells) if buckets else (),
    )


def _series(buckets: Buckets, cells: list[tuple[Any, ...]]) -> tuple[VisitsPoint, ...]:
    visits = [0] * len(buckets.labels)
    engaged: list[float | None] = [None] * len(visits)
    for key, count, seconds, *_ in cells:
        place = buckets.place(int(key))
        visits[place] += count
        if seconds is not None:
            engaged[place] = (engaged[place] or 0.0) + seconds
    return tuple(map(VisitsPoint, buckets.labels, visits, engaged))


def _sql(scan: Scan) -> str:
    dialect = scan.dialect
    who, at = scan.column("person"), scan.column("ts")
    scan.where(f"{who} IS NOT NULL")
    view = f"CASE WHEN {scan.column('type')} = 'pageview' THEN 1 ELSE 0 END"
    return _VISITS.format(
        steps=scan.select(
            f"{who} AS who, {at} AS us, {view} AS is_view, {scan.column('engaged')} AS engaged_s, "
            f"{dialect.previous(at, who, at)} AS before_us"
        ),
        gap=GAP * SECOND,
        people=dialect.integer_sum("visit = 1"),  # everybody has a first one
        bounces=dialect.integer_sum(
            f"views = 1 AND (engaged_sum IS NULL OR engaged_sum < {BOUNCE})"
        ),
        median=dialect.nearest_rank("took", 50),
    )
