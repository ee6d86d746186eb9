"""Top lists: names, values of a property, page views by what they tell."""

from __future__ import annotations

from ...metrics.top import Breakdown, Dimension, Entry, Slice, TopEvents, TopProperties
from .conditions import counted, value_of
from .dialect import Query
from .engine import Engine
from .scan import Scan

#: Dimensions that are called otherwise as a filter's field.
FIELDS = {Dimension.PAGE: "path"}


def top_events(asked: TopEvents, engine: Engine) -> tuple[Entry, ...]:
    """Names and their events; their people, where they are asked for."""
    query = Query(engine.dialect)
    scan = Scan(engine, query, (asked.range.start_us, asked.range.end_us))
    counted(scan, asked.scope)
    name = scan.column("name")
    sql = _with_people(scan, name) if asked.people else scan.tally(name, "name")
    rows = engine.rows(f"{sql} ORDER BY n DESC, k LIMIT {asked.limit:d}", query.values)
    return tuple(Entry(key, int(count), *people) for key, count, *people in rows)


def _with_people(scan: Scan, key: str) -> str:
    """A SELECT of keys, their events and their people: counted once by grouping twice."""
    what = f"{key} AS k, {scan.column('person')} AS who, count(*) AS c"
    inner = scan.select(what, "GROUP BY k, who")
    return f"SELECT k, sum(c) AS n, count(who) FROM ({inner}) GROUP BY k"


def top_properties(asked: TopProperties, engine: Engine) -> tuple[Entry, ...]:
    """Values of one property and their events."""
    query = Query(engine.dialect)
    scan = Scan(engine, query, (asked.range.start_us, asked.range.end_us))
    counted(scan, asked.scope, asked.event)
    value = scan.text(asked.property)
    # To sort out the one row of those that have none is cheaper than to look at each event.
    ranked = f"GROUP BY k ORDER BY n DESC, k LIMIT {asked.limit + 1:d}"
    rows = engine.rows(scan.select(f"{value} AS k, count(*) AS n", ranked), query.values)
    return tuple(Entry(*row) for row in rows if row[0] is not None)[: asked.limit]


def breakdown(asked: Breakdown, engine: Engine) -> tuple[Slice, ...]:
    """Page views, or events of a name, with their people."""
    query = Query(engine.dialect)
    scan = Scan(engine, query, (asked.range.start_us, asked.range.end_us))
    counted(scan, asked.scope, asked.event)
    if not asked.event:
        scan.where(f"{scan.column('type')} = 'pageview'")
    value = value_of(scan, FIELDS.get(asked.dimension, asked.dimension))
    scan.where(f"{value} IS NOT NULL")
    sql = f"{_with_people(scan, value)} ORDER BY n DESC, k LIMIT {asked.limit:d}"
    rows = engine.rows(sql, query.values)
    return tuple(Slice(key, int(count), people) for key, count, people in rows)
