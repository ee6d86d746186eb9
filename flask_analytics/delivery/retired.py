"""What is left of the processes that ended: one file for each application, ``<app>.retired.json``.

Written by whoever folds, under the lock of ``<app>.retired.lock``. A file that is folded is
named here before it is taken away: whenever its folder dies in between, it counts once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from . import folder
from .sheet import Sheet
from .stats import Stats

#: Seconds for which the names of folded files are kept: a slow reader may have one in its hands.
MEMORY = 60.0

_OWN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


class Retired(msgspec.Struct):
    """The counts of processes that ended, and what of them was shown."""

    stats: Stats = msgspec.field(default_factory=Stats)
    #: The most events that were shown as accepted, by collector.
    most: dict[str, int] = {}
    #: Files that are part of ``stats``, and when they became so.
    folded: dict[str, float] = {}

    def knows(self, sheet: Sheet) -> bool:
        """Whether a sheet is part of it already."""
        return sheet.name in self.folded

    def fold(self, dead: list[Sheet], alive: list[Sheet], now: float) -> list[Sheet]:
        """Add those that ended, each once; the answer is those that were new.

        :param alive: the others, so that the sum before can be kept as the high-water mark.
        """
        fresh = [sheet for sheet in dead if not self.knows(sheet)]
        before = Stats()
        before.add(self.stats)
        for sheet in alive + fresh:
            before.add(sheet.stats)
        self.most = self.marks(before)
        for sheet in fresh:
            self.stats.add(sheet.stats.retired())
            self.folded[sheet.name] = now
        self._forget({sheet.name for sheet in dead}, now)
        return fresh

    def marks(self, stats: Stats) -> dict[str, int]:
        """Accepted events by collector, never less than was shown before."""
        marks = {name: collector.accepted for name, collector in stats.collectors.items()}
        for name, count in self.most.items():
            marks[name] = max(count, marks.get(name, 0))
        return marks

    def _forget(self, on_disk: Iterable[str], now: float) -> None:
        self.folded = {
            name: at
            for name, at in self.folded.items()
            if name in on_disk or 0 <= now - at < MEMORY
        }


def read(path: Path) -> Retired:
    """What is there so far. A damaged file is as none: counting begins anew.

    :raises OSError: it is there, but not for us.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Retired)
    except (FileNotFoundError, msgspec.MsgspecError, UnicodeError):
        return Retired()


def write(path: Path, retired: Retired) -> None:
    """Replace the file, in one step.

    :raises OSError: it cannot be written; the old one stays.
    """
    part = path.with_name(f"{path.name}.new")
    with open(os.open(part, _OWN | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(retired))
    part.replace(path)


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Be the only one that folds.

    :raises OSError: somebody else is at it, or the folder is not ours.
    """
    fd = os.open(path, _OWN, 0o600)
    try:
        folder.lock(fd, folder.ALONE)
        yield
    finally:
        os.close(fd)
