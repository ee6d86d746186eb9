"""An alias is undone: its events are hidden at once, then written out of the files by ``erase``."""

from __future__ import annotations

import sqlite3

from . import hidden, identity, snapshot
from .catalog import Catalog
from .slim import decode


def unalias(catalog: Catalog, previous_id: str, user_id: str) -> bool:
    """Undo every alias of a pair, with its events. False: there was none.

    ``seen`` keeps their message ids: none comes back by a second delivery.
    """
    with catalog.write() as connection:
        undone = identity.unalias(connection, previous_id, user_id)
        if not undone:
            return False
        messages = {alias.message for alias in undone}
        _take_out(connection, undone[0].who, undone[0].user, messages)
        # Also those that are hot: a keeper may be writing them to a file just now.
        marks = [hidden.mark(alias.ts, alias.message) for alias in undone]
        connection.executemany("INSERT OR IGNORE INTO undone VALUES (?, ?)", marks)
        snapshot.changed(connection, "people_generation", "removals")
        return True


def _take_out(connection: sqlite3.Connection, who: int, previous: int, messages: set[str]) -> None:
    found = connection.execute(
        "SELECT id, body FROM hot WHERE who = ? AND previous = ?", (who, previous)
    ).fetchall()
    gone = [(id,) for id, body in found if decode(body).message_id in messages]
    connection.executemany("DELETE FROM hot WHERE id = ?", gone)
