"""Counts by name, from any thread, of one process: a forked child starts from zero.

The lock of a counter could be held by another thread while the process forks, and would then
stay locked in the child for ever: a child gets a new one.
"""

from __future__ import annotations

import os
from collections import Counter
from threading import Lock
from weakref import WeakSet


class Tally:
    """``count`` is safe in any thread; ``summary`` is the counts so far."""

    def __init__(self) -> None:
        self.renew()
        _tallies.add(self)

    def renew(self) -> None:
        """Start from zero."""
        self._lock = Lock()
        self._counts: Counter[str] = Counter()

    def count(self, name: str, by: int = 1) -> None:
        """Add to a count."""
        if by:
            with self._lock:
                self._counts[name] += by

    def summary(self) -> dict[str, int]:
        """Each name that was counted."""
        with self._lock:
            return dict(self._counts)


_tallies: WeakSet[Tally] = WeakSet()


def _after_fork_in_child() -> None:
    for tally in list(_tallies):
        tally.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
