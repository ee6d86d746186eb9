"""The dashboard's first page in few statements: somebody waits for it in front of an empty page."""

from __future__ import annotations

from ...metrics.summary import Dashboard, Figures, Summary, last
from ...metrics.top import Entry
from ...metrics.window import Range
from .active import people
from .conditions import counted
from .dialect import Query
from .engine import Engine
from .scan import Scan


def dashboard(asked: Dashboard, engine: Engine) -> Summary:
    """The figures, and those of as many days before."""
    now = _figures(asked, asked.range, engine)
    before = _figures(asked, asked.range.before(), engine)
    return Summary(now.total_events, now.dau, now.wau, now.top_events, before)


def _figures(asked: Dashboard, span: Range, engine: Engine) -> Figures:
    total, top = _events(asked, span, engine)
    week, day = people(engine, asked.scope, [last(span, 7), last(span, 1)])
    return Figures(total, day, week, top)


def _events(asked: Dashboard, span: Range, engine: Engine) -> tuple[int, tuple[Entry, ...]]:
    """How many, and the most frequent names: the sum of all names' counts is the whole."""
    query = Query(engine.dialect)
    scan = Scan(engine, query, (span.start_us, span.end_us))
    counted(scan, asked.scope)
    counts = scan.tally(scan.column("name"), "name")
    sql = f"SELECT k, n, sum(n) OVER () AS total FROM ({counts}) ORDER BY n DESC, k"
    rows = engine.rows(f"{sql} LIMIT {max(asked.limit, 1):d}", query.values)
    top = tuple(Entry(key, int(count)) for key, count, _ in rows)[: asked.limit]
    return int(rows[0][2]) if rows else 0, top
