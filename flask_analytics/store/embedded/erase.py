"""A person is forgotten: hidden at once, then written out of every file.

``forget`` is one transaction: after it no answer and no export knows the person. ``erase`` then
rewrites the segments that hold what is hidden; the old files go when no reader can still be at
them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from . import engine, files, hidden, identity, snapshot
from .catalog import Catalog
from .hidden import numbers
from .merge import merge
from .seal import seal
from .shelf import Shelf

if TYPE_CHECKING:
    import duckdb

_LISTED = "(SELECT value FROM json_each(:keys))"

#: ``late_echo`` and ``seen`` name no people: they stay.
_FORGET = (
    f"DELETE FROM hot WHERE who IN {_LISTED}",
    f"DELETE FROM trait WHERE who IN {_LISTED}",
    f"DELETE FROM link WHERE who IN {_LISTED} OR anon IN {_LISTED}",
    f"DELETE FROM alias WHERE who IN {_LISTED} OR user IN {_LISTED} OR anon IN {_LISTED}",
    f"DELETE FROM identity WHERE id IN {_LISTED}",
    "INSERT OR REPLACE INTO erased SELECT value, :high FROM json_each(:keys)",
)

#: Events of others that name an erased person.
_NAMING = f"""SELECT id, body FROM hot WHERE who NOT IN {_LISTED}
    AND (anon IN {_LISTED} OR previous IN {_LISTED})"""


def forget(catalog: Catalog, person: str) -> int:
    """Hide a person, by any of their ids, and erase them from ``store.db``. Returns how many
    events: ``erase`` rewrites the sealed ones."""
    with catalog.write() as connection:
        keys = identity.person(connection, person)
        if not keys:
            return 0
        sealed = _sealed(catalog, connection, keys)
        texts = {text for _, text in identity.texts(connection, keys).values()}
        told = {
            "keys": msgspec.json.encode(keys).decode(),
            "high": snapshot.highest(connection),
        }
        _take_out(connection, told, texts)
        count = connection.execute(_FORGET[0], told).rowcount
        for statement in _FORGET[1:]:
            connection.execute(statement, told)
        snapshot.changed(connection, "people_generation", "removals")
    with catalog.borrow() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count + sealed


def _take_out(connection: sqlite3.Connection, told: dict[str, object], texts: set[str]) -> None:
    """Take the ids out of what others did: the same device, an alias that was undone."""
    for id, body in connection.execute(_NAMING, told).fetchall():
        event = msgspec.json.decode(body)
        left = {
            name: value
            for name, value in event.items()
            if name not in ("anonymous_id", "previous_id") or value not in texts
        }
        row = (msgspec.json.encode(left), id)
        connection.execute(
            "UPDATE hot SET anon = NULL, previous = NULL, body = ? WHERE id = ?", row
        )


def _sealed(catalog: Catalog, connection: sqlite3.Connection, keys: Iterable[int]) -> int:
    """How many sealed events they have."""
    paths = [one.path for one in snapshot.segments(connection, catalog.folder)]
    if not paths:
        return 0
    with engine.connect() as duck:
        return _count(duck, paths, f"who IN ({numbers(keys)})")


def erase(shelf: Shelf) -> int:
    """Write what is hidden out of the segments. Returns how many were rewritten.

    The caller holds the lock.
    """
    with shelf.catalog.read() as connection:
        gone = hidden.take(connection)
    if not gone:
        return 0
    seal(shelf)  # readers drop the hot rows that they have loaded only then
    listed = numbers(gone.people) or "NULL"
    holds = f"who IN ({listed}) OR anon IN ({listed}) OR previous IN ({listed}) OR {gone.aliases}"
    with shelf.duck() as duck:
        found = [one for one in shelf.segments() if _count(duck, [one.path], holds)]
    for segment in found:
        merge(shelf, [segment])
        shelf.point("erased")
    with shelf.catalog.write() as connection:
        hidden.lift(connection, gone)
    return len(found)


def _count(duck: duckdb.DuckDBPyConnection, paths: list[str], condition: str) -> int:
    sql = f"SELECT count(*) FROM {files.read(paths)} WHERE {condition}"
    return int((duck.execute(sql).fetchone() or (0,))[0])
