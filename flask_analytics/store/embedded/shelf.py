"""The segments as the keeper changes them: under one lock, each change one transaction."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from . import engine, files, own, snapshot
from .catalog import Catalog
from .files import Point, Written
from .polite import Work, here
from .snapshot import Segment

if TYPE_CHECKING:
    import duckdb

#: Seconds that a replaced file stays for readers who have just learnt of it.
GRACE = 60.0

_INSERT = """INSERT INTO segment (name, rows, first_us, last_us, low, high, bytes, keys)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""


class Shelf:
    """What seals, compacts, purges and erases works on.

    :param clock: seconds since the epoch.
    :param point: see ``files.Point``.
    :param work: does what takes long while no lock of ``store.db`` is held.
    """

    def __init__(
        self,
        catalog: Catalog,
        clock: Callable[[], float] = time.time,
        point: Point = files.nowhere,
        work: Work = here,
    ) -> None:
        self.catalog, self.clock, self.point = catalog, clock, point
        self.work = work
        self.folder = catalog.segments_folder
        self._lock = catalog.folder / "seal.lock"
        self.spill = catalog.folder / "spill" / "keeper"

    @contextmanager
    def locked(self, wait: bool = False) -> Iterator[bool]:
        """Only one process at a time changes segments. False: another one does."""
        descriptor = own.lock(self._lock)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            yield False
            return
        try:
            yield True
        finally:
            os.close(descriptor)

    def is_left(self, pause: float) -> bool:
        """Is nobody at work, and was nobody called within ``pause`` seconds? Then one is now."""
        with self.locked() as is_free:
            if not is_free:
                return False
            last = self._lock.stat()
            if last.st_size and abs(time.time() - last.st_mtime) < pause:
                return False
            self._lock.write_bytes(b".")
            return True

    @contextmanager
    def duck(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """An engine for one piece of work; what does not fit into memory spills beside it."""
        own.folder(self.spill.parent)  # DuckDB makes the last folder only
        duck = engine.connect(spill=self.spill)
        try:
            yield duck
        finally:
            duck.close()

    def segments(self) -> tuple[Segment, ...]:
        """The live segments, by time."""
        with self.catalog.read() as connection:
            return snapshot.segments(connection, self.catalog.folder)

    def sweep(self, grace: float = GRACE) -> None:
        """Delete what killed processes left, and what was replaced a while ago.

        :param grace: seconds that this is; with 0 a reader may find that its file is gone.
        """
        with self.catalog.write() as connection:
            now = self.clock()
            gone = connection.execute(
                "SELECT id, name FROM segment WHERE NOT (dropped > ? AND dropped < ?)",
                (now - grace, now + grace),  # a clock that was set back keeps nothing for ever
            ).fetchall()
            connection.executemany("DELETE FROM segment WHERE id = ?", [row[:1] for row in gone])
            known = [row[0] for row in connection.execute("SELECT name FROM segment")]
        files.sweep(self.folder, known)
        shutil.rmtree(self.spill, ignore_errors=True)

    def has_dropped(self) -> bool:
        """Are there files that wait for their readers to leave?"""
        with self.catalog.read() as connection:
            row = connection.execute("SELECT 1 FROM segment WHERE dropped IS NOT NULL LIMIT 1")
            return row.fetchone() is not None

    def write(self, duck: duckdb.DuckDBPyConnection, table: str, kinds: dict[str, str]) -> Written:
        """See ``files.write``."""
        return files.write(duck, self.folder, table, kinds, self.point)

    @contextmanager
    def swap(self) -> Iterator[sqlite3.Connection]:
        """The transaction that makes files visible; durable before any file is deleted."""
        with self.catalog.write(is_durable=True) as connection:
            yield connection
            self.point("swapped")
        self.point("committed")


def insert(connection: sqlite3.Connection, new: Written, low: int, high: int) -> None:
    """Make a written segment visible."""
    row = (new.name, new.rows, new.first_us, new.last_us, low, high, new.bytes)
    connection.execute(_INSERT, (*row, files.encode_keys(new.keys)))


def drop(connection: sqlite3.Connection, ids: Iterable[int], now: float) -> None:
    """Make segments invisible; their files stay for the readers of this moment."""
    connection.executemany("UPDATE segment SET dropped = ? WHERE id = ?", [(now, id) for id in ids])
