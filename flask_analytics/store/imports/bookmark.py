"""How far a file was imported, on disk: after a kill the same command goes on from there.

A bookmark is found by how its file begins, not by its name: a log that was rotated is known
under its new name, and another one under the old name is not mistaken for it. That the records
before the mark are still the same is proved by their sum.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

#: Files of another form are not ours to read.
VERSION = 1


class Mark(msgspec.Struct, kw_only=True):
    """How far: so many records, which have this sum."""

    version: int = VERSION
    #: The file's name, for people.
    file: str = ""
    records: int = 0
    sum: str = ""
    #: The report so far, as ``Report`` keeps it.
    report: dict[str, Any] = {}


def key(*parts: bytes | str) -> str:
    """A name for what is equal in all parts."""
    sum_ = blake2b(digest_size=16)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        sum_.update(b"%d:" % len(data) + data)
    return sum_.hexdigest()


class Bookmark:
    """One file's mark. ``path`` None: nothing is kept, as for a store in memory."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self) -> Mark | None:
        """The mark, if there is one that can be read."""
        if self._path is None:
            return None
        try:
            mark = msgspec.json.decode(self._path.read_bytes(), type=Mark)
        except (OSError, ValueError):
            return None
        return mark if mark.version == VERSION else None

    def write(self, mark: Mark) -> None:
        """Replace the mark, whole or not at all.

        :raises OSError: it cannot be written.
        """
        if self._path is None:
            return
        new = self._path.with_suffix(f".{os.getpid()}.tmp")
        try:
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(msgspec.json.encode(mark))
            os.replace(new, self._path)
        except OSError:
            with suppress(OSError):
                new.unlink()
            raise

    def forget(self) -> None:
        """Take the mark away: the file will be read from its start."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
