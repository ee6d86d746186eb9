"""Folders of older versions: read as they are, and what still runs the old code fails loudly."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from flask_analytics.store.embedded import arrival, mark, schema
from flask_analytics.store.embedded.erase import forget
from flask_analytics.store.embedded.seal import seal

from .actors import START, House, id_of, ids_of, make

#: What version 1 had otherwise.
_HOT = """CREATE TABLE hot (id INTEGER PRIMARY KEY AUTOINCREMENT, ts INTEGER NOT NULL, who INTEGER,
    anon INTEGER, previous INTEGER, echo INTEGER NOT NULL, body BLOB NOT NULL)"""
_IDENTITY = """CREATE TABLE identity (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,
    key TEXT NOT NULL, UNIQUE (kind, key))"""
_NEW = ("arrival", "known", "settling", "identity")

#: Hot rows: more than one packed row holds.
COUNT = arrival.MOST + 20


def first_version(folder: Path, bodies: list[bytes]) -> sqlite3.Connection:
    """A folder as version 1 left it, still open: the first ten events are gone already."""
    folder.mkdir()
    old = sqlite3.connect(folder / "store.db", isolation_level=None)
    old.execute("PRAGMA auto_vacuum = INCREMENTAL")
    old.execute("PRAGMA journal_mode = WAL")
    for statement in filter(str.strip, schema.TABLES.split(";")):
        if not statement.strip().startswith(tuple(f"CREATE TABLE {name} " for name in _NEW)):
            old.execute(statement)
    old.execute(_HOT)
    old.execute(_IDENTITY)
    counters = ("generation", "people_generation", "removals", "hot_since")
    old.executemany("INSERT INTO meta VALUES (?, 0)", [(name,) for name in counters])
    old.execute("INSERT INTO meta VALUES ('version', 1)")
    people = [(n, 0, f"u{n}") for n in range(1, 6)]
    old.executemany("INSERT INTO identity VALUES (?, ?, ?)", [*people, (9, 0, "gone")])
    old.execute("DELETE FROM identity WHERE id = 9")
    for id, body in enumerate(bodies, 11):
        who = int(json.loads(body)["user_id"][1:])
        old.execute("INSERT INTO hot VALUES (?, ?, ?, NULL, NULL, 0, ?)", (id, START, who, body))
        old.execute("INSERT INTO seen VALUES (?, ?)", (mark.key(id_of(body)), id))
    return old


def test_a_folder_of_the_first_version_goes_on(tmp_path: Path) -> None:
    """Its hot events are there, none comes in twice, its people keep their numbers."""
    bodies = [make(user_id=f"u{n % 5 + 1}") for n in range(COUNT)]
    first_version(tmp_path / "store", bodies).close()

    house = House(tmp_path / "store")
    late = make(user_id="u1")

    assert house.append(*bodies, late, make(user_id="new")) == 2
    rows = house.catalog.snapshot().hot
    assert [row.id for row in rows[:COUNT]] == list(range(11, COUNT + 11))
    assert [row.body for row in rows[:COUNT]] == bodies
    assert rows[COUNT].who == 1
    assert house.catalog.keys_of("u5") == (5,)
    assert house.catalog.keys_of("new") == (10,)

    assert seal(house.shelf) == COUNT + 2
    assert forget(house.catalog, "u2") == COUNT // 5
    assert house.append(*bodies, late) == 0
    assert len(house.seen()) == COUNT + 2 - COUNT // 5


def test_a_process_that_runs_the_old_code_fails_and_spoils_nothing(tmp_path: Path) -> None:
    """Its events wait in its journal until it is started anew."""
    bodies = [make(user_id="u1")]
    old = first_version(tmp_path / "store", bodies)
    house = House(tmp_path / "store")
    house.append(new := make())

    for sql in ("SELECT max(id) FROM hot", "INSERT INTO hot VALUES (99, 1, 1, 1, 1, 1, '')"):
        with pytest.raises(sqlite3.OperationalError, match="no such table: hot"):
            old.execute(sql)
    old.close()

    assert sorted(house.seen()) == ids_of([*bodies, new])
