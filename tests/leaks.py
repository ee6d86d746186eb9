"""Fails a test that leaves a thread, a greenlet or a file descriptor behind.

``leaves_nothing`` is a fixture: import it in a folder's conftest.py to switch it on there. What
belongs to the one hub thread of the process is no leak; it is started before the test looks, so
that it never appears to be one. Linux only: elsewhere there is no ``/proc`` to read.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType

import gevent
import greenlet
import pytest
from gevent.hub import Hub
from gevent.threadpool import _WorkerGreenlet as ThreadPoolWorker

from flask_analytics.delivery import hub, latch

#: Seconds that threads and greenlets may take to go after a test has let go of them.
PATIENCE = 2.0

TASKS = Path("/proc/self/task")
FILES = Path("/proc/self/fd")


@dataclass(frozen=True)
class Census:
    """Everything of the process that has to be given back."""

    threads: frozenset[int]
    files: frozenset[tuple[int, str]]
    greenlets: frozenset[int]

    @classmethod
    def take(cls) -> Census:
        """Count what is there now."""
        return cls(
            frozenset(threads()),
            frozenset(open_files()),
            frozenset(map(id, living_greenlets())),
        )

    def beyond(self, before: Census) -> Census:
        """What was not there before."""
        return Census(
            self.threads - before.threads,
            self.files - before.files,
            self.greenlets - before.greenlets,
        )

    def __bool__(self) -> bool:
        return bool(self.threads or self.files or self.greenlets)


def threads() -> Iterator[int]:
    """Native threads. None in a patched process: there gevent starts some when a test looks a name
    up or waits for a child, and ends them when it likes."""
    if not latch.is_patched():
        yield from (int(task.name) for task in TASKS.iterdir())


def open_files() -> Iterator[tuple[int, str]]:
    """Each file descriptor with what it is of; a number that is used again shows as another."""
    for entry in list(FILES.iterdir()):
        try:
            yield int(entry.name), os.readlink(entry)
        except OSError:  # the one that lists the folder, or closed meanwhile
            pass


def living_greenlets() -> list[greenlet.greenlet]:
    """Greenlets that have not ended, hubs left out: each belongs to a thread, which is counted."""
    return [
        found
        for found in gc.get_objects()
        if isinstance(found, greenlet.greenlet)
        and found  # started, and not dead
        and not isinstance(found, Hub)
        and not (latch.is_patched() and isinstance(found, ThreadPoolWorker))
        and found.parent is not None  # what a thread runs by itself
    ]


@cache
def start_hubs() -> None:
    """Have the hub thread, and the loop of this one, with what they open once and for all. In a
    patched process the hub's own few threads have loops too, as soon as somebody waits there."""
    gevent.sleep(0)
    ready = latch.new()

    def open_loops() -> None:
        threads = gevent.get_hub().threadpool
        waiting = [threads.spawn(gevent.sleep, 0.05) for _ in range(hub.DNS_THREADS)]
        gevent.joinall(waiting)
        ready.set()

    hub.current().call(lambda: gevent.spawn(open_loops))
    assert ready.wait(5.0), "the hub thread did not start"


def describe(extra: Census) -> str:
    """What was left, in words that lead to where it came from."""
    lines = [f"file {number}: {target}" for number, target in sorted(extra.files)]
    frames = sys._current_frames()
    for thread in threading.enumerate():
        if thread.native_id in extra.threads and thread.ident in frames:
            lines.append(f"thread {thread.name}: {where(frames[thread.ident])}")
    unknown = extra.threads - {thread.native_id for thread in threading.enumerate()}
    lines += [f"native thread {number}" for number in sorted(unknown)]
    for found in living_greenlets():
        if id(found) in extra.greenlets:
            lines.append(f"greenlet {found!r}: {where(found.gr_frame)}")
    return "\n".join(lines)


def where(frame: FrameType | None) -> str:
    """The function that a thread or greenlet is in."""
    if frame is None:
        return "in C"
    return f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"


def wait_for(before: Census) -> Census:
    """What is still left when everything had time to go."""
    deadline = time.monotonic() + PATIENCE
    while extra := Census.take().beyond(before):
        if time.monotonic() > deadline:
            break
        gc.collect()
        gevent.sleep(0.01) if latch.is_patched() else time.sleep(0.01)
    return extra


@pytest.fixture(autouse=True)
def leaves_nothing(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test after which a thread, a greenlet or a file descriptor is left.

    One that cannot help it says why: ``@pytest.mark.leaks("reason")``.
    """
    if not TASKS.exists():
        pytest.skip("there is no /proc to count threads and files in")
    start_hubs()
    gc.freeze()  # else each look goes over everything that the run has ever made
    try:
        before = Census.take()
        yield
        if request.node.get_closest_marker("leaks"):
            return
        extra = wait_for(before)
        assert not extra, f"left behind:\n{describe(extra)}"
    finally:
        gc.unfreeze()
