"""The lines of a file or of standard input, unpacked where it is gzip, in bounded memory."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from .refusal import Unreadable

#: Bytes of a line that are kept; an event has at most 32 KiB. Of a longer line only this.
MAX_LINE = 256 * 1024

#: Bytes that tell a file's format and one file from another.
HEAD = 1024

_BUFFER = 1 << 20
_CHUNK = 1 << 16

#: Bits of a window, and 16 for gzip's header.
_GZIP = 16 + zlib.MAX_WBITS

_BOM = b"\xef\xbb\xbf"

#: First bytes of what is no text, and what to do about it.
_STRANGERS = {
    b"PK\x03\x04": "a zip archive: unpack it",
    b"\x28\xb5\x2f\xfd": "packed with zstd: use zstdcat FILE | flask analytics import -",
    b"BZh": "packed with bzip2: use bzcat FILE | flask analytics import -",
    b"\xfd7zXZ\x00": "packed with xz: use xzcat FILE | flask analytics import -",
    b"PAR1": "Parquet: write it as NDJSON or CSV",
    b"\xff\xfe": "UTF-16: use iconv -f utf-16 -t utf-8 FILE | flask analytics import -",
    b"\xfe\xff": "UTF-16: use iconv -f utf-16 -t utf-8 FILE | flask analytics import -",
}


class _Counted(io.RawIOBase):
    """Counts the bytes that were read: how far a file is, packed or not."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)


class _Unpacked(io.RawIOBase):
    """What is in a gzip of one or more members, up to where it is damaged.

    Not ``gzip.GzipFile``: that one keeps for itself what it read before the damage.
    """

    def __init__(self, packed: Any) -> None:
        self._packed = packed
        self._member = zlib.decompressobj(_GZIP)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """:raises EOFError, zlib.error: here it is damaged."""
        while True:
            if self._member.eof and not self._next_member():
                return 0
            data = self._rest or self._packed.read(_CHUNK)
            if not data:
                raise EOFError("the gzip is cut off")
            found = self._member.decompress(data, len(buffer))
            self._rest = self._member.unconsumed_tail
            if found:
                buffer[: len(found)] = found
                return len(found)

    def _next_member(self) -> bool:
        rest = (self._member.unused_data or self._packed.read(_CHUNK)).lstrip(b"\0")
        self._member, self._rest = zlib.decompressobj(_GZIP), rest
        return bool(rest)


class Lines:
    """Walks over the lines of a stream, without their ends. ``raw`` must be unbuffered or read
    by nobody else.

    :raises Unreadable: it is no text that we read.
    """

    def __init__(self, raw: BinaryIO) -> None:
        #: Of the last line handed out, counted from 1.
        self.number = 0
        #: The last line handed out was longer than MAX_LINE, and is only its beginning.
        self.is_cut = False
        #: The last line handed out has no end: perhaps somebody still writes it.
        self.is_open = False
        #: Why the stream broke off before its end, such as a damaged gzip.
        self.fault: str | None = None
        self._counted = _Counted(raw)
        stream: Any = io.BufferedReader(self._counted, _BUFFER)
        if stream.peek(2)[:2] == b"\x1f\x8b":
            stream = io.BufferedReader(cast(Any, _Unpacked(stream)), _BUFFER)
        self._stream = stream
        #: The first bytes, at most HEAD.
        self.head = self._look()

    @property
    def position(self) -> int:
        """Bytes of the file that were read, as it is packed."""
        return self._counted.count

    def _look(self) -> bytes:
        try:
            head = bytes(self._stream.peek(HEAD)[:HEAD])
        except (OSError, EOFError, zlib.error) as error:
            raise Unreadable(f"it cannot be unpacked ({error})") from None
        for sign, what in _STRANGERS.items():
            if head.startswith(sign):
                raise Unreadable(f"it is {what}")
        if b"\0" in head:
            raise Unreadable("it is binary, no text")
        if head.startswith(_BOM):
            self._stream.read(len(_BOM))
            head = head[len(_BOM) :]
        return head

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line = self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self.is_cut = self.is_open = False
        if line.endswith(b"\n"):
            return line[:-2] if line.endswith(b"\r\n") else line[:-1]
        if len(line) < MAX_LINE:
            self.is_open = True
            return line
        self.is_cut = True
        self._skip()
        return line

    def _read(self) -> bytes:
        try:
            line: bytes = self._stream.readline(MAX_LINE)
        except (OSError, EOFError, zlib.error) as error:
            self.fault = self.fault or f"{error}"
            return b""
        return line

    def _skip(self) -> None:
        """To the end of a line that is too long, without holding it."""
        while (part := self._read()) and not part.endswith(b"\n"):
            pass
