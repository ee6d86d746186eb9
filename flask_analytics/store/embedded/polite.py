"""Work of the keeper's process that takes long, at a priority of its own.

A process that is nice and holds the lock of ``store.db`` keeps writers waiting who are not: on a
busy core it gets a tenth of the time for a millisecond's work. So only threads that hold no lock
are nice here, which Linux allows; elsewhere the whole process is.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

T = TypeVar("T")

#: On Linux a tenth of what the others get where all are busy.
NICE = 10


class Work(Protocol):
    """Who does what takes long."""

    def __call__(self, work: Callable[[], T]) -> T: ...


def here(work: Callable[[], T]) -> T:
    """In this thread, like everything else."""
    return work()


def aside(work: Callable[[], T]) -> T:
    """In a thread that lets others go first; what it starts does so, too."""
    with ThreadPoolExecutor(1, initializer=_step_back) as pool:
        return pool.submit(work).result()


def _step_back() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def polite() -> Work:
    """How the keeper's own process works; called once, at its start."""
    if sys.platform == "linux":
        return aside
    os.nice(NICE)
    return here
