"""The lines of a file or of standard input, unpacked where it is gzip, in bounded memory. Where it
is one JSON array, its elements stand for lines."""

from __future__ import annotations

import codecs
import io
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from .elements import MAX_ELEMENT, Elements, is_array
from .refusal import Unreadable

#: Bytes of a line that are kept; an event has at most 32 KiB. Of a longer line only this.
MAX_LINE = 256 * 1024

#: Bytes that tell one file from another, and those that tell its format.
HEAD, PREVIEW = 1024, 64 * 1024

_BUFFER = 1 << 20
_CHUNK = 1 << 16

#: Bits of a window, and 16 for gzip's header.
_GZIP = 16 + zlib.MAX_WBITS

_BOM = b"\xef\xbb\xbf"

#: First bytes of what is no text, and what to do about it.
_STRANGERS = {
    b"PK\x03\x04": "a zip archive: give it as a file, not through a pipe",
    b"\x28\xb5\x2f\xfd": "packed with zstd: use zstdcat FILE | flask analytics import -",
    b"BZh": "packed with bzip2: use bzcat FILE | flask analytics import -",
    b"\xfd7zXZ\x00": "packed with xz: use xzcat FILE | flask analytics import -",
    b"PAR1": "Parquet: write it as NDJSON or CSV",
}

#: First bytes of UTF-16, in which Matomo and spreadsheets write tables.
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


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


class _Decoded(io.RawIOBase):
    """UTF-16 as UTF-8."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-16")("replace")
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            data = self._stream.read(_CHUNK)
            self._rest = self._decoder.decode(data, not data).encode("utf-8", "replace")
            if not data:
                break
        found, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(found)] = found
        return len(found)


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
        self._stream: Any = io.BufferedReader(self._counted, _BUFFER)
        if self._peek()[:2] == b"\x1f\x8b":
            self._stream = io.BufferedReader(cast(Any, _Unpacked(self._stream)), _BUFFER)
        #: The first bytes, at most PREVIEW.
        self.preview = self._look()
        self.head = self.preview[:HEAD]
        self._elements: Elements | None = None
        if is_array(self.head):
            self._elements = Elements(lambda: self._stream.read1(_BUFFER))
            self._array = iter(self._elements)

    @property
    def limit(self) -> int:
        """Bytes of a line that are kept."""
        return MAX_ELEMENT if self._elements else MAX_LINE

    @property
    def position(self) -> int:
        """Bytes of the file that were read, as it is packed."""
        return self._counted.count

    def _look(self) -> bytes:
        head = self._peek()
        if head.startswith(_UTF16):
            self._stream = io.BufferedReader(cast(Any, _Decoded(self._stream)), _BUFFER)
            head = self._peek()
        for sign, what in _STRANGERS.items():
            if head.startswith(sign):
                raise Unreadable(f"it is {what}")
        if b"\0" in head[:HEAD]:
            raise Unreadable("it is binary, no text")
        if head.startswith(_BOM):
            self._stream.read(len(_BOM))
            head = head[len(_BOM) :]
        return head

    def _peek(self) -> bytes:
        try:
            return bytes(self._stream.peek(HEAD)[:PREVIEW])
        except (OSError, EOFError, zlib.error) as error:
            raise Unreadable(f"it cannot be unpacked ({error})") from None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._elements is not None:
            return self._element(self._elements)
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

    def _element(self, elements: Elements) -> bytes:
        try:
            element = next(self._array)
        except (OSError, EOFError, zlib.error) as error:
            self.fault = self.fault or f"{error}"
            raise StopIteration from None
        self.number += 1
        self.is_cut = elements.is_cut
        return element

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
