"""Folders that an older version has written become ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from . import arrival

#: The tables of version 2 that version 1 had otherwise, or not at all.
_NEW = (
    "CREATE TABLE arrival (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, rows BLOB NOT NULL)",
    """CREATE TABLE known (kind INTEGER NOT NULL, key TEXT NOT NULL, id INTEGER NOT NULL,
    PRIMARY KEY (kind, key)) WITHOUT ROWID""",
    "CREATE TABLE settling (last INTEGER NOT NULL, at INTEGER NOT NULL, ids BLOB NOT NULL)",
    "ALTER TABLE identity RENAME TO older",
    """CREATE TABLE identity (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,
    key TEXT NOT NULL)""",
    "INSERT INTO identity SELECT id, kind, key FROM older ORDER BY id",
    "INSERT INTO known SELECT kind, key, id FROM older ORDER BY kind, key",
)

_HOT = """SELECT id, ts, who, anon, previous, echo, body FROM hot WHERE id > ? ORDER BY id
    LIMIT ?"""


def pack(connection: sqlite3.Connection) -> None:
    """From 1 to 2: hot rows are packed, ids are found by a table of their own."""
    for statement in _NEW:
        connection.execute(statement)
    settled = _counter(connection, "older")
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'identity'")
    connection.execute("INSERT INTO sqlite_sequence VALUES ('identity', ?)", (settled,))
    for rows in _hot(connection):
        arrival.add(connection, arrival.Columns(*zip(*rows, strict=True)))
    meta = {"last_event": _counter(connection, "hot"), "sealed": 0, "settled": settled, "aged": 0}
    connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    for table in ("hot", "older"):
        connection.execute(f"DROP TABLE {table}")


def _hot(connection: sqlite3.Connection) -> Iterator[list[arrival.Row]]:
    after = 0
    while rows := connection.execute(_HOT, (after, arrival.MOST)).fetchall():
        yield rows
        after = rows[-1][0]


def _counter(connection: sqlite3.Connection, table: str) -> int:
    """The highest id that a table ever gave."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return int(row[0]) if row else 0
