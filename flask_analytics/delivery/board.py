"""Where a process shows what it has counted, beside the others of its application.

Each writes one small file next to its journal, ``<app>-<pid>-<random>.stats``, and holds it with
flock as long as it lives. Nothing is shown before it is in the file, so a process that is killed
takes nothing with it that was seen. ``census`` adds the files up.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from . import sheet
from .census import Census, Total
from .folder import file_prefix
from .retired import Retired
from .sheet import Held, Sheet
from .stats import read as read_stats

#: Seconds between two writes of a process.
INTERVAL = 1.0

#: Seconds between two looks of a writer for processes that ended. Each total looks, too.
FOLDING = 30.0

#: Seconds that the last write waits for another thread that writes.
PATIENCE = 1.0


class Board:
    """One process's place among all of its application.

    It follows its process over a fork: the child has a file of its own, made when it writes.

    :param folder: where the journals are, or None to show this process alone.
    :param app: the application's name, the same in all its processes.
    :param stats: what this process has counted, as plain data.
    :param clock: seconds since the epoch.
    """

    def __init__(
        self,
        folder: Path | None,
        app: str,
        stats: Callable[[], dict[str, Any]],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.census = None if folder is None else Census(folder, app, clock=clock)
        self._app = file_prefix(app)
        self._stats = stats
        self._clock = clock
        self._held: Held | None = None
        self._renew()
        _boards.add(self)

    def _renew(self) -> None:
        """Begin as a process that has written nothing yet."""
        self._let_go()
        self._pid = os.getpid()
        self._name = f"{self._app}-{self._pid}-{secrets.token_hex(4)}.stats"
        self._lock = threading.Lock()
        self._started = self._clock()
        self._written = self._folded = 0.0
        self._content = b""
        #: Why the last write failed, or None.
        self.fault: str | None = None
        self.is_closed = False

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def _follow_fork(self) -> None:
        """For servers that fork without Python's hooks."""
        if self._pid != os.getpid():
            self._renew()

    # -- writing: this process

    def write(self) -> bool:
        """Show this process's counts, at most once a second; tell whether they are up to date.

        False: it is too soon after the last time, or the file cannot be written, and ``fault``
        says why. Never raises. Meant for the dispatcher's thread, safe in any.
        """
        self._follow_fork()
        now = self._clock()
        if 0 <= now - self._written < INTERVAL:
            return False
        return self._publish(now)

    def close(self) -> None:
        """Show the last counts and let go: from now on this process counts as one that ended."""
        self._follow_fork()
        self._publish(self._clock(), PATIENCE)
        self.is_closed = True
        self._let_go()

    def _publish(self, now: float, patience: float = 0) -> bool:
        if self.census is None or self.is_closed:
            return False
        if not self._lock.acquire(patience > 0, patience or -1):
            return False
        try:
            self._write(self.census, now)
            self.fault = None
        except Exception as error:  # a full disk, a folder taken away, stats that are none
            self.fault = f"{type(error).__name__}: {error}"
        finally:
            self._lock.release()
        return self.fault is None

    def _write(self, census: Census, now: float) -> None:
        self._written = now
        if not 0 <= now - self._folded < FOLDING:
            self._folded = now
            census.fold()
        content = msgspec.json.encode(self._stats())
        path = census.folder / self._name
        if content == self._content and self._held is not None and path.exists():
            return
        facts = {"pid": self._pid, "started": self._started, "at": now}
        shown = msgspec.json.encode({**facts, "stats": msgspec.Raw(content)})
        self._held = sheet.hold(path, shown, self._held)
        self._content = content

    def fold(self) -> int:
        """Count processes that ended as such: see ``Census.fold``. To be called before journals
        are adopted, so that no event counts for two processes."""
        return 0 if self.census is None else self.census.fold()

    # -- reading: all processes

    def total(self) -> Total:
        """The sum over all processes, those that ended included. Never raises for the folder's
        sake: what cannot be shared is shown for this process alone, with the reason."""
        self._follow_fork()
        self._publish(self._clock(), PATIENCE)
        if self.census is None or self.fault is not None:
            return self._alone()
        self.census.fold()
        try:
            return self.census.take()
        except OSError as error:
            return self._alone(f"{type(error).__name__}: {error}")

    def _alone(self, fault: str | None = None) -> Total:
        stats = read_stats(self._stats())
        own = Sheet(self._pid, self._started, self._clock(), stats)
        return Total(stats, [own], Retired().marks(stats), False, self.fault or fault)


_boards: weakref.WeakSet[Board] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    """A copied descriptor would hold the parent's file beyond the parent's end."""
    for board in list(_boards):
        board._renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
