"""The same questions as each engine's own words; every answer becomes the same plain value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from times import DAY, DAYS, FIRST

from flask_analytics.metrics.active import ActiveUsers
from flask_analytics.metrics.filters import Filter, Operator, Scope
from flask_analytics.metrics.funnel import Funnel, Step
from flask_analytics.metrics.latency import Latency
from flask_analytics.metrics.retention import Retention
from flask_analytics.metrics.summary import Dashboard
from flask_analytics.metrics.top import Breakdown, Dimension, TopEvents, TopProperties
from flask_analytics.metrics.volume import Volume
from flask_analytics.metrics.window import Bucket, Range, moment

END = FIRST + DAYS * DAY
STEPS = ("event_001", "event_004", "event_009", "event_015")
OFFSETS = (0, 1, 7, 30)
WEEK = 7 * DAY

#: A question -> its rows as plain values.
Ask = Callable[[str], Any]


def span(days: int, back: int = 0) -> Range:
    """The last days but ``back``."""
    return Range(moment(END - (days + back) * DAY), moment(END - back * DAY))


#: name -> the question, and what to take of its answer.
QUESTIONS: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "volume, 90 days": (Volume(range=span(90)), lambda a: [p.count for p in a]),
    "volume of a plan": (
        Volume(
            range=span(90),
            scope=Scope(filters=(Filter("property.plan", Operator.EQUALS, "pro"),)),
        ),
        lambda a: [p.count for p in a],
    ),
    "top events": (TopEvents(range=span(90)), lambda a: [[e.key, e.count] for e in a]),
    "top property": (
        TopProperties(range=span(90), event="event_002", property="path"),
        lambda a: [[e.key, e.count] for e in a],
    ),
    "countries, 30 days": (
        Breakdown(range=span(30), dimension=Dimension.COUNTRY, event="event_000"),
        lambda a: [[s.key, s.count, s.people] for s in a],
    ),
    "funnel, 4 steps": (
        Funnel(range=span(30), steps=tuple(map(Step, STEPS))),
        lambda a: [s.count for s in a.steps],
    ),
    "funnel within 7 days": (
        Funnel(range=span(30), steps=tuple(map(Step, STEPS)), window=WEEK / 1e6),
        lambda a: [s.count for s in a.steps],
    ),
    "retention": (
        Retention(range=span(90), now=END, offsets=OFFSETS),
        lambda a: [r.returned for r in a.returned],
    ),
    "active users by day": (
        ActiveUsers(range=span(90), interval=Bucket.DAY),
        lambda a: [p.count for p in a.series],
    ),
    "active in 7 days": (ActiveUsers(range=span(7)), lambda a: a.people),
    "latency, 7 days": (
        Latency(range=span(7)),
        lambda a: [[r.route, r.count, round(r.p50, 6), round(r.p95, 6)] for r in a],
    ),
    "dashboard": (
        Dashboard(range=span(7)),
        lambda a: [[f.total_events, f.dau, f.wau, [[e.key, e.count] for e in f.top_events]]
                   for f in (a, a.previous)],
    ),
}  # fmt: skip


def store(folder: Path) -> Ask:
    """Our store, nothing remembered between two questions."""
    from flask_analytics.store.embedded.store import EmbeddedStore

    opened = EmbeddedStore(folder / "embedded")

    def ask(name: str) -> Any:
        is_remembered = name.startswith("again: ")
        question, take = QUESTIONS[name.removeprefix("again: ")]
        if not is_remembered:
            opened._cache.clear()
        return take(opened.answer(question))

    return ask


def within(days: int, back: int = 0) -> str:
    """SQL for the last days but ``back``."""
    return f"ts >= {END - (days + back) * DAY} AND ts < {END - back * DAY}"


class Words:
    """SQL that differs between the engines."""

    plan, path, route, country = '"s:plan"', '"s:path"', "route", "country"
    seen = "NOT bot AND echo <> 1 AND type NOT IN ('identify', 'group', 'alias')"
    day = f"(ts - {FIRST}) // {DAY}"
    duration = "micros / 1e6"
    server = "source = 'server'"
    distinct = "count(DISTINCT who)"

    def name(self, event: str) -> str:
        return f"name = '{event}'"

    def rank(self, share: float) -> str:
        return f"quantile_disc({self.duration}, {share})"

    def words(self, rows: list[Any]) -> list[Any]:
        """Keys as the store has them."""
        return [[round(value, 6) if isinstance(value, float) else value for value in row]
                for row in rows]  # fmt: skip


def statements(say: Words) -> dict[str, str]:
    """The questions that every engine answers by one plain statement."""
    counted, named = say.seen, say.name
    return {
        "volume, 90 days": f"SELECT {say.day} AS d, count(*) FROM ev "
        f"WHERE {within(90)} AND {counted} GROUP BY d ORDER BY d",
        "volume of a plan": f"SELECT {say.day} AS d, count(*) FROM ev WHERE {within(90)} "
        f"AND {counted} AND {say.plan} = 'pro' GROUP BY d ORDER BY d",
        "top events": f"SELECT name, count(*) AS n FROM ev WHERE {within(90)} AND {counted} "
        "GROUP BY name ORDER BY n DESC, name LIMIT 10",
        "top property": f"SELECT {say.path} AS k, count(*) AS n FROM ev WHERE {within(90)} "
        f"AND {counted} AND {named('event_002')} GROUP BY k ORDER BY n DESC, k LIMIT 10",
        "countries, 30 days": f"SELECT {say.country} AS k, count(*) AS n, {say.distinct} FROM ev "
        f"WHERE {within(30)} AND {counted} AND {named('event_000')} "
        "GROUP BY k ORDER BY n DESC, k LIMIT 10",
        "active users by day": f"SELECT {say.day} AS d, {say.distinct} FROM ev "
        f"WHERE {within(90)} AND {counted} GROUP BY d ORDER BY d",
        "active in 7 days": f"SELECT {say.distinct} FROM ev WHERE {within(7)} AND {counted}",
        "latency, 7 days": f"SELECT {say.route} AS r, count(*) AS n, {say.rank(0.5)}, "
        f"{say.rank(0.95)} FROM ev WHERE {within(7)} AND {counted} AND {say.server} "
        "GROUP BY r ORDER BY n DESC, r LIMIT 10",
    }


def retention(say: Words) -> str:
    """People by their first day, and on which days after it they came."""
    counts = ", ".join(f"sum(CASE WHEN d = c + {n} THEN 1 ELSE 0 END)" for n in OFFSETS)
    return (
        f"WITH a AS (SELECT DISTINCT who, {say.day} AS d FROM ev WHERE {within(90)} "
        f"AND {say.seen}), f AS (SELECT who, min(d) AS c FROM a GROUP BY who) "
        f"SELECT {counts} FROM a JOIN f USING (who)"
    )


def funnel(say: Words, window: int | None) -> str:
    """The latest start of a chain to each step, carried on by window functions."""
    listed = " OR ".join(map(say.name, STEPS))
    over = "(PARTITION BY who ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    sql = (
        f"SELECT who, ts, name, CASE WHEN {say.name(STEPS[0])} THEN ts END AS s0 FROM ev "
        f"WHERE {within(30)} AND {say.seen} AND ({listed})"
    )
    kept = f" AND ts - m <= {window}" if window else ""
    for n, step in enumerate(STEPS[1:], 1):
        latest = f"SELECT *, max(s{n - 1}) OVER {over} AS m{n} FROM ({sql})"
        condition = f"{say.name(step)}{kept.replace('m', f'm{n}')}"
        sql = f"SELECT *, CASE WHEN {condition} THEN m{n} END AS s{n} FROM ({latest})"
    counts = ", ".join(f"count(DISTINCT CASE WHEN s{n} IS NOT NULL THEN who END)" for n in range(4))
    return f"SELECT {counts} FROM ({sql})"


def dashboard(say: Words) -> list[str]:
    """The figures of seven days, then of those before."""
    sqls = []
    for back in (0, 7):
        sqls += [
            f"SELECT count(*) FROM ev WHERE {within(7, back)} AND {say.seen}",
            f"SELECT {say.distinct} FROM ev WHERE {within(1, back)} AND {say.seen}",
            f"SELECT {say.distinct} FROM ev WHERE {within(7, back)} AND {say.seen}",
            f"SELECT name, count(*) AS n FROM ev WHERE {within(7, back)} AND {say.seen} "
            "GROUP BY name ORDER BY n DESC, name LIMIT 10",
        ]
    return sqls


#: Rows of a statement.
Run = Callable[[str], list[Any]]


def asker(say: Words, run: Run, windowed: Callable[[int | None], str]) -> Ask:
    """Questions by the name they have in QUESTIONS."""
    plain = statements(say)
    plain["retention"] = retention(say)
    plain["funnel, 4 steps"] = windowed(None)
    plain["funnel within 7 days"] = windowed(WEEK)

    def ask(name: str) -> Any:
        if name == "dashboard":
            found = [run(sql) for sql in dashboard(say)]
            return [[a[0][0], b[0][0], c[0][0], say.words(d)]
                    for a, b, c, d in (found[:4], found[4:])]  # fmt: skip
        rows = run(plain[name])
        if "90 days" in name or "by day" in name or "plan" in name:
            return series(rows)
        if "funnel" in name or name == "retention":
            return [int(value) for value in rows[0]]
        return rows[0][0] if name == "active in 7 days" else say.words(rows)

    return ask


def series(rows: list[Any]) -> list[int]:
    """Days without events have 0."""
    found = {int(day): count for day, count in rows}
    return [found.get(day, 0) for day in range(DAYS)]


class SQLiteWords(Words):
    """Numbers for texts, JSON for properties; SQLite has no quantile."""

    plan, path = "props->>'$.plan'", "props->>'$.path'"
    seen, day = "NOT bot", f"(ts - {FIRST}) / {DAY}"
    server = "source = 0"

    def name(self, event: str) -> str:
        return f"name = {int(event[-3:])}"

    def rank(self, share: float) -> str:
        return "avg(duration)"

    def words(self, rows: list[Any]) -> list[Any]:
        """Numbers back into words: names, countries."""
        return [[self._word(key, rest), *rest] for key, *rest in rows]

    def _word(self, key: Any, rest: list[Any]) -> Any:
        if not isinstance(key, int):
            return key
        return f"event_{key:03d}" if len(rest) == 1 else chr(65 + key % 26) + chr(65 + key // 26)


class ClickHouseWords(Words):
    """ClickHouse's own names."""

    plan, path = "props.plan::String", "props.path::String"
    seen, day = "NOT bot", f"intDiv(ts - {FIRST}, {DAY})"
    distinct = "uniqExact(who)"

    def rank(self, share: float) -> str:
        return f"quantileExactLow({share})(duration)"

    def funnel(self, window: int | None) -> str:
        steps = ", ".join(map(self.name, STEPS))
        listed = ", ".join(f"'{step}'" for step in STEPS)
        counts = ", ".join(f"countIf(n >= {n})" for n in range(1, 5))
        return (
            f"SELECT {counts} FROM (SELECT who, windowFunnel({window or 10**15})(toUInt64(ts), "
            f"{steps}) AS n FROM ev WHERE {within(30)} AND {self.seen} AND name IN ({listed}) "
            "GROUP BY who)"
        )


