"""Anonymous ids for the visitors of a log: another one every day, and nobody's address."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

from ...salt import hashed

#: Bytes of the salt.
_SIZE = 32


class Visitors:
    """Makes anonymous ids.

    One salt serves all files, so that a day that is cut into two logs keeps its visitors. It
    stays in ``path`` until somebody deletes it; from then on no address leads to an id any more.

    :param path: where the salt is; None: it is forgotten with this object.
    """

    def __init__(self, path: Path | None) -> None:
        self._salt = os.urandom(_SIZE) if path is None else _kept(path)
        self._days: dict[str, bytes] = {}

    def __call__(self, day: str, address: str, agent: str) -> str:
        if day not in self._days:
            self._days = {day: blake2b(day.encode(), key=self._salt, digest_size=_SIZE).digest()}
        return hashed(self._days[day], address, agent)


def _kept(path: Path) -> bytes:
    """The salt of the file, which is made where there is none.

    :raises OSError: it can be neither read nor made.
    """
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            salt = os.urandom(_SIZE)
            file.write(salt)
            return salt
    except FileExistsError:
        salt = path.read_bytes()
        if len(salt) != _SIZE:  # killed while it was made: nothing was hashed with it
            path.unlink()
            return _kept(path)
        return salt
