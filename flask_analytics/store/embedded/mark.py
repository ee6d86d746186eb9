"""Message and view ids in few bytes: as a key of 16, and as columns that compress well."""

from __future__ import annotations

import hashlib
import re

#: A UUID as we and most others write it; any other text is kept as it is.
_is_uuid = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch

_is_version_7 = re.compile(".{14}7.{4}[89ab].{16}").fullmatch


def key(text: str) -> bytes:
    """An id as 16 bytes. UUIDs keep their order, so that ids of one time lie together."""
    digits = text.replace("-", "")
    if len(digits) == 32 and len(text) == 36 and text[8:24:5] == "----":
        try:
            made = bytes.fromhex(digits)
        except ValueError:
            made = b""
        if made.hex() == digits:  # capitals are another text
            return made
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def split(text: str | None) -> tuple[str | None, int | None, int | None, int | None]:
    """An id as (text, milliseconds, prefix, counter), see ``ids.py``: the first alone, or the
    other three where it is a UUIDv7. Those of one process differ little from each other."""
    if text is None or not _is_uuid(text) or not _is_version_7(text):
        return text, None, None, None
    number = int(text.replace("-", ""), 16)
    prefix = (number >> 64 & 0xFFF) << 30 | number >> 32 & 0x3FFFFFFF
    return None, number >> 80, prefix, number & 0xFFFFFFFF


def joined(name: str) -> str:
    """The SQL (DuckDB) that makes the text again from the columns ``<name>_text`` and so on."""
    ms, prefix, count = f"(ts // 1000 + {name}_ms)", f"{name}_prefix", f"{name}_count"
    return (
        f"coalesce({name}_text, format('{{:08x}}-{{:04x}}-7{{:03x}}-{{:04x}}-{{:04x}}{{:08x}}',"
        f" {ms} >> 16, {ms} & 65535, {prefix} >> 30,"
        f" 32768 | ({prefix} >> 16 & 16383), {prefix} & 65535, {count}))"
    )
