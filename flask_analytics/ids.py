"""Message and view ids: UUIDv7 from a random prefix of the process and a counter.

A random UUID for each event would cost more than the rest of the hot path together. Here the
request only draws a number; the text is made later, in the dispatcher's thread.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable

#: 74 bits of a UUIDv7 are free (RFC 9562, section 5.7): 42 for the process, 32 for the counter.
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
        bits = int.from_bytes(os.urandom(6), "big") >> (48 - _PREFIX_BITS)
        # 12 bits stand behind the version, 14 behind the variant, 16 before the counter.
        self._middle = f"-7{bits >> 30:03x}-{0x8000 | bits >> 16 & 0x3FFF:04x}-{bits & 0xFFFF:04x}"

    def write(self, number: int, at: float) -> str:
        """The id of a drawn number; ``at`` in seconds since the epoch. Same input, same id."""
        return write(self.prefix(), number, at)

    def prefix(self) -> str:
        """What all ids of this process have in their middle."""
        if self._owner != self._pid():  # that of the parent would make twins
            self._renew()
        return self._middle


def write(prefix: str, number: int, at: float) -> str:
    """The id of a number that was drawn in the process with this prefix."""
    ms = int(at * 1000)
    return "%08x-%04x%s%08x" % (  # noqa: UP031  an f-string takes half as long again
        ms >> 16 & 0xFFFFFFFF, ms & 0xFFFF, prefix, number & 0xFFFFFFFF,
    )  # fmt: skip
