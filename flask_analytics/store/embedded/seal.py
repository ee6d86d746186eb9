"""Hot rows become a segment: nothing lost, nothing twice, wherever the process is killed.

1. Write the file, make it durable, rename it: nobody knows it yet.
2. One transaction: the segment is in the catalog, the rows are gone from ``hot``.

Ids of ``hot`` only grow and there is one writer at a time, so no row up to the highest can still
appear. A file that no catalog knows is deleted by the next keeper (``Shelf.sweep``).
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from . import files, snapshot
from .files import Written
from .shape import Shape
from .shelf import Shelf, insert
from .snapshot import HotRow

if TYPE_CHECKING:
    import duckdb

#: Rows of one sealed file: what fits into memory as JSON and as a table.
ROWS = 200_000

#: Events whose message ids are remembered, the newest ones; older twins are found here.
SEEN = 1_000_000

_HIGH = "SELECT max(id) FROM (SELECT id FROM hot ORDER BY id LIMIT ?)"

#: Echoes of rows below are sealed: they are not for this file.
_LATE = """SELECT event, level FROM late_echo
    WHERE event BETWEEN (SELECT min(id) FROM hot) AND ?"""

_BATCH = "SELECT id, ts, who, anon, previous, echo, body FROM hot WHERE id <= ? ORDER BY id"

#: The same message id at the same time, in a segment that ``seen`` no longer covers.
_TWINS = """DELETE FROM hot WHERE EXISTS (SELECT 1 FROM {segments} AS old
    WHERE old.ts = hot.ts AND old.message_ms IS NOT DISTINCT FROM hot.message_ms
    AND old.message_prefix IS NOT DISTINCT FROM hot.message_prefix
    AND old.message_count IS NOT DISTINCT FROM hot.message_count
    AND old.message_text IS NOT DISTINCT FROM hot.message_text)"""


def seal(shelf: Shelf, least: int = 1) -> int:
    """Seal what is hot, in files of ROWS. Returns how many rows left ``hot``.

    The caller holds the lock.

    :param least: leave fewer than these alone.
    """
    done = 0
    while (count := _seal_once(shelf, least)) > 0:
        done += count
    return done


def _seal_once(shelf: Shelf, least: int) -> int:
    rows, late_echo = _batch(shelf)
    if len(rows) < least or not rows:
        return 0
    with shelf.duck() as duck:
        shape = Shape(duck)
        shape.load(rows, late_echo)
        _without_twins(shelf, duck, rows)
        count = duck.execute("SELECT count(*) FROM hot").fetchone() or (0,)
        new = shelf.write(duck, "hot", shape.keys) if count[0] else None
    _publish(shelf, rows, new, late_echo)
    return len(rows)


def _batch(shelf: Shelf) -> tuple[list[HotRow], dict[int, int]]:
    """The oldest rows, and what is known of their echoes."""
    with shelf.catalog.read() as connection:
        high = connection.execute(_HIGH, (ROWS,)).fetchone()[0] or 0
        rows = [HotRow(*row) for row in connection.execute(_BATCH, (high,))]
        return rows, dict(connection.execute(_LATE, (high,)).fetchall())


def _without_twins(shelf: Shelf, duck: duckdb.DuckDBPyConnection, rows: list[HotRow]) -> None:
    """Leave out what was sealed so long ago that ``append`` could not know."""
    first, last = min(row.ts for row in rows), max(row.ts for row in rows)
    old = [
        segment.path
        for segment in shelf.segments()
        if segment.low <= rows[-1].id - SEEN
        and segment.first_us <= last
        and first <= segment.last_us
    ]
    if old:
        duck.execute(_TWINS.format(segments=files.read(old)))


def _publish(shelf: Shelf, rows: list[HotRow], new: Written | None, baked: dict[int, int]) -> None:
    low, high = rows[0].id, rows[-1].id
    with shelf.swap() as connection:
        if new is not None:
            insert(connection, new, low, high)
        shelf.point("inserted")
        connection.execute("DELETE FROM hot WHERE id <= ?", (high,))
        shelf.point("deleted")
        # What came meanwhile stays: it is true of the sealed event, too.
        connection.executemany("DELETE FROM late_echo WHERE event = ? AND level = ?", baked.items())
        _age(connection, high, shelf.clock())


def _age(connection: sqlite3.Connection, high: int, now: float) -> None:
    """Forget message and view ids beyond the window."""
    oldest = snapshot.highest(connection) - SEEN
    for table in ("seen", "view", "waiting"):
        connection.execute(f"DELETE FROM {table} WHERE event < ?", (oldest,))
    connection.execute("UPDATE meta SET value = ? WHERE key = 'hot_since'", (int(now),))