def native(folder: Path) -> Ask:
    """A DuckDB file."""
    import duckdb

    duck = duckdb.connect(str(folder / "native.duckdb"), read_only=True, config={"threads": 2})
    say = Words()
    return asker(say, lambda sql: duck.execute(sql).fetchall(), lambda w: funnel(say, w))


def sqlite(folder: Path) -> Ask:
    """SQLite alone."""
    import sqlite3

    lite = sqlite3.connect(folder / "alone.sqlite")
    lite.execute("PRAGMA cache_size = -65536")
    lite.execute("PRAGMA mmap_size = 8589934592")
    say = SQLiteWords()
    return asker(say, lambda sql: lite.execute(sql).fetchall(), lambda w: funnel(say, w))


def clickhouse(folder: Path) -> Ask:
    """ClickHouse in this process."""
    import json

    from chdb.session import Session

    session = Session(str(folder / "chdb"))
    session.query("SET max_threads = 2")
    say = ClickHouseWords()

    def run(sql: str) -> list[Any]:
        text = str(session.query(sql + " SETTINGS output_format_json_quote_64bit_integers = 0",
                                 "JSONCompactEachRow"))  # fmt: skip
        return [json.loads(line) for line in text.splitlines()]

    return asker(say, run, say.funnel)


#: What asks each engine.
ASKERS: dict[str, Callable[[Path], Ask]] = {
    "embedded": store, "duckdb": native, "sqlite": sqlite, "chdb": clickhouse,
}  # fmt: skip
