"""The sum over all processes of an application, from the files that they show.

A file that nobody holds is of a process that ended: whoever sees it first folds it into
``<app>.retired.json``, once, and takes it away. Sums never go backwards: ``accepted`` keeps its
high-water mark while the events of a dead process wait for their adoption.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from . import retired, sheet
from .folder import file_prefix
from .sheet import Sheet
from .stats import Stats


class Total(msgspec.Struct):
    """The sum over the processes of an application."""

    stats: Stats
    #: Those that live, oldest first.
    sheets: list[Sheet]
    #: Accepted events by collector as a counter: never less than it ever was.
    most: dict[str, int]
    #: False where nothing is shared: then this is the process that was asked, alone.
    is_shared: bool = True
    #: Why it is alone although there is a folder.
    fault: str | None = None
    #: Journals that nobody holds, and their bytes: events of dead processes.
    orphans: int = 0
    orphan_bytes: int = 0


class Census:
    """The files of one application.

    :param folder: where they are.
    :param app: the application's name, the same in all its processes.
    :param clock: seconds since the epoch.
    """

    def __init__(self, folder: Path, app: str, *, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self._clock = clock
        name = file_prefix(app)
        self._retired = folder / f"{name}.retired.json"
        self._lock = folder / f"{name}.retired.lock"
        # The whole name, because "shop" and "shop.admin" may share a folder.
        pattern = rf"{re.escape(name)}-\d+-[0-9a-f]+\."
        self._sheets = re.compile(pattern + "stats")
        self._parts = re.compile(pattern + r"stats\.new")
        self._journals = re.compile(pattern + "j")

    def take(self) -> Total:
        """Add everything up. Changes nothing.

        :raises OSError: the folder is not ours to read.
        """
        alive, dead = self._look_round()
        # After the files: one that somebody folds meanwhile is in it, and named in it.
        past = retired.read(self._retired)
        stats = Stats()
        stats.add(past.stats)
        for gone in dead:
            if not past.knows(gone):
                stats.add(gone.stats.retired())
        alive = [present for present in alive if not past.knows(present)]
        for present in alive:
            stats.add(present.stats)
        total = Total(stats, alive, past.marks(stats))
        for size in self._orphans():
            total.orphans += 1
            total.orphan_bytes += size
        return total

    def fold(self) -> int:
        """Add the counts of processes that ended to the retired; tell how many they were.

        Root, passing by, leaves it alone: nobody else could read the file that it would write.
        """
        try:
            if os.geteuid() == 0 != self.folder.stat().st_uid:
                return 0
            with retired.lock(self._lock):
                return self._fold()
        except OSError:  # somebody else is at it, or there is no folder, or no room: later
            return 0

    def _fold(self) -> int:
        now = self._clock()
        for name in self._names(self._parts):
            sheet.sweep(self.folder / name, now)
        alive, dead = self._look_round()
        if not dead:
            return 0
        past = retired.read(self._retired)
        fresh = past.fold(dead, alive, now)
        retired.write(self._retired, past)
        for gone in dead:
            (self.folder / gone.name).unlink(missing_ok=True)
        return len(fresh)

    def _look_round(self) -> tuple[list[Sheet], list[Sheet]]:
        """The sheets of processes that live, oldest first, and of those that do not."""
        sheets: tuple[list[Sheet], list[Sheet]] = ([], [])
        for name in self._names(self._sheets):
            found = sheet.look(self.folder / name)
            if found is not None:
                sheets[not found[1]].append(found[0])
        sheets[0].sort(key=lambda alive: (alive.started, alive.name))
        return sheets

    def _orphans(self) -> list[int]:
        """The sizes of the journals whose process is gone."""
        sizes = []
        for name in self._names(self._journals):
            try:
                with open(self.folder / name, "rb") as file:
                    if sheet.is_free(file.fileno()):
                        sizes.append(os.fstat(file.fileno()).st_size)
            except OSError:  # adopted a moment ago
                continue
        return sizes

    def _names(self, pattern: re.Pattern[str]) -> list[str]:
        try:
            return [name for name in os.listdir(self.folder) if pattern.fullmatch(name)]
        except FileNotFoundError:  # nobody has written yet
            return []
