"""DuckDB in this process: one instance in memory, a cursor for each question.

It reads the segments of one folder and nothing else: no other file, no network, no extension. It
writes only below the folder of the process in ``spill/``, when a question needs more memory than
it may have.
"""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...delivery.latch import allocate_lock
from ...errors import StoreError
from . import own
from .catalog import Catalog
from .deadline import Deadline
from .loaded import Loaded, Moment
from .view import View

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Threads of one question.
THREADS = 2

#: What DuckDB may take; Python, numpy and DuckDB itself come on top, about 120 MB.
MEMORY = "300MB"

#: Instances of the parent process: their threads are not here, to close one would wait for them.
_inherited: list[object] = []


class Reader:
    """The instance of this process, made at first use. For any thread; a forked child makes
    its own."""

    def __init__(self, catalog: Catalog, threads: int = THREADS, memory: str = MEMORY) -> None:
        self.folder = catalog.folder
        self.threads, self.memory = threads, memory
        self._catalog = catalog
        self._instance: DuckDBPyConnection | None = None
        self._loaded: Loaded | None = None
        self._owner = os.getpid()
        self._lock = allocate_lock()

    @contextmanager
    def view(self, seconds: float, uncounted: frozenset[str] = frozenset()) -> Iterator[View]:
        """The store as it is now, for one question that may take so many seconds.

        :param uncounted: see ``View``.
        """
        cursor, loaded = self._here()
        try:
            with Deadline(seconds, cursor.interrupt) as deadline:
                moment = self._moment(loaded, cursor, deadline)
                yield View(self._catalog, moment, cursor, deadline, uncounted)
        finally:
            cursor.close()

    def _moment(self, loaded: Loaded, cursor: DuckDBPyConnection, deadline: Deadline) -> Moment:
        """What is there now; to bring it up to date takes a part of the question's time."""
        import duckdb

        try:
            return loaded.moment(cursor)
        except duckdb.InterruptException:
            deadline.check()
            raise

    def _here(self) -> tuple[DuckDBPyConnection, Loaded]:
        """A connection of its own to the instance, and what is loaded there."""
        if self._owner != os.getpid():
            self._abandon()
        with self._lock:
            if self._instance is None or self._loaded is None:
                self._instance = self._open()
                atexit.register(self.close)  # DuckDB complains of connections that nobody closed
                self._loaded = Loaded(self._catalog, self._instance)
            return self._instance.cursor(), self._loaded

    def close(self) -> None:
        """End the instance, if there is one, and remove what it spilled."""
        if self._owner != os.getpid():
            self._abandon()
        with self._lock:
            if self._instance is not None:
                atexit.unregister(self.close)
                self._instance.close()
                self._instance = self._loaded = None
                shutil.rmtree(self._spill(), ignore_errors=True)

    def _abandon(self) -> None:
        """In a forked child: leave the parent's instance and its lock alone."""
        _inherited.append((self._instance, self._loaded))
        self._lock = allocate_lock()
        self._instance = self._loaded = None
        self._owner = os.getpid()

    def _open(self) -> DuckDBPyConnection:
        import duckdb

        self._sweep()
        own.folder(self.folder / "spill")
        try:
            instance = duckdb.connect(config=self._settings())
            self._confine(instance)
        except duckdb.Error as error:
            raise StoreError(f"DuckDB does not start: {error}") from error
        return instance

    def _settings(self) -> dict[str, str | bool | int | float | list[str]]:
        return {
            "threads": self.threads,
            "memory_limit": self.memory,
            "temp_directory": str(self._spill()),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            # Looks at a sample of an array of objects and believes that the rest is like it.
            "pandas_analyze_sample": 0,
        }

    def _confine(self, instance: DuckDBPyConnection) -> None:
        instance.execute("SET parquet_metadata_cache = true")
        # DuckDB 2.0 fails in it ("index -1 within vector") where a table's rowid is filtered by.
        instance.execute("SET disabled_optimizers = 'late_materialization'")
        instance.execute("SET allowed_directories = [$1, $2]", [
            f"{self.folder}/segments/", f"{self._spill()}/"])  # fmt: skip
        instance.execute("SET enable_external_access = false")
        instance.execute("SET lock_configuration = true")

    def _spill(self) -> Path:
        return self.folder / "spill" / str(os.getpid())

    def _sweep(self) -> None:
        """Remove what killed processes have spilled: it may tell about somebody forgotten."""
        for left in (self.folder / "spill").glob("[0-9]*"):
            if not _is_alive(int(left.name)):
                shutil.rmtree(left, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
