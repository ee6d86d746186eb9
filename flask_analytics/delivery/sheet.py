"""One process's counts as a file that is whole at any time, and held while the process lives.

The file is replaced by rename, so a lock on it means something only while the name still leads
to the very file that was locked: ``look`` checks that.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from . import folder
from .stats import Stats

#: How often a file that changes under the reader's hands is read again: more often than once a
#: second none does.
TRIES = 5

#: Seconds after which a file that is half written, and that nobody holds, is one of the dead.
HALF_WRITTEN = 60.0

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
_OLD = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW


class Sheet(msgspec.Struct):
    """What one process shows."""

    pid: int = 0
    #: When it began to count, and when its counts last changed: seconds since the epoch.
    started: float = 0.0
    at: float = 0.0
    stats: Stats = msgspec.field(default_factory=Stats)
    #: Of its file.
    name: str = ""


class Held:
    """An open, locked file: the sign that its process lives."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def close(self) -> None:
        """Let go."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def hold(path: Path, content: bytes, previous: Held | None) -> Held:
    """Write a sheet in place of the previous one. It is locked before it has its name.

    :raises OSError: it cannot be written; the previous one stays.
    """
    folder.make(path.parent)
    part = path.with_name(f"{path.name}.new")
    part.unlink(missing_ok=True)
    fd = os.open(part, _NEW, 0o600)
    try:
        folder.lock(fd, folder.ALONE)
        if os.write(fd, content) != len(content):
            raise OSError("the disk is full")
        part.replace(path)
    except BaseException:
        os.close(fd)
        with suppress(OSError):
            part.unlink()
        raise
    if previous is not None:
        previous.close()
    return Held(fd)


def look(path: Path) -> tuple[Sheet, bool] | None:
    """Read a sheet, and whether its process lives. None: it is gone, or not ours to read."""
    sheet = Sheet()
    for _ in range(TRIES):
        try:
            fd = os.open(path, _OLD)
        except OSError:
            return None
        try:
            sheet = _read(fd, path.name)
            if not is_free(fd):
                return sheet, True
            if _leads_to(path, fd):
                return sheet, False
        finally:
            os.close(fd)
    return sheet, True  # it changes all the time, so somebody lives


def sweep(part: Path, now: float) -> None:
    """Take away what a process left behind that died while it wrote."""
    try:
        fd = os.open(part, _OLD)
    except OSError:
        return
    try:
        is_old = now - os.fstat(fd).st_mtime > HALF_WRITTEN
        if is_old and is_free(fd) and _leads_to(part, fd):
            part.unlink(missing_ok=True)
    finally:
        os.close(fd)


def is_free(fd: int) -> bool:
    """Whether nobody holds an open file. Looks by a lock that is shared and lasts for a moment."""
    try:
        folder.lock(fd, folder.TOGETHER)
        folder.lock(fd, folder.FREE)
    except OSError:
        return False
    return True


def _read(fd: int, name: str) -> Sheet:
    """A damaged one is empty: it counts for nothing, and is taken away like any other."""
    with open(fd, "rb", closefd=False) as file:
        content = file.read()
    try:
        sheet = msgspec.json.decode(content, type=Sheet)
    except (msgspec.MsgspecError, UnicodeError):
        sheet = Sheet()
    sheet.name = name
    return sheet


def _leads_to(path: Path, fd: int) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    opened = os.fstat(fd)
    return (found.st_ino, found.st_dev) == (opened.st_ino, opened.st_dev)
