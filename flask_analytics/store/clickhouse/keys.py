"""Keys of 128 bits for ids of any length, and safe names for properties."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from urllib.parse import quote

USER, ANONYMOUS = 0, 1

#: No id hashes to it; stands for nobody.
NOBODY = 0


@lru_cache(16_384)
def person_key(kind: int, text: str) -> int:
    """The key of an id. A user id and an anonymous id of the same text are two."""
    return _hashed(b"ua"[kind : kind + 1], text)


def both_keys(text: str) -> tuple[int, int]:
    """The keys of an id: as a user id, as an anonymous id."""
    return person_key(USER, text), person_key(ANONYMOUS, text)


def view_key(text: str) -> int:
    """The key of a page view's id."""
    return _hashed(b"v", text)


def _hashed(kind: bytes, text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=16, person=kind).digest()
    return int.from_bytes(digest, "big") or 1


@lru_cache(16_384)
def property_path(name: str) -> str:
    """A property's name as it is called in the table: letters, digits, ``_-~%`` only, so that it
    may stand in SQL, and no point, which would be a path. Different names stay different."""
    return quote(name, safe="").replace(".", "%2E") or "%"
