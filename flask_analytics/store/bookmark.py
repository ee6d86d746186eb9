"""How far a long work is, on disk: after a kill the same command goes on from there.

The bookmark of an import is found by how its file begins, not by its name: a log that was rotated
is known under its new name, and another one under the old name is not mistaken for it. That the
records before the mark are still the same is proved by their sum.
"""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

#: Files of another form are not ours to read.
VERSION = 1


class Mark(msgspec.Struct, kw_only=True):
    """How far an import is: so many records, which have this sum."""

    version: int = VERSION
    #: The file's name, for people.
    file: str = ""
    records: int = 0
    sum: str = ""
    #: The report so far, as ``Report`` keeps it.
    report: dict[str, Any] = {}


class Sent(msgspec.Struct, kw_only=True):
    """How far a replay is: all up to this event has ended."""

    version: int = VERSION
    #: The collector's name, for people.
    to: str = ""
    #: Where the replay ends, in microseconds since the epoch: a range without an end has the one
    #: of the first run.
    until: int = 0
    #: The last event's time and message id; None: none yet.
    at: int | None = None
    message_id: str = ""
    is_done: bool = False
    #: The report so far, as ``Report`` keeps it.
    report: dict[str, Any] = {}


M = TypeVar("M", bound=Mark | Sent)


def key(*parts: bytes | str) -> str:
    """A name for what is equal in all parts."""
    sum_ = blake2b(digest_size=16)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        sum_.update(b"%d:" % len(data) + data)
    return sum_.hexdigest()


class Bookmark(Generic[M]):
    """One work's mark, of the kind that it is given.

    :param path: None: nothing is kept, as for a store in memory.
    """

    def __init__(self, path: Path | None, kind: type[M]) -> None:
        self._path, self._kind = path, kind

    def read(self) -> M | None:
        """The mark, if there is one that can be read."""
        if self._path is None:
            return None
        try:
            mark = msgspec.json.decode(self._path.read_bytes(), type=self._kind)
        except (OSError, ValueError):
            return None
        return mark if mark.version == VERSION else None

    def write(self, mark: M) -> None:
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
        """Take the mark away: the work will begin at its start."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
