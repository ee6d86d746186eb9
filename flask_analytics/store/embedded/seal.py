"""Hot rows become a segment: nothing lost, nothing twice, wherever the process is killed.

1. Write the file, make it durable, rename it: nobody knows it yet.
2. One transaction: the segment is in the catalog, its rows are hot no more (``meta.sealed``).
3. The rows go, a few at a time: nobody looks at them any more.

Ids only grow and there is one writer at a time, so no row up to the highest can still appear. A
file that no catalog knows is deleted by the next keeper (``Shelf.sweep``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import arrival, files, snapshot
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

#: Ids that are forgotten in one transaction, during which nobody can write.
STEP = 1_000

#: Echoes of rows below are sealed: they are not for this file.
_LATE = """SELECT event, level FROM late_echo
    WHERE event BETWEEN ? AND ?"""

#: The same message id at the same time, in a segment that ``seen`` no longer covers.
_TWINS = """DELETE FROM hot WHERE EXISTS (SELECT 1 FROM {segments} AS old
    WHERE old.ts = hot.ts AND old.message_ms IS NOT DISTINCT FROM hot.message_ms
    AND old.message_prefix IS NOT DISTINCT FROM hot.message_prefix
    AND old.message_count IS NOT DISTINCT FROM hot.message_count
    AND old.message_text IS NOT DISTINCT FROM hot.message_text)"""


def seal(shelf: Shelf, least: int = 1) -> int:
    """Seal what is hot, in files of ROWS. Returns how many there were.

    The caller holds the lock.

    :param least: leave fewer than these alone.
    """
    _clear(shelf)
    done, high = 0, _high(shelf)
    while (count := _seal_once(shelf, least, high)) > 0:
        done += count
        _clear(shelf)
    _age(shelf)
    return done


def _written(shelf: Shelf, rows: list[HotRow], late_echo: dict[int, int]) -> Written | None:
    """The file; None: all of them were twins."""
    with shelf.duck() as duck:
        shape = Shape(duck)
        shape.load(rows, late_echo)
        _without_twins(shelf, duck, rows)
        count = duck.execute("SELECT count(*) FROM hot").fetchone() or (0,)
        return shelf.write(duck, "hot", shape.keys) if count[0] else None


def _high(shelf: Shelf) -> int:
    """The newest event: what comes while this seals is for the next one."""
    with shelf.catalog.read() as connection:
        return snapshot.highest(connection)


def _seal_once(shelf: Shelf, least: int, high: int) -> int:
    rows, late_echo = _batch(shelf, high)
    if len(rows) < least or not rows:
        return 0
    new = shelf.work(lambda: _written(shelf, rows, late_echo))
    _publish(shelf, rows, new, late_echo)
    return len(rows)


def _batch(shelf: Shelf, high: int) -> tuple[list[HotRow], dict[int, int]]:
    """The oldest rows, whole appends, and what is known of their echoes."""
    rows: list[HotRow] = []
    with shelf.catalog.read() as connection:
        for packed in arrival.packed(connection):
            some = arrival.unpack(packed)
            if len(rows) >= ROWS or some[0][0] > high:
                break
            rows += map(HotRow._make, some)
        span = (rows[0].id, rows[-1].id) if rows else (0, 0)
        return rows, dict(connection.execute(_LATE, span).fetchall())


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
        snapshot.put(connection, "sealed", high)
        # What came meanwhile stays: it is true of the sealed event, too.
        connection.executemany("DELETE FROM late_echo WHERE event = ? AND level = ?", baked.items())
        snapshot.put(connection, "hot_since", int(shelf.clock()))


def _clear(shelf: Shelf) -> None:
    """Take out the rows of what is sealed, in steps that let others write."""
    is_more = True
    while is_more:
        with shelf.catalog.write() as connection:
            is_more = arrival.clear(connection)
        if is_more:
            shelf.point("deleted")


def _age(shelf: Shelf) -> None:
    """Forget message and view ids beyond the window, now and then: it looks at all of them."""
    with shelf.catalog.read() as connection:
        oldest = snapshot.highest(connection) - SEEN
        if oldest - snapshot.counter(connection, "aged") <= SEEN // 4:
            return
        old = {
            table: connection.execute(
                f"SELECT key, event FROM {table} WHERE event < ?", (oldest,)
            ).fetchall()
            for table in ("seen", "view", "waiting")
        }
    for table, rows in old.items():
        for start in range(0, len(rows), STEP):
            with shelf.catalog.write() as connection:
                sql = f"DELETE FROM {table} WHERE key = ? AND event = ?"
                connection.executemany(sql, rows[start : start + STEP])
    with shelf.catalog.write() as connection:
        snapshot.put(connection, "aged", oldest)
