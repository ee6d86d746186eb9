"""Counts of the ``limits`` library in the memory of one process, bounded: a flood from ever new
addresses makes it forget the oldest, never grow.

The library's own memory has neither a bound nor a lock that survives a fork, and walks through
every key it has in a thread of its own.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from math import floor
from threading import Lock

from limits.storage import SlidingWindowCounterSupport, Storage

#: Keys that are kept, some 400 bytes each. An address counts only for two windows anyway.
MOST = 16_384


class Table(Storage, SlidingWindowCounterSupport):
    """Two counts for each key: of the window that runs, and of the one before.

    :param clock: seconds; only differences count.
    """

    STORAGE_SCHEME = None  # nobody but us asks for it

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most = most
        self._clock = clock
        #: key -> [window, count, count of the window before], the longest unused first
        self._rows: OrderedDict[str, list[int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._rows)

    # -- a sliding window

    def acquire_sliding_window_entry(
        self, key: str, limit: int, expiry: int, amount: int = 1
    ) -> bool:
        """Count ``amount``, unless that were more than ``limit``."""
        with self._lock:
            row, passed = self._row(key, expiry)
            if floor(row[2] * (1 - passed)) + row[1] + amount > limit:
                return False
            row[1] += amount
            return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """The count before and its seconds left, the count now and its seconds left."""
        with self._lock:
            row, passed = self._row(key, expiry)
        left = (1 - passed) * expiry
        return row[2], left if row[2] else 0.0, row[1], left + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget a key."""
        self.clear(key)

    def _row(self, key: str, expiry: int) -> tuple[list[int], float]:
        """A key's row for the window that runs, and the share of that which has passed."""
        passed = self._clock() / expiry
        window = int(passed)
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = [window, 0, 0]
            if len(self._rows) > self._most:
                self._rows.popitem(last=False)
        elif row[0] != window:
            row[:] = window, 0, row[1] if row[0] == window - 1 else 0
        self._rows.move_to_end(key)
        return row, passed - window

    # -- what else a storage has; windows that slide need none of it

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing here fails."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """There are no fixed windows here."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """The count of the window that ran at the last use."""
        row = self._rows.get(key)
        return row[1] if row else 0

    def get_expiry(self, key: str) -> float:
        """Rows are not taken out by time."""
        return time.time()

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int:
        """Forget all keys."""
        with self._lock:
            count = len(self._rows)
            self._rows.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget a key."""
        with self._lock:
            self._rows.pop(key, None)
