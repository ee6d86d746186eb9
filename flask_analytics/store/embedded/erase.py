"""A person is forgotten: hidden at once, then written out of every file.

``forget`` is one transaction: after it no answer and no export knows the person. ``erase`` then
rewrites the segments that hold what is hidden; the old files go at once, and so do those that
nobody can read: whose rows they hold is not known.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from . import arrival, engine, files, hidden, identity, snapshot
from .arrival import Row
from .catalog import Catalog
from .hidden import numbers
from .merge import merge
from .quarantine import discard, sort_out
from .seal import seal
from .shelf import Shelf
from .snapshot import Segment

if TYPE_CHECKING:
    import duckdb

_LISTED = "(SELECT value FROM json_each(:keys))"

#: ``late_echo`` and ``seen`` name no people: they stay.
FORGET = (
    f"DELETE FROM trait WHERE who IN {_LISTED}",
    f"DELETE FROM link WHERE who IN {_LISTED} OR anon IN {_LISTED}",
    f"DELETE FROM alias WHERE who IN {_LISTED} OR user IN {_LISTED} OR anon IN {_LISTED}",
    "DELETE FROM known WHERE (kind, key) IN"
    f" (SELECT kind, key FROM identity WHERE id IN {_LISTED})",
    f"DELETE FROM identity WHERE id IN {_LISTED}",
    f"DELETE FROM hearsay WHERE id IN {_LISTED}",
)

_HIDE = "INSERT OR REPLACE INTO erased SELECT value, :high FROM json_each(:keys)"


def forget(catalog: Catalog, person: str) -> int:
    """Hide a person, by any of their ids, and erase them from ``store.db``. Returns how many
    events: ``erase`` rewrites the sealed ones."""
    with catalog.write() as connection:
        keys = identity.person(connection, person)
        texts = {person, *(text for _, text in identity.texts(connection, keys).values())}
        count = _hide(connection, keys)
        # An alias of somebody else may have named an id of theirs.
        strays = identity.strays(connection, texts)
        count += _hide(connection, strays)
        _take_out(connection, frozenset(keys + strays))
        if keys or strays:
            snapshot.changed(connection, "people_generation", "removals")
        segments = snapshot.segments(connection, catalog.folder) if keys else ()
        undone = hidden.take(connection).aliases
    with catalog.borrow() as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return count + _sealed(catalog, segments, f"who IN ({numbers(keys)}) AND NOT {undone}")


def _hide(connection: sqlite3.Connection, keys: tuple[int, ...]) -> int:
    """Returns how many hot events these had."""
    if not keys:
        return 0
    told = {"keys": msgspec.json.encode(keys).decode(), "high": snapshot.highest(connection)}
    for statement in (*FORGET, _HIDE):
        connection.execute(statement, told)
    gone = frozenset(keys)
    return arrival.change(connection, lambda row: None if row[2] in gone else row)


def _take_out(connection: sqlite3.Connection, keys: frozenset[int]) -> None:
    """Take the ids out of what others did: the same device, a mention."""

    def without(row: Row) -> Row:
        id, ts, who, anon, previous, echo, body = row
        if anon not in keys and previous not in keys:
            return row
        event = msgspec.json.decode(body)
        if anon in keys:
            anon = None
            del event["anonymous_id"]
        if previous in keys:
            previous = None
            del event["previous_id"]
        return id, ts, who, anon, previous, echo, msgspec.json.encode(event)

    if keys:
        arrival.change(connection, without)


def _sealed(catalog: Catalog, segments: Sequence[Segment], condition: str) -> int:
    """How many sealed events there are, in the segments that can be read."""
    import duckdb

    if not segments:
        return 0
    try:
        with engine.connect() as duck:
            return _count(duck, [one.path for one in segments], condition)
    except duckdb.Error:
        if not sort_out(catalog, list(segments)):
            raise
    return _sealed(catalog, catalog.snapshot(snapshot.NOTHING).segments, condition)


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
    found = shelf.work(lambda: _holding(shelf, holds))
    for segment in found:
        merge(shelf, [segment])
        shelf.point("erased")
    with shelf.catalog.write() as connection:
        hidden.lift(connection, gone)
    shelf.sweep(grace=0)  # whoever still reads an old file looks anew
    if gone.people:
        discard(shelf.catalog.folder)
    return len(found)


def _holding(shelf: Shelf, condition: str) -> list[Segment]:
    """The segments that have rows for which it is true."""
    with shelf.duck() as duck:
        return [one for one in shelf.segments() if _count(duck, [one.path], condition)]


def _count(duck: duckdb.DuckDBPyConnection, paths: list[str], condition: str) -> int:
    sql = f"SELECT count(*) FROM {files.read(paths)} WHERE {condition}"
    return int((duck.execute(sql).fetchone() or (0,))[0])
