"""The body of a request that a machine sends, unpacked, with a limit that is kept while reading."""

from __future__ import annotations

import zlib
from collections.abc import Collection
from typing import IO

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge

from .batch import MAX_BATCH
from .payload import Unreadable

#: Bytes that are read and unpacked at a time.
_CHUNK = 64 * 1024

JSON = frozenset({"application/json"})


def read(current: Request, types: Collection[str] = JSON) -> bytes:
    """The body, unpacked; never more than one chunk beyond ``MAX_BATCH`` is in memory.

    :param types: content types that are taken.
    :raises Unreadable: too large, of another type, or not packed as it says.
    """
    if current.mimetype not in types:
        raise Unreadable(415, "Send JSON, as application/json.", "Content-Type")
    packing = current.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip"):
        raise Unreadable(415, "Send it as it is, or packed by gzip.", "Content-Encoding")
    if (current.content_length or 0) > MAX_BATCH:
        raise _too_large()
    try:
        return _gunzipped(current.stream) if packing == "gzip" else _plain(current.stream)
    except RequestEntityTooLarge:
        raise Unreadable(413, "The body is larger than this application takes.") from None


def _plain(stream: IO[bytes]) -> bytes:
    content = stream.read(MAX_BATCH + 1)
    if len(content) > MAX_BATCH:
        raise _too_large()
    return content


def _gunzipped(stream: IO[bytes]) -> bytes:
    """Unpack piece by piece: a small bomb must not become a large memory."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    content = bytearray()
    packed = 0
    try:
        while chunk := stream.read(_CHUNK):
            packed += len(chunk)
            content += unpacker.decompress(chunk, MAX_BATCH + 1 - len(content))
            if len(content) > MAX_BATCH or unpacker.unconsumed_tail or packed > MAX_BATCH:
                raise _too_large()
            if unpacker.unused_data:
                raise zlib.error
    except zlib.error:
        raise Unreadable(400, "This is not one gzip stream.", "Content-Encoding") from None
    if not unpacker.eof:
        raise Unreadable(400, "The gzip stream ends too early.", "Content-Encoding")
    return bytes(content)


def _too_large() -> Unreadable:
    return Unreadable(413, f"More than {MAX_BATCH} bytes, unpacked: send fewer events at a time.")
