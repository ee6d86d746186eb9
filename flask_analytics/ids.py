"""Message and view ids: UUIDv7 from a random prefix of the process and a counter.

A random UUID for each event would cost more than the rest of the hot path together. Here the
request only draws a number; the text is made later, in the dispatcher's thread.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable

#: 74 bits of a UUIDv7 are free (RFC 9562, section 5.7): 42 for the process, 32 for the counter.
_COUNTER_BITS = 32
_PREFIX_BITS = 42


class Ids:
    """Draws numbers in any thread and writes them as UUIDv7. A forked child starts anew."""

    def __init__(self, pid: Callable[[], int] = os.getpid) -> None:
        self._pid = pid
        self._numbers = itertools.count(1)
        #: Draw the next number; atomic, 40 ns.
        self.draw: Callable[[], int] = self._numbers.__next__
        self._renew()

    def _renew(self) -> None:
        self._owner = self._pid()
        self._prefix = int.from_bytes(os.urandom(6), "big") >> (48 - _PREFIX_BITS)

    def write(self, number: int, at: float) -> str:
        """The id of a drawn number; ``at`` in seconds since the epoch. Same input, same id."""
        if self._owner != self._pid():  # the prefix of the parent would make twins
            self._renew()
        free = self._prefix << _COUNTER_BITS | number & 0xFFFFFFFF
        high = int(at * 1000) & 0xFFFFFFFFFFFF
        text = f"{high:012x}7{free >> 62:03x}{0x8 << 60 | free & 0x3FFFFFFFFFFFFFFF:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
