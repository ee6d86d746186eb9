"""The tables of ``store.db``, their version, and how an older folder becomes ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from ...errors import StoreError
from . import older

#: Raised by one with every change of a table, of a segment's columns or of what they mean.
VERSION = 2

#: Ids of people are never used again (AUTOINCREMENT): ``erased`` relies on it.
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE arrival (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, rows BLOB NOT NULL);
CREATE TABLE seen (key BLOB PRIMARY KEY, event INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE identity (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,
    key TEXT NOT NULL);
CREATE TABLE known (kind INTEGER NOT NULL, key TEXT NOT NULL, id INTEGER NOT NULL,
    PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE settling (last INTEGER NOT NULL, at INTEGER NOT NULL, ids BLOB NOT NULL);
CREATE TABLE hearsay (id INTEGER PRIMARY KEY);
CREATE TABLE link (anon INTEGER PRIMARY KEY, who INTEGER NOT NULL, ts INTEGER NOT NULL,
    message TEXT NOT NULL);
CREATE INDEX link_who ON link (who);
CREATE TABLE alias (message TEXT PRIMARY KEY, ts INTEGER NOT NULL, who INTEGER NOT NULL,
    user INTEGER NOT NULL, anon INTEGER NOT NULL, undone INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX alias_who ON alias (who);
CREATE INDEX alias_user ON alias (user);
CREATE INDEX alias_anon ON alias (anon);
CREATE TABLE trait (who INTEGER NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL,
    ts INTEGER NOT NULL, message TEXT NOT NULL, PRIMARY KEY (who, name)) WITHOUT ROWID;
CREATE TABLE view (key BLOB PRIMARY KEY, level INTEGER NOT NULL, event INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE waiting (key BLOB NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (key, event))
    WITHOUT ROWID;
CREATE TABLE late_echo (event INTEGER PRIMARY KEY, level INTEGER NOT NULL);
CREATE TABLE segment (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
    rows INTEGER NOT NULL, first_us INTEGER NOT NULL, last_us INTEGER NOT NULL,
    low INTEGER NOT NULL, high INTEGER NOT NULL, bytes INTEGER NOT NULL, keys TEXT NOT NULL,
    dropped REAL);
CREATE TABLE erased (who INTEGER PRIMARY KEY, high INTEGER NOT NULL);
CREATE TABLE undone (ts INTEGER NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (ts, digest))
    WITHOUT ROWID;
CREATE TABLE quarantined (name TEXT PRIMARY KEY, rows INTEGER NOT NULL, at REAL NOT NULL,
    fault TEXT NOT NULL) WITHOUT ROWID;
"""

#: Counters in ``meta``: see the functions that raise them.
COUNTERS = (
    "generation", "people_generation", "removals", "hot_since",
    "last_event", "sealed", "settled", "aged",
)  # fmt: skip

#: What turns version n into n + 1, inside one transaction. What a process that still runs older
#: code wants to read or write must be gone then: it fails, and its events wait for their turn.
MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {1: older.pack}


def prepare(connection: sqlite3.Connection, folder: Path) -> None:
    """Make the tables, or bring an older folder up to date.

    :raises StoreError: a newer version of this package has written the folder.
    """
    if version(connection) == VERSION:
        return
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # only works before the first table
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        _upgrade(connection, folder)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _upgrade(connection: sqlite3.Connection, folder: Path) -> None:
    """Another process may have been here while this one waited: look again first."""
    found = version(connection)
    if found is None:
        create(connection)
    elif found > VERSION:
        raise StoreError(
            f"the analytics store in {folder} has format {found}, this version of flask_analytics "
            f"knows {VERSION}: upgrade the package, or give this one a folder of its own"
        )
    else:
        for step in range(found, VERSION):
            MIGRATIONS[step](connection)
        connection.execute("UPDATE meta SET value = ? WHERE key = 'version'", (VERSION,))


def create(connection: sqlite3.Connection) -> None:
    """All tables of an empty folder. ``executescript`` would commit: statement by statement."""
    for statement in filter(str.strip, TABLES.split(";")):
        connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('version', ?)", (VERSION,))
    connection.executemany("INSERT INTO meta VALUES (?, 0)", [(name,) for name in COUNTERS])


def version(connection: sqlite3.Connection) -> int | None:
    """The format of what is there; None: nothing."""
    try:
        row = connection.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise
    return int(row[0]) if row else None
