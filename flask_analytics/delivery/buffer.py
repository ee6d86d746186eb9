"""Events that wait in memory, and how many of them one process may hold.

Lanes share their entries, so an event is counted once however many lanes wait with it. When the
budget is spent the lane that waits with most gives its oldest one up, counted by whoever asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from .segment import Segment

#: Bytes that Python needs for a waiting event besides its JSON: see benchmarks/memory.py.
ENTRY_BYTES = 200


class Entry(msgspec.Struct, gc=False, eq=False):
    """An accepted event as JSON, serialised once for every collector and every attempt."""

    body: bytes
    #: When it was accepted, in seconds since the epoch by a clock that does not jump.
    at: float
    #: Where it is in the journal, from ``start`` up to ``end``; None: only in memory.
    segment: Segment | None = None
    start: int = 0
    end: int = 0
    #: Lanes that have it in memory.
    holders: int = 0
    #: Whether it may be on a disk, should it end as a dead letter.
    may_keep: bool = True

    @property
    def size(self) -> int:
        """Bytes that it takes in memory, about."""
        return len(self.body) + ENTRY_BYTES


class Budget:
    """What all lanes of a process may hold together."""

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._buffers: list[Buffer] = []
        self.events = self.bytes = 0

    def join(self, buffer: Buffer) -> None:
        """Let one more buffer have its share."""
        self._buffers.append(buffer)

    def hold(self, entry: Entry) -> None:
        """A lane has the entry in memory from now on."""
        if not entry.holders:
            self.events += 1
            self.bytes += entry.size
        entry.holders += 1

    def release(self, entry: Entry) -> None:
        """A lane is done with the entry."""
        entry.holders -= 1
        if not entry.holders:
            self.events -= 1
            self.bytes -= entry.size

    def relieve(self) -> None:
        """Give the oldest events up until the rest is within the limits."""
        while self.events > self._max_events or self.bytes > self._max_bytes:
            longest = max(self._buffers, key=len)
            if not longest:  # all of it is under way
                return
            longest.evict()

    def has_share(self, events: int, size: int) -> bool:
        """Whether one lane that holds so much is within its share; for those that can wait
        elsewhere, so that no lane starves another."""
        lanes = len(self._buffers)
        return events <= self._max_events / lanes and size <= self._max_bytes / lanes


class Buffer:
    """One lane's waiting events, first in, first out.

    :param evicted: called with each entry that had to go.
    """

    def __init__(self, budget: Budget, evicted: Callable[[Entry], None]) -> None:
        self._budget = budget
        self._evicted = evicted
        self._entries: deque[Entry] = deque()
        #: What the lane has in memory: that which waits here, and that which is under way.
        self._held = self._held_bytes = 0
        budget.join(self)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def has_room(self, entry: Entry) -> bool:
        """Whether there is room for one more without taking the other lanes' share. What is under
        way counts: beyond the budget the oldest one that waits would have to go."""
        return self._budget.has_share(self._held + 1, self._held_bytes + entry.size)

    @property
    def first(self) -> Entry:
        """The one that waits longest."""
        return self._entries[0]

    def append(self, entry: Entry) -> None:
        """Add one; others may have to go for it."""
        self._entries.append(entry)
        self._held += 1
        self._held_bytes += entry.size
        self._budget.hold(entry)
        if entry.segment is None:  # others are on disk: who has no room for them leaves them there
            self._budget.relieve()

    def pop(self) -> Entry:
        """Take the oldest one out. It stays in the budget until it is ``release``d."""
        return self._entries.popleft()

    def release(self, entry: Entry) -> None:
        """An entry that was taken out has ended."""
        self._held -= 1
        self._held_bytes -= entry.size
        self._budget.release(entry)

    def evict(self) -> None:
        """Give the oldest one up."""
        entry = self.pop()
        self.release(entry)
        self._evicted(entry)
