"""Visitors without a cookie: a hash of address and user agent, with a salt that lives one day.

The salt is random, shared by the processes of a machine through a file, and destroyed an hour after
its day: from then on nobody can tell whose hash it was, or that two days' hashes are one visitor.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import IPv6Address
from pathlib import Path

from .delivery import folder

_DAY = 86_400

#: Seconds that a salt outlives its day, for events that wait to be completed.
GRACE = 3600

_BYTES = 32

#: Visitors of today whose hash is kept in memory.
_MOST = 8192


class DailySalt:
    """Gives visitors of today (UTC) an id that is the same in each process of this machine.

    :param place: folder of the salt's file; None: a salt of this process alone.
    :param clock: seconds since the epoch.
    """

    def __init__(self, place: Path | None, clock: Callable[[], float] = time.time) -> None:
        self._place = place
        self._clock = clock
        self._salts: dict[int, bytes] = {}
        self._known: dict[tuple[int, str, str], str] = {}
        #: The first day whose salt may still be there.
        self._first = 0

    def visitor(self, address: str | None, agent: str | None, moment: datetime) -> str | None:
        """The id of whoever was behind an address and a user agent at that moment: 22
        hexadecimal digits. None without both, and for a day whose salt is gone or not there yet."""
        if not address or not agent:
            return None
        day = int(moment.timestamp()) // _DAY
        key = (day, address, agent)
        known = self._known.get(key)
        if known is not None and day in self._salts:
            return known
        salt = self._of(day)
        if salt is None:
            return None
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[key] = found = hashed(salt, address, agent)
        return found

    def tidy(self) -> None:
        """Destroy what is over, though no visitor comes: called every second or so."""
        now = self._clock()
        self._destroy(int(now) // _DAY - (now % _DAY < GRACE))

    def _of(self, day: int) -> bytes | None:
        now = self._clock()
        today = int(now) // _DAY
        if day not in self._salts:
            if day == today:
                self._salts[day] = self._read(day) or self._make(day)
            elif day == today - 1 and now % _DAY < GRACE and (salt := self._read(day)):
                self._salts[day] = salt
        self.tidy()
        return self._salts.get(day)

    def _read(self, day: int) -> bytes | None:
        if self._place is None:
            return None
        try:
            salt = _path(self._place, day).read_bytes()
        except OSError:
            return None
        return salt if len(salt) == _BYTES else None

    def _make(self, day: int) -> bytes:
        """A new salt; where another process was faster, its."""
        salt = os.urandom(_BYTES)
        if self._place is None:
            return salt
        with suppress(OSError):  # a folder that cannot be written: each process has its own
            folder.make(self._place)
            draft = self._place / f".salt-{os.getpid()}-{salt[:4].hex()}"
            file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(file, salt)
                folder.give(file, self._place)
                os.link(draft, _path(self._place, day))  # whole, or not at all
            except FileExistsError:
                pass
            finally:
                os.close(file)
                os.unlink(draft)
        return self._read(day) or salt

    def _destroy(self, first: int) -> None:
        """Forget the salts of days before the first, here and on the disk."""
        if all(day >= first for day in self._salts) and self._first == first:
            return
        self._first = first
        self._salts = {day: salt for day, salt in self._salts.items() if day >= first}
        self._known = {key: value for key, value in self._known.items() if key[0] >= first}
        for path in self._place.glob("salt-*") if self._place else ():
            if path.name < _path(path.parent, first).name:
                with suppress(OSError):
                    path.unlink()


def _path(place: Path, day: int) -> Path:
    return place / f"salt-{datetime.fromtimestamp(day * _DAY, UTC):%Y%m%d}"


def hashed(salt: bytes, address: str, agent: str) -> str:
    """The id of an address and a user agent. Of an IPv6 address only the network
    counts: the rest changes by itself (RFC 8981)."""
    if ":" in address:
        try:
            parsed = IPv6Address(address)
            if parsed.ipv4_mapped is None:
                address = parsed.packed[:8].hex()
        except ValueError:  # a proxy's word for one
            pass
    text = f"{address}\0{agent}".encode(errors="replace")
    return hashlib.blake2b(text, key=salt, digest_size=11).hexdigest()
