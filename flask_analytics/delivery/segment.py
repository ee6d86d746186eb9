"""One file of the journal: events in the order of their acceptance, held by one process at a time.

A record is a line: 8 hex digits of its CRC-32, 8 of the second when it was accepted, and JSON. The
CRC starts from the second, so it covers that too. Beside the file lies ``.ack``, one line of the
same form, rewritten in place: how far each collector is.

Who holds a file has locked it, until it lets go or dies.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from binascii import hexlify, unhexlify
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from . import folder

#: Bytes read in one go.
CHUNK = 256 * 1024

#: CRC and seconds, and the characters that they take.
_pack, _unpack = struct.Struct(">II").pack, struct.Struct(">II").unpack
_HEAD = 16

#: What a body consists of that was taken out.
BLANK = b"#"

NEW = ".new"
ACK = ".ack"


class Record(NamedTuple):
    """A record, or with an empty ``body`` a place that holds none."""

    body: bytes
    at: float
    start: int
    end: int


class Ack(msgspec.Struct, array_like=True):
    """How far one collector is in one segment."""

    #: Everything before is done, apart from ``holes``.
    frontier: int = 0
    #: Starts of records before the frontier that are not done.
    holes: list[int] = []
    #: Adopters that died while they sent the first of what is left.
    deaths: int = 0
    #: Whether an adopter is sending right now.
    is_sending: bool = False


_decode_acks = msgspec.json.Decoder(dict[str, Ack]).decode
_encode = msgspec.json.Encoder().encode


class Segment:
    """An open file of the journal. Made by ``create`` or ``adopt``."""

    def __init__(self, path: Path, file: int, ack_file: int) -> None:
        self.path = path
        self._file = file
        self._ack_file = ack_file
        self._last_ack = b""
        self.end = os.fstat(file).st_size
        #: What was found at adoption, by collector; empty for a new segment.
        self.acks: dict[str, Ack] = {}
        self.is_open = True

    @classmethod
    def create(cls, path: Path, names: list[str]) -> Segment:
        """A new file. It gets its name when it is locked: nobody can adopt it before.

        :raises OSError: the folder cannot be written.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        new = path.with_name(path.name + NEW)
        ack_file = os.open(path.with_name(path.name + ACK), flags, 0o600)
        try:
            file = os.open(new, flags | os.O_APPEND, 0o600)
        except OSError:
            os.close(ack_file)
            _delete(new, path)
            raise
        segment = cls(path, file, ack_file)
        try:
            folder.lock(file, folder.ALONE)
            for each in (file, ack_file):
                folder.give(each, path.parent)
            segment.acknowledge({name: Ack() for name in names})
            os.rename(new, path)
        except OSError:
            segment.close()
            _delete(new, path)
            raise
        return segment

    @classmethod
    def adopt(cls, path: Path) -> Segment | None:
        """Take over what a dead process left; None when somebody holds it or has finished it."""
        opened: list[int] = []
        try:
            opened.append(_open(path, os.O_APPEND))
            folder.lock(opened[0], folder.ALONE)
            if os.fstat(opened[0]).st_nlink == 0:
                raise FileNotFoundError(path)
            opened.append(_open(path.with_name(path.name + ACK), os.O_CREAT))
            segment = cls(path, *opened)
            segment.acks = segment._read_acks()
        except OSError:
            for file in opened:
                os.close(file)
            return None
        return segment

    # -- records

    def append(self, body: bytes, at: int) -> int:
        """Write a record; the answer is where it starts.

        :raises OSError: it could not be written whole; the file is as it was before.
        """
        start = self.end
        line = frame(body, at)
        written = os.write(self._file, line)
        if written != len(line):
            os.ftruncate(self._file, start)
            raise OSError(28, "no space left for a whole record")
        self.end = start + written
        return start

    def read(self, start: int, end: int) -> Iterator[Record]:
        """The records from ``start``, where one begins, up to ``end``: always all of that. What
        cannot be read is a record without a body, so that nobody waits for it."""
        rest = b""
        while start + len(rest) < end:
            offset = start + len(rest)
            chunk = self._chunk(offset, end)
            if not chunk:  # somebody has cut the file, or the disk does not give it back
                yield Record(b"", 0.0, start, end)
                return
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield Record(*_parse(line), start, start + len(line) + 1)
                start += len(line) + 1
        if rest:  # the process died while it wrote
            yield Record(b"", 0.0, start, start + len(rest))

    def _chunk(self, start: int, end: int) -> bytes:
        try:
            return os.pread(self._file, min(CHUNK, end - start), start)
        except OSError:
            return b""

    # -- acknowledgements

    def acknowledge(self, acks: dict[str, Ack]) -> None:
        """Write down how far everybody is; collectors that only another process has stay where
        they were. One small write at the start of a file: a process that dies cannot leave half.

        :raises OSError: it could not be written; at worst events are delivered again.
        """
        line = frame(_encode({**self.acks, **acks}), 0)
        if line != self._last_ack:
            os.pwrite(self._ack_file, line, 0)
            self._last_ack = line

    def left_for(self) -> set[str]:
        """The collectors that were not done with it when it was adopted."""
        acks = self.acks.items()
        return {name for name, ack in acks if ack.frontier < self.end or ack.holes}

    def _read_acks(self) -> dict[str, Ack]:
        line, _, _ = os.pread(self._ack_file, CHUNK, 0).partition(b"\n")
        body, _ = _parse(line)
        try:
            acks = _decode_acks(body) if body else {}
        except msgspec.DecodeError:
            return {}
        return {name: self._sound(ack) for name, ack in acks.items()}

    def _sound(self, ack: Ack) -> Ack:
        """An ack that fits the file. Beyond its end: the file was cut, and nobody knows what of
        the rest was written since. Rather twice than never."""
        if not 0 <= ack.frontier <= self.end:
            return Ack()
        ack.holes = [hole for hole in ack.holes if 0 <= hole < ack.frontier]
        return ack

    # -- what is taken out, see ``blanks``

    def overwrite(self, start: int, line: bytes) -> None:
        """Put something else of the same length in its place."""
        os.pwrite(self._file, line, start)

    def ends_line(self, end: int) -> bool:
        """Whether a line ends there."""
        return os.pread(self._file, 1, end - 1) == b"\n"

    def is_left(self) -> bool:
        """Whether nobody writes it any more."""
        try:
            folder.lock(self._file, folder.ALONE)
        except OSError:
            return False
        folder.lock(self._file, folder.FREE)
        return True

    # -- the end

    def is_whole(self) -> bool:
        """Whether the file still has its name, and everything that was written.

        :raises OSError: the folder is not ours any more.
        """
        end = self.end  # first: other threads append
        return self.path.exists() and os.fstat(self._file).st_size >= end

    def sync(self) -> None:
        """Wait until the disk has it."""
        os.fdatasync(self._file)

    def close(self) -> None:
        """Let go of it: the next process may adopt it."""
        if self.is_open:
            self.is_open = False
            os.close(self._file)
            os.close(self._ack_file)

    def remove(self) -> None:
        """Delete it."""
        _delete(self.path, self.path)
        self.close()


def _open(path: Path, flags: int) -> int:
    """Open a file that somebody else has made: never a link, which may lead to any file of ours,
    and never a pipe or a device.

    :raises OSError: it is no ordinary file, or not ours to write.
    """
    file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | flags, 0o600)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(22, "no ordinary file", str(path))
    return file


def _delete(file: Path, path: Path) -> None:
    """Remove a file of the journal at ``path``, and its acknowledgements."""
    for each in (file, path.with_name(path.name + ACK)):
        each.unlink(missing_ok=True)


def frame(body: bytes, at: int) -> bytes:
    """A record as it stands in a file."""
    return hexlify(_pack(zlib.crc32(body, at), at)) + body + b"\n"


def _parse(line: bytes) -> tuple[bytes, float]:
    """What a line holds; no body if it is not as it was written."""
    body = line[_HEAD:]
    try:
        crc, at = _unpack(unhexlify(line[:_HEAD]))
    except (ValueError, struct.error):
        return b"", 0.0
    return (body, float(at)) if zlib.crc32(body, at) == crc else (b"", 0.0)
