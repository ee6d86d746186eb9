"""Message ids for records that have none: of what they say, so that a file may be read twice.

Two records that are equal to the letter are two events, as two requests of one second are: the
second is told from the first by its number. The numbers are kept for the last records only; a
twin that comes later than ``REACH`` different records counts as the one before, read again.
"""

from __future__ import annotations

from hashlib import blake2b

#: Different records over which twins are told apart, at least.
REACH = 200_000

#: Bytes of a digest: the 74 bits that a UUIDv7 has beside its time, and no more.
_SIZE = 10


class Twins:
    """Numbers equal records.

    :param salt: what tells equal records of two sources apart, if anything.
    """

    def __init__(self, salt: str = "", reach: int = REACH) -> None:
        self._start = blake2b(salt.encode(), digest_size=_SIZE)
        self._reach = reach
        self._young: dict[bytes, int] = {}
        self._old: dict[bytes, int] = {}

    def digest(self, raw: bytes) -> bytes:
        """Of a record and its number among equal ones."""
        sum_ = self._start.copy()
        sum_.update(raw)
        found = sum_.digest()
        young = self._young
        number = young.get(found)
        if number is None:
            number = self._old.get(found, 0)
            if len(young) >= self._reach:
                self._old, self._young = young, {}
                young = self._young
        young[found] = number + 1
        if number:
            sum_.update(b"\n%d" % number)
            return sum_.digest()
        return found


def own_id(key: str, us: int) -> str:
    """A message id made of the id that an event has in another system."""
    return message_id(blake2b(key.encode("utf-8", "replace"), digest_size=_SIZE).digest(), us)


def message_id(digest: bytes, us: int) -> str:
    """A UUIDv7 of the event's time (microseconds since the epoch) and a digest, so that stores
    can pack and sort it as they do with our own."""
    ms = max(us, 0) // 1000
    bits = int.from_bytes(digest, "big")
    high, low = 0x7000 | bits >> 62 & 0xFFF, 0x8000 | bits >> 48 & 0x3FFF
    tail = bits & 0xFFFFFFFFFFFF
    return "%08x-%04x-%04x-%04x-%012x" % (  # noqa: UP031  an f-string takes half as long again
        ms >> 16 & 0xFFFFFFFF, ms & 0xFFFF, high, low, tail,
    )  # fmt: skip
