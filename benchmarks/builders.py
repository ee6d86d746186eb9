"""The same history in each engine, as somebody would put it there who knows the engine.

The embedded store's segments are written by its own ``files.write``, from a table with the columns
of ``shape.Shape`` that SQL makes of the numbers, because taking in ten million events one by one
says nothing about questions. ``check`` compares that with events that came in the usual way:

    python benchmarks/builders.py
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import msgspec
from generator import AGENTS, DAY, PREFIXES, PROCESSES, TEXTS, History, make, message_id
from generator import store as write_history

from flask_analytics.metrics import facts
from flask_analytics.store.embedded import mark, row, seal, snapshot
from flask_analytics.store.embedded.files import write
from flask_analytics.store.embedded.shelf import insert
from flask_analytics.store.embedded.store import EmbeddedStore

#: Rows of a segment after compaction.
SEGMENT = 1_250_000

#: How the five properties are kept.
KINDS = {"path": "s", "plan": "s", "browser": "s", "referral": "s", "price": "n"}

_COLUMNS = {
    "ts": "ts", "message_ms": "0", "message_count": "counter", "message_prefix": "prefix",
    "name": TEXTS["name"], "named": "1", "type": "'custom'", "source": TEXTS["channel"],
    "bot": "a.bot", "echo": "0", "who": "person + 1", "route": TEXTS["route"],
    "status": "200", "micros": "round(duration * 1000)", "browser": "a.family", "os": "a.os",
    "device": "a.device", "country": TEXTS["country"], "user_agent": "a.text",
    "extra": f"""'{{"context":{{"country":"' || {TEXTS["country"]} || '"}}}}'""",
}  # fmt: skip

_PROPERTIES = {"s:path": "path", "s:plan": "plan", "s:browser": "browser", "s:referral": "referral"}


def tables(duck: duckdb.DuckDBPyConnection) -> None:
    """What is known of user agents and of processes."""
    duck.execute("CREATE TABLE a (n INT, text TEXT, bot BOOL, family TEXT, os TEXT, device TEXT)")
    for n, text in enumerate(AGENTS):
        duck.execute("INSERT INTO a VALUES (?, ?, ?, ?, ?, ?)", [n, text, *facts.agent(text)])
    duck.execute("CREATE TABLE p (n INT, prefix BIGINT)")
    for n in range(PROCESSES):
        duck.execute("INSERT INTO p VALUES (?, ?)", [n, mark.split(message_id(DAY, n, 1))[2]])


def shaped(master: Path, where: str = "true") -> str:
    """A SELECT of a segment's columns."""
    columns = [
        f"CAST({_COLUMNS.get(name, 'NULL')} AS {type}) AS {name}"
        for name, type in row.COLUMNS.items()
    ]
    columns += [f'{TEXTS[key]} AS "{name}"' for name, key in _PROPERTIES.items()]
    return (
        f"SELECT {', '.join(columns)}, price AS \"n:price\" FROM read_parquet('{master}') AS h "
        f"JOIN a ON a.n = h.agent JOIN p ON p.n = h.process WHERE {where}"
    )


def embedded(master: Path, history: History, folder: Path) -> None:
    """(a) The store: segments, and in ``store.db`` all that appends would have left there."""
    store = EmbeddedStore(folder / "embedded")
    catalog, count = store._catalog, len(history)
    duck = duckdb.connect(config={"threads": 2, "temp_directory": str(folder / "spill")})
    tables(duck)
    times = history.columns["ts"]
    for low in range(0, count, SEGMENT):
        high = min(low + SEGMENT, count)
        within = f"ts >= {times[low]} AND ts < {times[high] if high < count else 2**62}"
        duck.execute(f"CREATE OR REPLACE TABLE hot AS {shaped(master, within)}")
        new = write(duck, catalog.segments_folder, "hot", KINDS)
        with catalog.write() as connection:
            insert(connection, new, low + 1, high)
    with catalog.write() as connection:
        _who(connection, history)
        _seen(connection, history)
    store.tend()
    store.close()


def _who(connection: sqlite3.Connection, history: History) -> None:
    people = int(history.columns["person"].max()) + 1
    rows = ((n + 1, 0, f"user-{n:08d}") for n in range(people))
    connection.executemany("INSERT INTO identity (id, kind, key) VALUES (?, ?, ?)", rows)
    connection.execute("INSERT INTO known SELECT kind, key, id FROM identity ORDER BY kind, key")
    snapshot.put(connection, "settled", people)


def _seen(connection: sqlite3.Connection, history: History) -> None:
    """Message ids that are remembered, and the newest number of a hot row."""
    count = len(history)
    first = max(count - seal.SEEN, 0)
    ts, process, counter = (history.columns[name][first:].tolist() for name in
                            ("ts", "process", "counter"))  # fmt: skip
    keys = (mark.key(message_id(*one)) for one in zip(ts, process, counter, strict=True))
    rows = zip(keys, range(first + 1, count + 1), strict=True)
    connection.executemany("INSERT INTO seen VALUES (?, ?)", rows)
    snapshot.put(connection, "last_event", count)


