"""The inbox: the newest events, in memory, each with a number."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from threading import Lock
from typing import Any

#: Events that are kept; an older one makes room.
MOST = 500

Event = dict[str, Any]


class Inbox:
    """Keeps the newest events and numbers them from 1. Safe to use from any thread."""

    def __init__(self) -> None:
        self._events: deque[tuple[int, Event]] = deque(maxlen=MOST)
        self._count = 0
        self._lock = Lock()

    def add(self, events: Iterable[Event]) -> None:
        """Take events, in the order in which they come."""
        with self._lock:
            for event in events:
                self._count += 1
                self._events.append((self._count, event))

    def after(self, number: int) -> list[tuple[int, Event]]:
        """The events with a higher number, oldest first."""
        with self._lock:
            return [(n, event) for n, event in self._events if n > number]
