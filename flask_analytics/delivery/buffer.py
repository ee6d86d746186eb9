"""A bounded buffer of serialised events: when it is full, the oldest one goes, counted."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from ..event import Event


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An event and its JSON, serialised once for every collector and every attempt."""

    event: Event
    body: bytes


class Buffer:
    """First in, first out, at most ``max_events`` and ``max_bytes`` of JSON."""

    def __init__(self, max_events: int, max_bytes: int) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._entries: deque[Entry] = deque()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def append(self, entry: Entry) -> int:
        """Add one; the answer is how many old ones had to go."""
        self._entries.append(entry)
        self.bytes += len(entry.body)
        evicted = 0
        while len(self._entries) > self._max_events or self.bytes > self._max_bytes:
            self._pop()
            evicted += 1
        return evicted

    def take(self, most: int) -> list[Entry]:
        """Remove and return the oldest ones."""
        return [self._pop() for _ in range(min(most, len(self._entries)))]

    def _pop(self) -> Entry:
        entry = self._entries.popleft()
        self.bytes -= len(entry.body)
        return entry
