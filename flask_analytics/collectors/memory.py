"""Keeps events in memory: for tests and for a look while developing."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .base import Collector

if TYPE_CHECKING:
    from ..event import Event


class MemoryCollector(Collector):
    """The newest ``maxlen`` events, oldest first, in ``events``. What TESTING uses."""

    blocking = False
    purpose = None

    def __init__(self, maxlen: int = 10_000, *, name: str | None = None) -> None:
        self.name = name or self.name
        self.events: deque[Event] = deque(maxlen=maxlen)

    def collect(self, event: Event) -> None:
        """Keep it."""
        self.events.append(event)

    def clear(self) -> None:
        """Forget all of them."""
        self.events.clear()
