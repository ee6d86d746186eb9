"""Where a question is answered: off the event loop, and only a few at a time.

A question is seconds of computing at worst. In a process that gevent has patched it runs in one of
the hub's native threads, so that other requests go on; elsewhere in the thread that asks, which
is the request's own. The store itself ends what takes too long (``base.TIMEOUT``).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ..errors import StoreError
from .base import Store

#: Questions of one process at once: each takes a core and some hundred megabytes.
AT_ONCE = 2

#: Seconds that a question waits for its turn.
PATIENCE = 10.0


class Busy(StoreError):
    """Other questions are being answered: ask again soon. ``after`` is when, in seconds."""

    def __init__(self, after: int = 5) -> None:
        super().__init__("Other questions are being answered: ask again soon.")
        self.after = after


class Turns:
    """So many at once; a forked child begins with all of them free."""

    def __init__(self, count: int = AT_ONCE) -> None:
        self._count = count
        self._slots: dict[int, Any] = {}

    def take(self, patience: float) -> Callable[[], None]:
        """Wait for a turn. Returns what ends it.

        :raises Busy: none came.
        """
        slots = self._own()
        if not slots.acquire(timeout=patience):
            raise Busy
        release: Callable[[], None] = slots.release
        return release

    def _own(self) -> Any:
        own = self._slots.get(os.getpid())
        # ``setdefault`` is atomic: threads that race here all get the first.
        return own or self._slots.setdefault(os.getpid(), _semaphore(self._count))


def _is_patched() -> bool:
    from ..delivery import latch  # with gevent, which whoever only imports us needs not

    return latch.is_patched()


def _semaphore(count: int) -> Any:
    if _is_patched():
        from gevent.lock import Semaphore

        return Semaphore(count)
    from threading import Semaphore as Native

    return Native(count)


_turns = Turns()


def answer(
    store: Store, question: Any, patience: float = PATIENCE, turns: Turns | None = None
) -> Any:
    """The store's answer.

    :param patience: seconds to wait while others are answered.
    :raises QuestionError, StoreError: as the store does; ``Busy`` when no turn came.
    """
    release = (turns or _turns).take(patience)
    if _is_patched():
        return _in_thread(store, question, release)
    try:
        return store.answer(question)
    finally:
        release()


def _in_thread(store: Store, question: Any, release: Callable[[], None]) -> Any:
    import gevent

    try:
        task = gevent.get_hub().threadpool.spawn(_outcome, store, question)
    except BaseException:
        release()
        raise
    # Not when this greenlet ends: it may be killed while the thread still computes.
    task.rawlink(lambda _: release())
    is_good, value = task.get()
    if is_good:
        return value
    raise value


def _outcome(store: Store, question: Any) -> tuple[bool, Any]:
    """As a value: gevent prints what is raised in its threads."""
    try:
        return True, store.answer(question)
    except Exception as error:
        return False, error
