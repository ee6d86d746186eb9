"""Keeps the folder fast and small: seals, erases, compacts, in a process of its own.

Workers that only take events in never load the engine. An append that sees enough waiting starts
the child, unless one is at work; should several start, one gets the lock, the others leave at once.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from ...errors import StoreError
from ...log import QuietLog
from . import arrival, engine, native, snapshot, spawn
from .catalog import Catalog
from .compact import compact
from .erase import erase, forget
from .polite import Work, here
from .purge import purge
from .quarantine import sort_out
from .seal import seal
from .shelf import GRACE, Shelf
from .undo import unalias

#: Hot rows that are sealed whatever their age.
MANY = 20_000

#: Hot rows that are sealed when they have waited for AGE seconds.
SOME, AGE = 1_000, 300.0

#: Seconds after which any hot row is sealed, and after which a child looks for what is too old.
DAY = 86_400.0

#: Seconds between two children that one process starts.
PAUSE = 5.0

#: Days that the purge may go on in one go.
MOST_DAYS = 30

#: Pages of ``store.db`` given back at once, during which nobody can write; fewer stay.
PAGES = 128

#: Hot rows beyond which the child no longer lets others go first.
HASTE = 500_000

#: Where a child leaves the last thing that went wrong, for whoever looks next.
FAULT = "keeper.fault"


def is_due(rows: int, age: float) -> bool:
    """Whether the hot rows should be sealed. A clock that was set back counts as late."""
    return rows >= MANY or abs(age) > (AGE if rows >= SOME else DAY)


class Keeper:
    """Does what is due, here or in a child.

    :param clock: seconds since the epoch.
    :param retention_days: events older than that are purged; None: never.
    :param has_children: False: nothing is done but what ``tend`` does.
    :param work: see ``Shelf``.
    """

    def __init__(
        self,
        catalog: Catalog,
        clock: Callable[[], float] = time.time,
        log: QuietLog | None = None,
        retention_days: int | None = None,
        has_children: bool = True,
        work: Work = here,
    ) -> None:
        self._retention_days = retention_days
        self._has_children = has_children
        self.shelf = Shelf(catalog, clock, work=work)
        self._clock = clock
        self._log = log or QuietLog()
        self._fault = catalog.folder / FAULT
        self._started_at = 0.0

    def look(self, rows: int, since: float) -> None:
        """After an append: start a child if it is time. Never raises, never waits.

        :param rows: hot rows.
        :param since: when the oldest of them came.
        """
        if is_due(rows, self._clock() - since) and self._is_time():
            with contextlib.suppress(OSError):
                if self.shelf.is_left(PAUSE):
                    self.start()

    def start(self) -> None:
        """Start a child, unless this process has just done so. Never raises, never waits."""
        if not self._has_children or not self._is_time():
            return
        self._started_at = time.monotonic()
        self._report()
        try:
            child = spawn.spawn(__package__, self._arguments())
            native.start_thread(_reap, (child,))
        except (StoreError, RuntimeError) as error:
            self._log.warning("store", "the analytics store cannot seal: %s", error)

    def _is_time(self) -> bool:
        return not self._started_at or time.monotonic() - self._started_at >= PAUSE

    def _arguments(self) -> list[str]:
        days = [] if self._retention_days is None else [str(self._retention_days)]
        return [str(self.shelf.catalog.folder), *days]

    def _start_now(self) -> None:
        self._started_at = 0.0
        self.start()

    def _report(self) -> None:
        """What went wrong in an earlier child is told once."""
        with contextlib.suppress(OSError):
            fault = self._fault.read_text()
            self._fault.unlink()
            self._log.warning("store", "the analytics store could not seal: %s", fault)

    def run(self) -> None:
        """The child: do what is due, unless another one is at it."""
        try:
            if self.shelf.catalog.describe()["hot"] > HASTE:
                self.shelf.work = here
            is_ours = self._try()
            while is_ours and self.shelf.catalog.describe()["erasing"]:
                is_ours = self._try()  # somebody was forgotten meanwhile, and found us at work
            if is_ours and self.shelf.has_dropped():
                time.sleep(GRACE)
                with self.shelf.locked() as is_ours:
                    if is_ours:
                        self.shelf.sweep()
        except Exception as error:
            self._fault.write_text(f"{type(error).__name__}: {error}")
            raise

    def _try(self) -> bool:
        with self.shelf.locked() as is_ours:
            if is_ours:
                self._do(is_daily=True)
        return is_ours

    def tend(self) -> None:
        """Do everything here and now, waiting for whoever is at it."""
        with self.shelf.locked(wait=True):
            self._do()

    def forget(self, person: str) -> int:
        """Hide a person now, and have them written out of the files soon. Returns how many
        events."""
        count = forget(self.shelf.catalog, person)
        self._start_now()
        return count

    def unalias(self, previous_id: str, user_id: str) -> bool:
        """Undo an alias now, and have its events written out of the files soon."""
        is_undone = unalias(self.shelf.catalog, previous_id, user_id)
        if is_undone:
            self._start_now()
        return is_undone

    def purge(self, before: int) -> int:
        """Erase what is older (microseconds). Returns how many events."""
        with self.shelf.locked(wait=True):
            self.shelf.sweep()
            return purge(self.shelf, before)

    def _do(self, is_daily: bool = False) -> None:
        self.shelf.work(engine.load)
        import duckdb

        self.shelf.sweep()
        try:
            self._rewrite(is_daily)
        except duckdb.Error:
            if not sort_out(self.shelf.catalog, self.shelf.segments()):
                raise
            self._rewrite(is_daily)  # without the files that could not be read
        self.shelf.sweep()
        self._shrink()

    def _rewrite(self, is_daily: bool) -> None:
        seal(self.shelf)
        erase(self.shelf)
        self._expire(is_daily)
        compact(self.shelf)

    def _expire(self, is_daily: bool) -> None:
        """Purge what is too old. It rewrites a segment each time that some of it is.

        :param is_daily: not if somebody did so within a day.
        """
        if self._retention_days is None:
            return
        now = self._clock()
        with self.shelf.catalog.read() as connection:
            last = snapshot.counter(connection, "expired_at")
        if is_daily and abs(now - last) < DAY:
            return
        # A clock that jumps ahead must not cost the history before somebody sets it right.
        present = min(now, last + MOST_DAYS * DAY) if is_daily and last else now
        purge(self.shelf, int((present - self._retention_days * DAY) * 1_000_000))
        with self.shelf.catalog.write() as connection:
            snapshot.put(connection, "expired_at", int(now))

    def _shrink(self) -> None:
        """Give back what sealed rows have left free, in steps that let others write; not where the
        next ones have come already."""
        catalog, free = self.shelf.catalog, PAGES + 1
        while free > PAGES and not self._is_busy():
            with catalog.write() as connection:
                connection.execute(f"PRAGMA incremental_vacuum({PAGES})").fetchall()
                free = connection.execute("PRAGMA freelist_count").fetchone()[0]
        with catalog.borrow(patience=0) as connection:
            # The first lets others write; what is left for the second is little, and can wait.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _is_busy(self) -> bool:
        with self.shelf.catalog.read() as connection:
            return bool(connection.execute(arrival.COUNT).fetchone()[0] >= MANY)


def _reap(child: int) -> None:
    """Wait for a child's end, so that it is no zombie; somebody else may have done so."""
    with contextlib.suppress(ChildProcessError):
        native.waitpid(child, 0)
