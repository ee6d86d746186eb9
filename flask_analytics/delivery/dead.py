"""Events that no destination will take, kept for a person to look at: one JSON object a line."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from ..log import QuietLog
from .folder import give

#: Bytes of the file and of the one before it, together.
MAX_BYTES = 16 * 1024 * 1024

_encode = msgspec.json.Encoder().encode


class DeadLetters:
    """``dead.jsonl`` of a folder, shared by its processes; ``dead.1.jsonl`` is the one before."""

    def __init__(self, folder: Path | None, log: QuietLog) -> None:
        self._path = None if folder is None else folder / "dead.jsonl"
        self._log = log
        self.count = 0

    def bury(self, body: bytes, collector: str, reason: str, at: float) -> None:
        """Write an event down with why it ended. Never raises: the event is lost already."""
        if self._path is None:
            return
        letter = {"collector": collector, "reason": reason, "at": round(at, 3)}
        line = _encode({**letter, "event": msgspec.Raw(body)}) + b"\n"
        try:
            self._append(self._path, line)
            self.count += 1
        except OSError as error:
            self._log.warning("dead", "a dead letter could not be kept: %s", error.strerror)

    def _append(self, path: Path, line: bytes) -> None:
        # One write to the end of the file: lines of several processes do not mix.
        file = open_own(path)
        try:
            if os.fstat(file).st_size + len(line) > MAX_BYTES // 2:
                path.replace(path.with_name("dead.1.jsonl"))
                full, file = file, open_own(path)
                os.close(full)
            if not _ends_a_line(file):  # a full disk took half of the last one
                line = b"\n" + line
            if os.write(file, line) != len(line):
                raise OSError(28, "no space left for a whole letter")
        finally:
            os.close(file)


def open_own(path: Path) -> int:
    """A file to append to. Never through a link: it may lead to any file of ours."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
    file = os.open(path, flags, 0o600)
    give(file, path.parent)
    return file


def _ends_a_line(file: int) -> bool:
    size = os.fstat(file).st_size
    return not size or os.pread(file, 1, size - 1) == b"\n"
