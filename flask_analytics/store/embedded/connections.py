"""Connections to ``store.db``: borrowed, given back, and left alone after a fork.

SQLite's own waiting backs off to 100 ms; with several processes that ingest, some batch would
always be the one that slept too long. Here a writer that finds the door closed is called when it
opens, see ``Turn``.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import StoreError
from . import own
from .turn import Turn

#: Seconds that a writer waits for the others before it gives up.
PATIENCE = 30.0

#: What begins a transaction that only reads.
READ = "BEGIN"

#: Pages in the write-ahead log with which it is brought into the file. The ends of the tables
#: change with every append: the longer it waits, the fewer pages are written twice.
LOG_PAGES = 4_000

#: Bytes to which the log is cut after it grew beyond.
LOG_BYTES = 20 * 1024 * 1024

#: Connections of the parent process: to use or close them in a child would spoil its locks.
_inherited: list[object] = []


class _Connection(sqlite3.Connection):
    """Knows how long it waits for others: asking SQLite each time would cost as much as a row."""

    patience = PATIENCE

    def wait(self, seconds: float) -> None:
        """From now on wait so long by SQLite's own means."""
        if seconds != self.patience:
            self.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
            self.patience = seconds


class Connections:
    """The connections of one process, as many as are in use at once. For any thread."""

    def __init__(self, path: Path, prepare: Callable[[sqlite3.Connection], None]) -> None:
        self.path = path
        self._prepare = prepare
        self._idle: deque[_Connection] = deque()
        self._turn = Turn(path.with_suffix(".turn"))
        self._owner = os.getpid()
        self._is_prepared = False

    @contextmanager
    def borrow(self, patience: float = PATIENCE) -> Iterator[sqlite3.Connection]:
        """A connection for a moment.

        :param patience: seconds that SQLite itself waits for others.
        :raises StoreError: whatever SQLite complains about.
        """
        with _plain_words(self.path):
            connection = self._take()
            try:
                connection.wait(patience)
                yield connection
            except BaseException:
                connection.close()
                raise
            if self._owner == os.getpid():
                self._idle.append(connection)

    @contextmanager
    def transaction(
        self, begin: str = "BEGIN IMMEDIATE", is_durable: bool = False
    ) -> Iterator[sqlite3.Connection]:
        """All or nothing of what is written inside; what is read inside is of one moment.

        :param is_durable: on the disk at the end, also should the power fail.
        """
        # Who has the lock of those who write waits for nobody any more.
        with self.borrow(PATIENCE if begin == READ else 0) as connection:
            if is_durable:
                connection.execute("PRAGMA synchronous = FULL")
            start(connection, begin, self._turn)
            yield connection  # a fault closes the connection, which rolls back
            connection.execute("COMMIT")
            if begin != READ:
                self._turn.end()
            if is_durable:
                connection.execute("PRAGMA synchronous = NORMAL")

    def close(self) -> None:
        """Close what nobody has borrowed."""
        if self._owner != os.getpid():
            self._abandon()
        while self._idle:
            self._idle.pop().close()
        self._turn.close()

    def _take(self) -> _Connection:
        if self._owner != os.getpid():
            self._abandon()
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()

    def _abandon(self) -> None:
        _inherited.append(self._idle)
        self._idle, self._owner = deque(), os.getpid()

    def _open(self) -> _Connection:
        if not self._is_prepared:
            self._own()
        connection = sqlite3.connect(
            self.path,
            timeout=PATIENCE,
            isolation_level=None,
            check_same_thread=False,
            factory=_Connection,
        )
        try:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
            if not self._is_prepared:
                self._prepare(connection)
                self._is_prepared = True
        except BaseException:
            connection.close()
            raise
        return connection

    def _own(self) -> None:
        try:
            own.database(self.path)
        except OSError as error:
            raise StoreError(f"the analytics store {self.path}: {error}") from error


def start(connection: sqlite3.Connection, begin: str, turn: Turn) -> None:
    """Begin a transaction, waiting for other writers."""
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute(begin)
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
        turn.wait()


@contextmanager
def _plain_words(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"the analytics store {path}: {error}") from error
