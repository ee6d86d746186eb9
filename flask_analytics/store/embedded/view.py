"""The events of one moment as SQL: ``store.sql`` asks, this says where they are.

Each segment that overlaps a span is read for the columns that are asked for, and no others. Files
that keep those columns the same way are read together; where all of a file lies inside the span,
its times are not looked at.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ...metrics import facts
from ..sql.counting import counting, needed
from ..sql.dialect import Query
from ..sql.duckdb import DuckDB
from ..sql.engine import Columns, Folded, Passage, Span
from . import aside, funnel
from .catalog import Catalog
from .columns import listed, nothing
from .deadline import Deadline
from .loaded import Moment
from .snapshot import Segment

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HOUR = 3_600_000_000

#: People up to which each has a bit of a megabyte, or eight; and how many more than are known now
#: may have come by the time that a question runs.
MANY, SPARE = 64_000_000, 1_000_000

#: What a user agent tells: hot rows do not have it yet.
AGENT = ("browser", "os", "device")

#: What files of hours are counted by, and the columns it takes to do so.
COUNTED = "name, type, source, bot, echo"
HOURLY = Columns(frozenset({"ts", *COUNTED.split(", ")}))


class Source(NamedTuple):
    """Something with the columns of a segment.

    :param sql: what goes after FROM.
    :param where: conditions on its rows.
    :param keys: how properties are kept in it, see ``Segment.keys``.
    :param is_late: some of its echoes were known late: they are in ``Moment.echoes``.
    :param has_aside: see ``Segment.has_aside``.
    """

    sql: str
    where: tuple[str, ...]
    keys: Mapping[str, str]
    is_late: bool = False
    has_aside: bool = False


class View:
    """One moment of the store, for one question.

    :param cursor: in a transaction that sees the moment's tables.
    :param uncounted: counts by the hour that are not to be read.
    """

    def __init__(
        self,
        catalog: Catalog,
        moment: Moment,
        cursor: DuckDBPyConnection,
        deadline: Deadline,
        uncounted: frozenset[str] = frozenset(),
    ) -> None:
        self.dialect = DuckDB()
        self.moment, self.deadline = moment, deadline
        self._catalog, self._cursor, self._uncounted = catalog, cursor, uncounted
        self._late = sorted(moment.late_echo)
        self._tables = 0

    def rows(self, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
        """Run a statement."""
        return self.execute(sql, values).fetchall()

    def execute(self, sql: str, values: list[Any]) -> DuckDBPyConnection:
        """Run a statement whose rows the caller fetches."""
        self.deadline.check()
        return self._cursor.execute(sql, values)

    # -- events

    def relation(self, query: Query, span: Span, columns: Columns) -> str:
        """The events of a span."""
        columns = _with_groups(columns)
        return self._events(query, self._sources(span, columns), columns)

    def counted(self, query: Query, span: Span, columns: Columns, quiet: bool) -> str:
        """The events of a span that count."""
        columns = _with_groups(columns)
        return self._events(query, self._sources(span, columns), columns, quiet)

    def _sources(self, span: Span, columns: Columns) -> list[Source]:
        names = [each.name for each in columns.properties]
        names = [each.name for each in columns.properties]
        hot: Iterable[Source] = self._hot(span)
        if not columns.names.isdisjoint(AGENT):
            hot = map(self._with_agents, hot)
        return [*self._segments(span, names), *hot]

    def sources(self, span: Span) -> list[Source]:
        """Where the events of a span are; all columns of one source are those of its ``keys``."""
        names = {name for segment in self._overlapping(span) for name in segment.keys}
        found = [*self._segments(span, sorted(names)), *self._hot(span)]
        shown = self.moment.hidden.shown
        return [source._replace(where=(*source.where, *shown)) for source in found]

    def hours(self, query: Query, first: int, last: int) -> str | None:
        """Counts by the hour: of segments from the files beside them, of hot rows from those."""
        span = first * HOUR, last * HOUR
        paths = [segment.hours_path for segment in self._overlapping(span)]
        if self.moment.hidden or not self._uncounted.isdisjoint(paths):
            return None  # the files still count what is hidden
        parts = []
        if paths:
            within = f"hour >= {first} AND hour < {last}"
            parts.append(f"SELECT hour, {COUNTED}, n FROM {files(paths)} WHERE {within}")
        hour = f"(ts - {span[0]}) // {HOUR} + {first} AS hour"
        events = self._events(query, self._hot(span), HOURLY)
        parts.append(f"SELECT {hour}, {COUNTED}, 1 AS n FROM {events}")
        parts += self._corrected(span, hour)
        return f"({' UNION ALL '.join(parts)})"

    def _corrected(self, span: Span, hour: str) -> Iterator[str]:
        """Echoes that were known late: each leaves the level it was counted under."""
        found = [
            segment.path
            for segment in self._overlapping(span)
            if self._is_late(segment.low, segment.high)
        ]
        if found:
            levels = COUNTED.replace("echo", "unnest([echo, level]) AS echo")
            yield (
                f"SELECT {hour}, {levels}, unnest([-1, 1]) AS n FROM {files(found)} "
                f"JOIN {self.moment.echoes} USING (id) WHERE {' AND '.join(_within(span))}"
            )

    def _overlapping(self, span: Span) -> list[Segment]:
        return [
            segment
            for segment in self.moment.segments
            if segment.first_us < span[1] and segment.last_us >= span[0]
        ]

    def _segments(self, span: Span, names: list[str]) -> Iterator[Source]:
        """Segments, those together that keep the named properties the same way."""
        alike: dict[Any, list[Segment]] = {}
        for segment in self._overlapping(span):
            is_inside = segment.first_us >= span[0] and segment.last_us < span[1]
            is_late = self._is_late(segment.low, segment.high)
            kinds = tuple(segment.keys.get(name, "") for name in names)
            alike.setdefault((is_inside, is_late, segment.has_aside, kinds), []).append(segment)
        for (is_inside, is_late, has_aside, _), found in alike.items():
            where = () if is_inside else _within(span)
            sql = files([segment.path for segment in found])
            yield Source(sql, where, found[0].keys, is_late, has_aside)

    def _hot(self, span: Span) -> Iterator[Source]:
        """Hot rows of the moment: a table may have some that are sealed, or newer ones."""
        for chunk in self.moment.chunks:
            first, beyond = chunk.rows(self.moment.low, self.moment.high)
            if first < beyond:
                rows = (f"rowid >= {first}", f"rowid < {beyond}")
                is_late = self._is_late(chunk.ids[0], chunk.ids[-1])
                yield Source(chunk.table, (*rows, *_within(span)), chunk.keys, is_late)

    def _with_agents(self, source: Source) -> Source:
        """Hot rows and what their user agents tell. Few questions want to know, and to learn to
        read user agents takes a new process longer than the rest of its first answer."""
        rows = f"(SELECT * FROM {source.sql} WHERE {' AND '.join(source.where)})"
        found = self.rows(f"SELECT DISTINCT user_agent FROM {rows}", [])
        texts = [text for (text,) in found if text is not None]
        agents = [facts.agent(text) for text in texts]
        told = {f"told_{name}": ("VARCHAR", [getattr(a, name) for a in agents]) for name in AGENT}
        table = self._table(told=("VARCHAR", texts), **told)
        replaced = ", ".join(f"told_{name} AS {name}" for name in AGENT)
        joined = f"{rows} AS hot LEFT JOIN {table} ON user_agent = told"
        sql = f"(SELECT hot.* REPLACE ({replaced}) FROM {joined})"
        return source._replace(sql=sql, where=())

    def _is_late(self, low: int, high: int) -> bool:
        """Is there an event with one of these ids whose echo was known late?"""
        at = bisect_left(self._late, low)
        return at < len(self._late) and self._late[at] <= high

    def _events(
        self, query: Query, sources: Iterable[Source], columns: Columns, quiet: bool | None = None
    ) -> str:
        """All events of sources, or those that count."""
        parts = [self._part(query, source, columns, quiet) for source in sources]
        parts = parts or [nothing(query, columns)]
        return self._joined(query, f"({' UNION ALL '.join(parts)})", columns)

    def _part(self, query: Query, source: Source, columns: Columns, quiet: bool | None) -> str:
        if source.is_late and (quiet is not None or "echo" in columns.names):
            return self._late_part(query, source, columns, quiet)
        counts = () if quiet is None else aside.shown(quiet, source.has_aside)
        where = " AND ".join((*source.where, *self.moment.hidden.shown, *counts)) or "true"
        return f"SELECT {listed(query, columns, source.keys)} FROM {source.sql} WHERE {where}"

    def _late_part(self, query: Query, source: Source, columns: Columns, quiet: bool | None) -> str:
        """The same, with what was known late."""
        echo = "coalesce(level, echo)"
        made = {"echo": f"{echo} AS echo", "person": "who"}
        extra = frozenset[str]() if quiet is None else needed(quiet)
        wider = columns._replace(names=columns.names | extra | {"id", "echo"})
        rows = self._part(query, source._replace(is_late=False), wider, None)
        names = [made.get(name, name) for name in sorted(columns.names)]
        wanted = ", ".join([*names, *(each.alias for each in columns.properties)]) or "1 AS one"
        where = " AND ".join(() if quiet is None else counting(quiet, echo)) or "true"
        late = f"({rows}) LEFT JOIN {self.moment.echoes} USING (id)"
        return f"SELECT {wanted} FROM {late} WHERE {where}"

    def _joined(self, query: Query, events: str, columns: Columns) -> str:
        """The events with their people."""
        names = {name: name for name in sorted(columns.names)}
        joins = ""
        if "person" in names:
            names["person"] = "who AS person"
            if self.moment.people:
                names["person"] = "coalesce(person, who) AS person"
                joins += f" LEFT JOIN {self.moment.people} ON key = who"
        if "group_id" in names:
            person = names["person"].removesuffix(" AS person")
            names["group_id"] = "coalesce(group_id, belongs) AS group_id"
            joins += f" LEFT JOIN {self._groups(query)} ON member = {person}"
        aliases = [each.alias for each in columns.properties]
        return f"(SELECT {', '.join([*names.values(), *aliases]) or 'one'} FROM {events}{joins})"

    # -- people

    def people(self, condition: str) -> str | None:
        """Distinct people: a bit for each of them is set by any of their events. Takes half of
        the time that grouping takes."""
        top = self.moment.top_key + SPARE
        if top > MANY:
            return None
        only = f" FILTER (WHERE {condition})" if condition else ""
        return f"coalesce(bit_count(bitstring_agg(person, 0, {top}){only}), 0)"

    def _groups(self, query: Query) -> str:
        """Who belongs to which group."""
        traits = self.traits(query, facts.GROUP)
        return f"(SELECT person AS member, value AS belongs FROM {traits})"

    def traits(self, query: Query, name: str) -> str:
        """The people who have a trait."""
        found = self._catalog.traits(name).items()
        texts = {person: text for person, value in found if (text := facts.text(value)) is not None}
        return self._table(person=("INTEGER", texts.keys()), value=("VARCHAR", texts.values()))

    def found(self, query: Query, text: str) -> str:
        """The people who have an id with a text in it."""
        sql = "SELECT id FROM identity WHERE instr(key, ?) > 0"
        with self._catalog.read() as connection:
            keys = [key for (key,) in connection.execute(sql, (text,))]
        table = self._table(key=("INTEGER", keys))
        if self.moment.people is None:
            return f"(SELECT key AS person FROM {table})"
        person = "coalesce(person, key) AS person"
        return f"(SELECT {person} FROM {table} LEFT JOIN {self.moment.people} USING (key))"

    def ids(self, people: Iterable[Any]) -> Mapping[Any, str]:
        """The ids that stand for people."""
        return {key: text for key, (_, text) in self._catalog.ids_of(people).items()}

    def _table(self, **columns: tuple[str, Collection[Any]]) -> str:
        """A table for this question only."""
        import numpy as np

        self._tables += 1
        arrays = {}
        for name, (_, values) in columns.items():
            arrays[name] = np.empty(len(values), object)
            arrays[name][:] = list(values)
        types = ", ".join(
            f"CAST({name} AS {type}) AS {name}" for name, (type, _) in columns.items()
        )
        self._cursor.register("_given", arrays)
        table = f"given_{self._tables}"
        self._cursor.execute(f"CREATE TEMP TABLE {table} AS SELECT {types} FROM _given")
        self._cursor.unregister("_given")
        return table

    # -- funnels

    def funnel(self, query: Query, passage: Passage) -> Folded:
        """How far people get, and how fast."""
        return funnel.fold(self.execute, query.values, passage)


def _with_groups(columns: Columns) -> Columns:
    """Whose it is tells which group, where the event does not."""
    if "group_id" not in columns.names:
        return columns
    return columns._replace(names=columns.names | {"person"})


def files(paths: list[str]) -> str:
    """Parquet files as one relation. Only columns that all of them have may be read."""
    quoted_paths = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{quoted_paths}])"


def _within(span: Span) -> tuple[str, ...]:
    return f"ts >= {span[0]}", f"ts < {span[1]}"