def native(master: Path, history: History, folder: Path) -> None:
    """(b) A DuckDB file with the columns of a segment."""
    with duckdb.connect(str(folder / "native.duckdb")) as duck:
        tables(duck)
        duck.execute(f"CREATE TABLE ev AS {shaped(master)} ORDER BY ts")


def sqlite(master: Path, history: History, folder: Path) -> None:
    """(c) SQLite alone: numbers for texts, an index for each kind of question."""
    with sqlite3.connect(folder / "alone.sqlite") as lite:
        lite.execute("PRAGMA journal_mode = WAL")
        lite.execute(
            "CREATE TABLE ev (id INTEGER PRIMARY KEY, ts INT, name INT, who INT, bot INT, "
            "source INT, route INT, duration REAL, country INT, message BLOB, props TEXT)"
        )
        for rows in _lines(master):
            lite.executemany("INSERT INTO ev VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        lite.execute("CREATE INDEX ev_ts ON ev (ts, bot, name)")
        lite.execute("CREATE INDEX ev_name ON ev (name, ts, who, bot)")
        lite.execute("CREATE INDEX ev_who ON ev (who, ts, bot)")
        lite.execute("ANALYZE")


def _lines(master: Path) -> Any:
    props = (
        f"json_object('path', {TEXTS['path']}, 'plan', {TEXTS['plan']}, 'browser', "
        f"{TEXTS['browser']}, 'referral', {TEXTS['referral']}, 'price', price)"
    )
    cases = " ".join(f"WHEN {n} THEN '{text}'" for n, text in enumerate(PREFIXES))
    message = (
        "unhex(replace(printf('%08x-%04x', ts // 1000 >> 16, ts // 1000 & 65535) || "
        f"CASE process {cases} END || printf('%08x', counter), '-', ''))"
    )
    with duckdb.connect() as duck:
        tables(duck)
        duck.execute(
            "SELECT ts, name, person, CAST(a.bot AS INT), channel, route, duration / 1000, "
            f"country, {message}, {props}::VARCHAR FROM read_parquet('{master}') AS h "
            "JOIN a ON a.n = h.agent ORDER BY ts"
        )
        while rows := duck.fetchmany(100_000):
            yield rows


def clickhouse(master: Path, history: History, folder: Path) -> None:
    """(d) ClickHouse in the process (chdb): MergeTree, sorted for funnels, JSON properties."""
    from chdb.session import Session

    source = folder / "clickhouse.parquet"
    _texts(master, source)
    session = Session(str(folder / "chdb"))
    session.query(
        "CREATE TABLE ev (ts Int64, name LowCardinality(String), who UInt32, bot Bool, "
        "source LowCardinality(String), route LowCardinality(String), duration Float64, "
        "country LowCardinality(String), message UUID, props JSON) "
        "ENGINE = MergeTree ORDER BY (name, intDiv(ts, 86400000000), who)"
    )
    session.query(
        "INSERT INTO ev SELECT ts, name, who, bot, source, route, duration, country, "
        f"toUUID(message), props FROM file('{source}', Parquet)"
    )
    session.query("OPTIMIZE TABLE ev FINAL")
    session.close()
    source.unlink()


def _texts(master: Path, path: Path) -> None:
    with duckdb.connect(config={"threads": 2}) as duck:
        tables(duck)
        duck.execute(
            f"COPY (SELECT ts, name, who, bot, source, route, micros / 1e6 AS duration, country, "
            f"{row.LOGICAL['message_id']} AS message, json_object('path', \"s:path\", 'plan', "
            f"\"s:plan\", 'browser', \"s:browser\", 'referral', \"s:referral\", 'price', "
            f"\"n:price\")::VARCHAR AS props FROM ({shaped(master)})) TO '{path}' (FORMAT parquet)"
        )


#: name -> what builds it, and what it leaves on disk.
ENGINES: dict[str, tuple[Callable[[Path, History, Path], None], str]] = {
    "embedded": (embedded, "embedded"),
    "duckdb": (native, "native.duckdb"),
    "sqlite": (sqlite, "alone.sqlite"),
    "chdb": (clickhouse, "chdb"),
}


def check(count: int = 5_000) -> None:
    """Events that were appended, and the same ones as they are built here, read back alike."""
    history = make(count)
    with TemporaryDirectory() as folder:
        master = Path(folder, "history.parquet")
        write_history(history, master)
        embedded(master, history, Path(folder))
        appended = EmbeddedStore(Path(folder, "appended"))
        appended.append([msgspec.json.encode(history.event(n)) for n in range(count)])
        appended.tend()
        built = EmbeddedStore(Path(folder, "embedded"))
        usual, other = _events(appended), _events(built)
        appended.close()
        built.close()
    if len(usual) != count:
        raise SystemExit(f"{len(usual):,} of {count:,} events are left")
    differ = [pair for pair in zip(usual, other, strict=True) if pair[0] != pair[1]]
    if differ:
        raise SystemExit(
            f"{len(differ):,} events differ, the first:\n{differ[0][0]}\n{differ[0][1]}"
        )
    print(f"{count:,} events are the same")


def _events(store: EmbeddedStore) -> list[dict[str, Any]]:
    events = [msgspec.json.decode(body) for body in store.events()]
    return sorted(events, key=lambda event: str(event["message_id"]))


if __name__ == "__main__":
    check()
