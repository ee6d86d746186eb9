"""A latch between the dispatcher's thread, which sets it, and any thread that waits for it.

In a plain process it is a native lock. In a process patched by gevent the waiting thread has
an event loop of its own with other requests in it, so waiting must let that loop run.
"""

from __future__ import annotations

from typing import Protocol

import gevent.event
from gevent import monkey

#: A native lock, also in a process that gevent has patched.
allocate_lock = monkey.get_original("_thread", "allocate_lock")


class Latch(Protocol):
    """Set once, waited for by any number of threads."""

    def set(self) -> None: ...

    def wait(self, timeout: float) -> bool: ...


def new() -> Latch:
    """The latch that fits this process."""
    return Cooperative() if is_patched() else Native()


def is_patched() -> bool:
    """Whether gevent has patched this process."""
    return bool(monkey.is_module_patched("socket"))


class Native:
    """For threads that may block: a lock of the operating system."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._lock.acquire()

    def set(self) -> None:
        try:
            self._lock.release()
        except RuntimeError:  # set twice
            pass

    def wait(self, timeout: float) -> bool:
        if not self._lock.acquire(timeout=max(0.0, timeout)):
            return False
        self.set()
        return True


class Cooperative:
    """For greenlets: setting it from another thread wakes the waiting event loop."""

    def __init__(self) -> None:
        self._event = gevent.event.Event()

    def set(self) -> None:
        self._event.set()

    def wait(self, timeout: float) -> bool:
        return bool(self._event.wait(max(0.0, timeout)))
