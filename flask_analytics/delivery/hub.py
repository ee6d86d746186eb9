"""The one native thread of a process that owns a gevent event loop, shared by all dispatchers.

It is started by the first event of a process, never earlier, so that a server may fork first.
A fork parks it at a point where it holds no lock, and a child gets a new one.
"""

from __future__ import annotations

import concurrent.futures.thread  # noqa: F401  gevent imports it late, which 3.12 refuses at exit
import contextvars
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
import gevent.event
import gevent.resolver.thread
from gevent import monkey
from gevent.threadpool import ThreadPool

from . import latch

Call = Callable[[], object]

#: What a process is told from outside. Faults of a thread itself must reach it.
_NOT_FOR_US = {
    getattr(signal, name)
    for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM",
                 "SIGCHLD", "SIGTSTP", "SIGWINCH")
    if hasattr(signal, name)
}  # fmt: skip

_start_thread = monkey.get_original("_thread", "start_new_thread")
_thread_id = monkey.get_original("_thread", "get_ident")
allocate_lock = latch.allocate_lock
_sleep = monkey.get_original("time", "sleep")

#: Whether a thread may start while Python exits. Where not, all are started in advance, and the
#: first event waits for that.
LATE_THREADS = sys.version_info[:2] != (3, 12)

#: Threads for DNS, all started at once.
DNS_THREADS = 4

#: Seconds that a fork waits for the thread to park, and the thread for the fork to end.
PARKING = 0.1
FORKING = 1.0


class HubThread:
    """A native daemon thread with an event loop. Other threads may only ``call`` into it."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._calls: deque[Call] = deque()
        self._lock = allocate_lock()
        self._ident: int | None = None
        self._async: Any = None
        self._is_started = False
        self._parked: latch.Latch | None = None
        self._resume = allocate_lock()
        self._forking = allocate_lock()

    def call(self, function: Call) -> None:
        """Run ``function`` in the event loop itself, soon. It must not wait and not raise."""
        self._calls.append(function)
        watcher = self._async
        if watcher is not None:
            watcher.send()
        elif not self._is_started:
            self._start()

    def is_own_thread(self) -> bool:
        """Whether the caller runs in this thread."""
        return bool(self._ident == _thread_id())

    def _start(self) -> None:
        with self._lock:
            if self._is_started:
                return
            self._is_started = True
        # An empty context: the first request's own would live as long as the thread.
        try:
            _start_thread(contextvars.Context().run, (self._main,))
        except RuntimeError:
            self._is_started = False
            raise

    def _main(self) -> None:
        # Signals are for the application's threads: uWSGI ends the process in the thread that
        # gets one, and the exit hooks would wait for it. Threads started here inherit this.
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, _NOT_FOR_US)
        self._ident = _thread_id()
        if not latch.is_patched():
            threading.current_thread().name = "flask-analytics"
        hub = gevent.get_hub()
        hub.threadpool = ThreadPool(DNS_THREADS, hub=hub)  # the default one ends idle threads
        hub.threadpool.size = DNS_THREADS
        watcher = hub.loop.async_()
        watcher.start(self._on_call)
        self._async = watcher  # publish, then look: a call that saw None is found here
        hub.loop.run_callback(self._on_call)
        hub.SYSTEM_ERROR = ()  # a SystemExit that gets away ends its greenlet, not this thread
        gevent.event.Event().wait()  # until the process ends

    def _on_call(self) -> None:
        # In the loop itself no greenlet runs, so none of them holds a lock of the process.
        parked, self._parked = self._parked, None
        if parked is not None:
            parked.set()
            self._resume.acquire(timeout=FORKING)
        while self._calls:
            self._calls.popleft()()

    # -- fork, called by delivery.lifetime

    def park(self) -> None:
        """Hold the thread where it has no lock. Called in the forking thread, before."""
        self._forking.acquire(timeout=FORKING)  # one fork at a time
        self._wait_until_running()
        if self._async is None or self.is_own_thread():
            return
        self._resume = allocate_lock()
        self._resume.acquire()
        parked = self._parked = latch.Native()
        self._async.send()
        parked.wait(PARKING)

    def _wait_until_running(self) -> None:
        """A thread that is being born may be inside an import."""
        for _ in range(500):
            if not self._is_started or self._async is not None:
                return
            _sleep(0.001)

    def release(self) -> None:
        """Let the thread go on. Called in the parent, after."""
        self._parked = None
        if self._resume.locked():
            self._resume.release()
        if self._forking.locked():
            self._forking.release()


_current = HubThread()
_swap = allocate_lock()


def current() -> HubThread:
    """The thread of this process; a new one where a fork ran without our hooks (uWSGI)."""
    global _current
    if _current.pid != os.getpid():
        with _swap:
            if _current.pid != os.getpid():
                _current = HubThread()
    return _current


def forget() -> None:
    """Called in a forked child: the thread was not copied, and its locks may be held."""
    global _current, _swap
    _swap = allocate_lock()
    _current = HubThread()
