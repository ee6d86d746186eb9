"""What holds of every event that comes out of a target."""

from __future__ import annotations

import json
from typing import NoReturn

from flask_analytics.event import Event, decode, encode

#: What a fuzzer that knows no grammar would take long to find.
TOKENS = [
    b"\0", b"\xff", b"\xed\xa0\x80", b'"', b"\\ud800", b"\\u0000", b"{", b"}", b"[" * 50, b"]",
    b":", b",", b"-1", b"1e999", b"NaN", b"9" * 40, b"null", b"true", b"\n", b"\r\n", b"\x1f\x8b",
    b"%", b"@", b"?", b"#", b"//", b"=", b"&", b"\xef\xbb\xbf", b"9999-12-31T23:59:59Z",
    b"0001-01-01T00:00:00+14:00",
]  # fmt: skip


def refused(status: int) -> None:
    """The sender has to do something about it."""
    assert 400 <= status < 500


def short(error: Exception) -> None:
    """What was wrong, and not all of it."""
    assert 0 < len(str(error)) < 600


def strict(body: bytes) -> None:
    """JSON in UTF-8, without NaN."""
    json.loads(body.decode("utf-8"), parse_constant=refuse)


def refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is no JSON")


def sound(event: Event) -> None:
    """It is written as strict JSON, and read back the same."""
    body = encode(event)
    strict(body)
    assert encode(decode(body)) == body
