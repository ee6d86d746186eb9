"""Many rows come into a table of ``store.db`` by few statements.

A statement for each row would cost more than the row. ``OR FAIL`` and ``OR IGNORE``, since with
SQLite's default each page that a statement of many rows touches is copied first, for the statement
to be undone alone; here a fault undoes the whole transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

#: Rows of one statement: with two columns, fewer variables than any SQLite allows. Batches are
#: mostly of one size; theirs is one statement, prepared once.
MOST = 128


def insert(connection: sqlite3.Connection, into: str, *columns: Sequence[object]) -> int:
    """Insert rows. Returns how many were, for ``OR IGNORE``.

    :param into: ``INSERT OR ... INTO table``.
    :param columns: of equal length, all that the table has.
    """
    done, count = 0, len(columns[0])
    for at in range(0, count, MOST):
        some = (column[at : at + MOST] for column in columns)
        values = list(chain.from_iterable(zip(*some, strict=True)))
        statement = _statement(into, len(columns), len(values) // len(columns))
        done += connection.execute(statement, values).rowcount
    return done


@lru_cache(MOST)
def _statement(into: str, columns: int, count: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return f"{into} VALUES {', '.join([row] * count)}"
