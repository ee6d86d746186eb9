"""A time limit for a question: who takes too long is interrupted from a thread of its own.

The thread is a native one also where gevent has patched the process: a question blocks the event
loop of the thread it is asked in, where a greenlet would never get its turn.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from ...delivery.latch import allocate_lock
from ...errors import StoreError
from .native import start_thread

#: Seconds between two interruptions: one that comes between two statements stops neither.
AGAIN = 0.05


class Deadline:
    """Calls ``interrupt`` after so many seconds, again and again, until it is left.

    :param interrupt: for any thread; whatever it raises is ignored.
    """

    def __init__(self, seconds: float, interrupt: Callable[[], object]) -> None:
        self.seconds = seconds
        self.is_over = False
        self._interrupt = interrupt
        self._done = allocate_lock()

    def __enter__(self) -> Deadline:
        self._done.acquire()
        start_thread(self._watch, ())
        return self

    def check(self) -> None:
        """:raises StoreError: the time is over."""
        if self.is_over:
            raise StoreError(f"the answer took longer than {self.seconds:g} seconds")

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._done.release()

    def _watch(self) -> None:
        wait = self.seconds
        while not self._done.acquire(timeout=wait):
            self.is_over = True
            wait = AGAIN
            try:
                self._interrupt()
            except Exception:  # the cursor was closed this moment
                pass
