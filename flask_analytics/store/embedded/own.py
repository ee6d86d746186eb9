"""Files and folders of the store: for its user alone, and for nobody else's eyes.

What root makes from a shell belongs to whom the folder belongs to: no worker could write it
otherwise.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ...delivery.folder import give

#: What SQLite makes beside a database; with its mode and its owner.
BESIDE = ("", "-wal", "-shm")


def database(path: Path) -> None:
    """Make a database's file before SQLite does, which would let everybody read it.

    One that is there is not opened: to close it would drop the locks that SQLite holds on it.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        for ending in BESIDE:
            with suppress(OSError):  # it is gone, or another's
                os.chmod(f"{path}{ending}", 0o600)
        return
    _settle(file, path.parent)


def lock(path: Path) -> int:
    """Open a file that is only there to be locked."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give(file, path.parent)
    return file


def finished(path: Path) -> None:
    """Make durable what was written into a file."""
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    _settle(file, path.parent)


def folder(path: Path) -> None:
    """Make a folder inside of another, unless it is there."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
        file = os.open(path, os.O_RDONLY)
        give(file, path.parent)
        os.close(file)


def _settle(file: int, parent: Path) -> None:
    try:
        with suppress(PermissionError):
            os.fchmod(file, 0o600)
        give(file, parent)
    finally:
        os.close(file)
