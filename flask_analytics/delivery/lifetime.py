"""What happens to the dispatchers of a process when it forks, and when it ends.

Fork: the event loop's thread is parked while the process forks (whatever lock it held would
stay locked in the child for ever); the child forgets everything and starts anew at its first
event. A server that forks without Python's hooks (uWSGI) is found by comparing the pid.

End: two passes share one deadline. The first, in threading's own exit hooks, flushes; it also
runs in children of multiprocessing, which skip atexit before Python 3.13. The second, in
atexit, closes; it also finds what threads did after the first.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from . import hub


class Dispatcher(Protocol):
    """What this module needs of a dispatcher."""

    shutdown_timeout: float

    def ask(self, timeout: float, stop: bool) -> Callable[[], bool]: ...

    def renew(self) -> object: ...


#: The least time that the second pass gets, in seconds, however long the first took.
LAST_CHANCE = 0.1

#: Seconds that a fork waits for modules that are being loaded in another thread.
LOADING = 5.0

_dispatchers: weakref.WeakSet[Dispatcher] = weakref.WeakSet()
_exit_pid: int | None = None
_exit_deadline: float | None = None
_loading = hub.allocate_lock()
_holds_loading = False


@contextmanager
def no_fork() -> Iterator[None]:
    """Load modules in this block: a fork in the middle would leave its child half of one."""
    is_held = _acquire_loading()
    try:
        yield
    finally:
        if is_held:
            _loading.release()


def _acquire_loading() -> bool:
    """Look again and again, so that in a patched process the one who holds it can go on; and not
    for ever: a late start is better than none."""
    end = time.monotonic() + LOADING
    while not _loading.acquire(False):
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


def watch(dispatcher: Dispatcher) -> None:
    """Look after a dispatcher from now on."""
    _dispatchers.add(dispatcher)


def register_exit() -> None:
    """Hook into the end of this process. Called at the first event of each process, because
    multiprocessing clears atexit in its children."""
    global _exit_pid, _exit_deadline
    if _exit_pid == os.getpid():
        return
    _exit_pid, _exit_deadline = os.getpid(), None
    atexit.register(_exit, True)
    early = getattr(threading, "_register_atexit", None)
    if early is not None:
        try:
            early(_exit, False)
        except RuntimeError:  # the interpreter is going down already
            pass
    billiard = sys.modules.get("billiard.util")
    if billiard is not None:  # children of Celery's pool leave through os._exit
        billiard.Finalize(None, _exit, args=(True,), exitpriority=10)


def _exit(is_last: bool) -> None:
    global _exit_deadline
    if _exit_pid != os.getpid():
        return
    dispatchers = list(_dispatchers)
    if _exit_deadline is None:
        longest = max((d.shutdown_timeout for d in dispatchers), default=0.0)
        _exit_deadline = time.monotonic() + longest
    left = max(LAST_CHANCE, _exit_deadline - time.monotonic())
    waits = [dispatcher.ask(left, stop=is_last) for dispatcher in dispatchers]
    for wait in waits:  # all of them are under way
        wait()


def _before_fork() -> None:
    global _holds_loading
    _holds_loading = _acquire_loading()
    hub.current().park()


def _after_fork_in_parent() -> None:
    hub.current().release()
    if _holds_loading:
        _loading.release()


def _after_fork_in_child() -> None:
    global _exit_pid, _exit_deadline, _loading
    _loading = hub.allocate_lock()
    _exit_pid = _exit_deadline = None
    hub.forget()
    for dispatcher in list(_dispatchers):
        dispatcher.renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
