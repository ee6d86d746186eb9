"""What a process has accepted, on disk before anybody is told so: killing it loses nothing.

Each process appends to a file of its own, so processes never wait for each other. A file whose
process has died is adopted by another one. Without fsync the operating system's cache holds what
was written, which survives the end of the process, not of the machine.

``append`` is for any thread; everything else belongs to the dispatcher's thread.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..log import QuietLog
from . import folder as shared
from . import latch, segment
from .segment import Segment

#: Bytes of one file, after which the next one begins.
SEGMENT_BYTES = 8 * 1024 * 1024

#: Bytes of all files of an application, in all its processes.
FOLDER_BYTES = 256 * 1024 * 1024

#: Seconds after which the next file begins: what was delivered need not lie there for long.
SEGMENT_AGE = 3600.0

#: Seconds until a journal that could not be written is tried again.
RETRY_INTERVAL = 30.0

#: Seconds after which a file without its counterpart is rubbish of a process that was killed.
RUBBISH_AGE = 60.0

#: Seconds for which a file is kept for collectors that no process here has.
OTHERS_AGE = 86_400.0

Region = tuple[Segment, int, int]


class Journal:
    """The journal of one application in one process.

    :param folder: where its files are; made when needed.
    :param owner: the application's name; only files of the same name are adopted.
    :param names: the collectors, by the names that acknowledgements are kept under.
    :param fsync: ``always``: each event is on the disk before it is accepted; else ``sync`` does.
    :param clock: monotonic seconds.
    """

    def __init__(
        self,
        folder: Path,
        owner: str,
        names: Sequence[str],
        *,
        fsync: str | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        folder_bytes: int = FOLDER_BYTES,
        log: QuietLog | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = folder
        self.prefix = shared.file_prefix(owner)
        self.fsync = fsync
        self._names = list(names)
        self._segment_bytes, self._folder_bytes = segment_bytes, folder_bytes
        self._log = log or QuietLog()
        self._clock = clock
        #: Native, also in a patched process: nobody who holds it ever waits for another greenlet.
        self.lock = latch.allocate_lock()
        self.current: Segment | None = None
        #: Every file that this process holds: its own, oldest first, and adopted ones.
        self.segments: list[Segment] = []
        self.fault: str | None = None
        self._retry_at = self._opened_at = 0.0
        self._is_dirty = self._is_closed = False
        self.adopted = 0

    # -- any thread; the caller holds ``lock``

    def append(self, body: bytes, at: int) -> tuple[Segment, int] | None:
        """Write an event; the answer is where, or None if there is no journal for the moment."""
        if self._is_closed or (self.fault is not None and self._clock() < self._retry_at):
            return None
        try:
            current = self.current
            if current is None or current.end >= self._segment_bytes:
                current = self._open()
            start = current.append(body, at)
            self._is_dirty = True
            if self.fsync == "always":
                current.sync()
        except OSError as error:
            self._fail(error)
            return None
        self.fault = None
        return current, start

    def _open(self) -> Segment:
        shared.make(self.folder)
        name = f"{self.prefix}-{os.getpid()}-{secrets.token_hex(4)}.j"
        self.current = Segment.create(self.folder / name, self._names)
        self.segments.append(self.current)
        self._opened_at = self._clock()
        return self.current

    def _fail(self, error: OSError) -> None:
        """Do without for a while. A file that may end in half a record gets no further one."""
        self.fault = error.strerror or type(error).__name__
        self._retry_at = self._clock() + RETRY_INTERVAL
        self.current = None
        self._log.warning(
            "journal",
            "the journal in %s cannot be written (%s): events are kept in memory only, and a "
            "process that is killed loses them. Set ANALYTICS_DIR to a folder that this process "
            "may write and that has space, or ANALYTICS_DURABILITY to 'memory' to do without",
            self.folder,
            self.fault,
        )

    # -- the dispatcher's thread

    def adopt(self) -> list[Segment]:
        """Take over what dead processes left: the oldest first, and the rest another time if it is
        more than a process should have open. Each takes two files."""
        taken: list[Segment] = []
        own = {segment.path for segment in self.segments}
        room = max(0, shared.most_files() // 2 - len(own))
        for path in self._files("j"):
            if len(taken) < room and path not in own:
                orphan = Segment.adopt(path)
                if orphan is not None and self._is_for_us(orphan):
                    taken.append(orphan)
        self.segments += taken
        self.adopted += len(taken)
        self._clean()
        return taken

    def _is_for_us(self, orphan: Segment) -> bool:
        """Whether our collectors are to look into a file. What is left in it may be only for
        collectors that we have not: see ``remove``."""
        others = orphan.left_for()
        if not others or others & set(self._names):
            return True
        is_old = time.time() - _modified(orphan.path) > OTHERS_AGE
        self._log.warning(
            "others",
            "%s has events for %s, which this application has not: %s",
            orphan.path,
            ", ".join(sorted(others)),
            "deleted" if is_old else "kept for a day, for a process that has",
        )
        orphan.remove() if is_old else orphan.close()
        return False

    def remove(self, done: Segment) -> None:
        """Let go of a file in which we have nothing left to do. It is deleted, unless collectors
        that we have not were not done with it: while a new release replaces an old one both are at
        work, and the old one must not throw away what only the new one can deliver."""
        self.segments.remove(done)
        others = done.left_for() - set(self._names)
        if others and self._size() <= self._folder_bytes:
            done.close()
        else:
            done.remove()

    def renew_if_deleted(self) -> None:
        """Begin a new file if somebody has deleted or emptied the current one: what is written
        now would die with us, or stand where no ack can find it."""
        current = self.current
        if current is not None and not current.is_whole():
            with self.lock:
                self.current = None

    def renew_if_old(self) -> None:
        """Begin a new file an hour after the last one, though it is not full. With the next event:
        while there is none, there is no file."""
        if self.current is not None and self._clock() - self._opened_at >= SEGMENT_AGE:
            with self.lock:
                self.current = None

    @contextmanager
    def limiting(self) -> Iterator[bool]:
        """Be the only process that deletes, or not at all: each would delete for all of them."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        file = os.open(self.folder / f"{self.prefix}.limit.lock", flags, 0o600)
        try:
            shared.lock(file, shared.ALONE)
            is_ours = True
        except OSError:
            is_ours = False
        try:
            yield is_ours
        finally:
            os.close(file)

    def surplus(self) -> Segment | None:
        """The oldest file of ours, if all files together are too large."""
        if self._size() <= self._folder_bytes:
            return None
        return next((old for old in self.segments if old is not self.current), None)

    def sync(self) -> None:
        """Wait until the disk has what was appended since the last time."""
        current = self.current
        if self._is_dirty and current is not None:
            self._is_dirty = False
            try:
                current.sync()
            except OSError as error:
                self._log.warning("fsync", "the journal cannot be synced: %s", error.strerror)

    def close(self) -> None:
        """Let go of every file; what is in them waits for the next process."""
        with self.lock:
            self._is_closed = True
            self.abandon()

    def abandon(self) -> None:
        """Close the files without the lock: in a forked child somebody may hold it for ever, and
        the child must not keep the parent's files from being adopted."""
        self.current = None
        for held in self.segments:
            held.close()
        self.segments.clear()

    def stats(self) -> dict[str, Any]:
        """What an operator wants to know of it."""
        held = list(self.segments)
        return {
            "state": "journal" if self.fault is None else "memory",
            "fault": self.fault,
            "bytes": sum(one.end for one in held),
            "segments": len(held),
            "adopted": self.adopted,
        }

    def _size(self) -> int:
        return sum(_size(path) for path in self._files("j"))

    def _files(self, ending: str) -> list[Path]:
        try:
            return sorted(self.folder.glob(f"{self.prefix}-*.{ending}"), key=_modified)
        except OSError:
            return []

    def _clean(self) -> None:
        """Delete what a process left that was killed while it made or deleted a file."""
        now = time.time()
        for ending in ("j" + segment.NEW, "j" + segment.ACK):
            for path in self._files(ending):
                journal = path.with_name(path.name[: -len(segment.ACK)])
                if not journal.exists() and now - _modified(path) > RUBBISH_AGE:
                    path.unlink(missing_ok=True)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
