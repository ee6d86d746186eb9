"""Keys of machines: how they are given in the settings, sent, and compared."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from flask import Request

from ..errors import ConfigurationError

#: Begins a key that is given as its hash.
HASHED = "sha256:"


def digests(setting: str, keys: Mapping[str, str]) -> list[bytes]:
    """The hashes of all keys of a setting.

    :raises ConfigurationError: one is a hash that is none.
    """
    return [_digest(setting, name, key) for name, key in keys.items()]


def is_known(given: bytes, known: Iterable[bytes]) -> bool:
    """Compare with all of them, so that the time it takes tells nothing."""
    digest = hashlib.sha256(given).digest()
    matches = [hmac.compare_digest(digest, one) for one in known]
    return any(matches)


def bearer(current: Request) -> bytes | None:
    """The key of ``Authorization: Bearer KEY``, or None."""
    scheme, _, key = current.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        return None
    return key.strip().encode("latin-1", "replace")


def basic(current: Request) -> bytes | None:
    """The key sent as the user name of Basic, with any password, as Segment's clients do."""
    found = current.authorization
    if found is None or found.type != "basic" or not found.username:
        return None
    return found.username.encode()


def _digest(setting: str, name: str, key: str) -> bytes:
    if not key.startswith(HASHED):
        return hashlib.sha256(key.encode()).digest()
    try:
        digest = bytes.fromhex(key.removeprefix(HASHED))
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise ConfigurationError(
            f"The key {name!r} of {setting} is no SHA-256 hash: write "
            f'"{HASHED}" and 64 hexadecimal digits, or the key itself'
        )
    return digest
