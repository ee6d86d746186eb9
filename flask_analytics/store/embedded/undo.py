"""An alias is undone: its events are hidden at once, then written out of the files by ``erase``."""

from __future__ import annotations

import sqlite3

from . import arrival, hidden, identity, snapshot
from .arrival import Row
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
    def keep(row: Row) -> Row | None:
        is_alias = row[2] == who and row[4] == previous
        return None if is_alias and decode(row[-1]).message_id in messages else row

    arrival.change(connection, keep)
