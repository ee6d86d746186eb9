"""Many rows come into a table of ``store.db`` by few statements.

A statement for each row would cost more than the row: with AUTOINCREMENT each one also writes the
counter. ``OR FAIL`` and ``OR IGNORE``, since with SQLite's default each page that a statement of
many rows touches is copied first, for the statement to be undone alone; here a fault undoes the
whole transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

#: Rows of one statement; with two columns each, fewer variables than any SQLite allows. Batches are
#: mostly of one size: theirs is one statement, prepared once.
MOST = 128


def insert(connection: sqlite3.Connection, into: str, rows: Sequence[tuple[object, ...]]) -> int:
    """Insert rows. Returns how many were, for ``OR IGNORE``.

    :param into: ``INSERT OR ... INTO table``; each row has all its columns.
    """
    done = at = 0
    while at < len(rows):
        some = rows[at : at + MOST]
        values = list(chain.from_iterable(some))
        done += connection.execute(_statement(into, len(some[0]), len(some)), values).rowcount
        at += len(some)
    return done


@lru_cache(MOST)
def _statement(into: str, columns: int, count: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"{into} VALUES {', '.join([row] * count)}"
