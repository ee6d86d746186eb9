"""Hands accepted events from any thread to the lanes, off the request path.

``put`` is an append to a deque and, when the dispatcher sleeps, one wake-up; it never blocks
and never raises. The pump, a greenlet in the event loop's thread, looks into the inbox once a
tick while there is traffic, completes and serialises each event once, and gives it to every
lane that wants it. All state belongs to one process and is replaced, never repaired, in a fork.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gevent
import gevent.event

from ..collectors.base import Collector
from ..event import Event, encode
from ..log import QuietLog
from ..tally import Tally
from . import hub, latch, lifetime
from .announcer import Announcer, Send
from .batcher import FAREWELL, Lane
from .buffer import Buffer, Entry

#: Seconds between two looks into the inbox while there is traffic. Waking a sleeping thread
#: costs the request 10 us, so it is done once a tick at most, never for each event.
TICK = 0.05

#: Seconds that the first event may wait for threads to start; see ``hub.LATE_THREADS``.
OPENING = 1.0

#: Events taken from the inbox before the lanes get a turn.
SLICE = 256

#: What stands in the inbox: an event, or something that ``complete`` makes one of.
Item = Any


@dataclass(slots=True)
class _Flush:
    """A wish to send everything now; with ``stop``, to end."""

    done: latch.Latch
    deadline: float
    stop: bool
    is_met: bool = False


class _State:
    """Everything of one dispatcher in one process."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self.pid = os.getpid()
        self.inbox: deque[Item] = deque()
        self.flushes: deque[_Flush] = deque()
        self.lanes = lanes
        self.dropped = Tally()
        self.is_started = self.is_closed = False
        #: Whether the pump sleeps until it is woken; between ticks it looks by itself.
        self.is_asleep = False
        self.wake: gevent.event.Event | None = None
        self.lock = threading.Lock()
        #: The wish that ends it, once there is one.
        self.end: _Flush | None = None


class Dispatcher:
    """Delivers events to collectors in the background.

    :param collectors: unique names to collectors.
    :param complete: makes the finished event of an inbox item, in the dispatcher's thread.
    :param send_signal: sends a signal: its name, then arguments. Called in a thread of its own.
    :param listens: whether anyone listens to the signal of that name.
    :param queue_events: events that may wait, in the inbox and in each lane.
    :param queue_bytes: bytes of JSON that may wait in each lane.
    :param shutdown_timeout: seconds that the end of the process waits for deliveries.
    """

    def __init__(
        self,
        collectors: dict[str, Collector],
        *,
        complete: Callable[[Item], Event],
        send_signal: Send = lambda name, **facts: None,
        listens: Callable[[str], bool] = lambda name: False,
        queue_events: int = 100_000,
        queue_bytes: int = 64 * 1024 * 1024,
        shutdown_timeout: float = 5.0,
        log: QuietLog | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shutdown_timeout = shutdown_timeout
        self._collectors = collectors
        self._complete = complete
        self._send_signal, self._listens = send_signal, listens
        self._queue_events, self._queue_bytes = queue_events, queue_bytes
        self._log = log or QuietLog()
        self._clock = clock
        self.renew()
        lifetime.watch(self)

    # -- any thread

    def put(self, item: Item) -> None:
        """Accept an item. Starts the thread on the first one of a process."""
        state = self._state
        if state.pid != os.getpid():
            state = self.renew()
        if len(state.inbox) >= self._queue_events:
            self._overflow(state)
        state.inbox.append(item)
        if state.is_asleep:
            hub.current().call(state.wake.set)  # type: ignore[union-attr]
        elif not state.is_started:
            self._start(state)

    def flush(self, timeout: float) -> bool:
        """Send all that waits; tell whether that was done within ``timeout`` seconds."""
        return self._ask(timeout, stop=False)

    def close(self, timeout: float) -> bool:
        """Send all that waits, then end. Events that come later are counted as dropped."""
        return self._ask(timeout, stop=True)

    def stats(self) -> dict[str, Any]:
        """The ledger of each collector, and what has not reached one yet."""
        state = self._state
        return {
            "collectors": {lane.name: lane.ledger.summary() for lane in state.lanes},
            "queued": len(state.inbox),
            "dropped": state.dropped.summary(),
        }

    def renew(self) -> _State:
        """Start from nothing, with empty queues: after a fork what was queued is the parent's."""
        self._announcer = Announcer(self._send_signal, self._listens)
        self._state = state = _State([self._lane(*item) for item in self._collectors.items()])
        return state

    def _lane(self, name: str, collector: Collector) -> Lane:
        buffer = Buffer(self._queue_events, self._queue_bytes)
        return Lane(
            collector,
            name=name,
            buffer=buffer,
            announce=self._announcer,
            log=self._log,
            clock=self._clock,
        )

    def _overflow(self, state: _State) -> None:
        try:
            state.inbox.popleft()
        except IndexError:  # the pump was faster
            return
        state.dropped.count("inbox_full")
        self._announcer("event_dropped", collector=None, reason="inbox_full", count=1)

    def _start(self, state: _State) -> None:
        """Load what the collectors need, here and not in the hub's thread; then start the pump."""
        with state.lock:
            if state.is_closed:
                self._count_closed(state)
            if state.is_closed or state.is_started:
                return
            state.is_started = True
        try:
            lifetime.register_exit()
            with lifetime.no_fork():
                for collector in self._collectors.values():
                    for module in collector.imports:
                        importlib.import_module(module)
            opened = latch.new()
            hub.current().call(lambda: gevent.spawn(self._pump, state, opened))
            if not hub.LATE_THREADS:
                opened.wait(OPENING)
        except Exception as error:
            # Either the interpreter is going down, or a later event has better luck.
            state.is_closed = sys.is_finalizing()
            state.is_started = False
            self._log.warning("start", "delivery cannot start", error=error)

    def _count_closed(self, state: _State) -> None:
        """Count what comes too late; one by one, because other threads still append."""
        while state.inbox:
            try:
                state.inbox.popleft()
            except IndexError:
                return
            state.dropped.count("closed")

    def _ask(self, timeout: float, stop: bool) -> bool:
        state = self._state
        if state.end is not None and state.pid == os.getpid():  # somebody else's close is under way
            return state.end.done.wait(timeout + FAREWELL) and state.end.is_met
        if state.pid != os.getpid() or state.is_closed or not state.is_started:
            state.is_closed = state.is_closed or stop
            return True
        if hub.current().is_own_thread():
            return False  # a collector that waits for its own lane would wait for ever
        state.is_closed = stop
        wish = _Flush(latch.new(), self._clock() + timeout, stop)
        state.end = wish if stop else None
        state.flushes.append(wish)
        hub.current().call(lambda: state.wake and state.wake.set())
        # The pump keeps the deadline itself; the rest is for saying goodbye to collectors.
        grace = 2 * FAREWELL if stop else FAREWELL / 2
        return wish.done.wait(timeout + grace) and wish.is_met

    # -- the hub's thread

    def _pump(self, state: _State, opened: latch.Latch) -> None:
        state.wake = gevent.event.Event()
        for lane in state.lanes:
            lane.open()
        opened.set()
        while True:
            # First the wishes, then the events: those accepted before a wish are part of it.
            wishes = [state.flushes.popleft() for _ in range(len(state.flushes))]
            count = self._drain(state)
            for wish in wishes:
                if wish.stop:
                    return self._stop(state, wish)
                gevent.spawn(self._flush, state, wish)
            if count:
                state.wake.wait(TICK)
            else:
                self._sleep(state, state.wake)
            state.wake.clear()

    def _sleep(self, state: _State, wake: gevent.event.Event) -> None:
        state.is_asleep = True  # publish, then look: an append that missed it is seen here
        if not state.inbox and not state.flushes:
            wake.wait()
        state.is_asleep = False

    def _drain(self, state: _State) -> int:
        """Take what is there now, not what comes meanwhile: flushes must get their turn."""
        count = 0
        for _ in range(len(state.inbox)):
            try:
                item = state.inbox.popleft()
            except IndexError:  # a full inbox gave its oldest item up
                break
            self._distribute(state, item)
            count += 1
            if count % SLICE == 0:
                gevent.sleep(0)
        return count

    def _distribute(self, state: _State, item: Item) -> None:
        try:
            event = self._complete(item)
            entry = Entry(event, encode(event))
        except Exception as error:
            state.dropped.count("invalid")
            self._announcer("event_dropped", collector=None, reason="invalid", count=1)
            self._log.warning("invalid", "an event could not be serialised", error=error)
            return
        for lane in state.lanes:
            if lane.wants(entry):
                lane.put(entry)

    def _flush(self, state: _State, wish: _Flush) -> None:
        for lane in state.lanes:
            lane.flush()
        left = max(0.0, wish.deadline - self._clock())
        gevent.wait([lane.idle for lane in state.lanes], timeout=left)
        wish.is_met = all(lane.idle.is_set() for lane in state.lanes)
        if wish.is_met:
            gevent.joinall([gevent.spawn(lane.farewell_flush) for lane in state.lanes])
        wish.done.set()

    def _stop(self, state: _State, wish: _Flush) -> None:
        """The end: last events in, lanes closed side by side, everything counted."""
        self._drain(state)
        gevent.joinall([gevent.spawn(lane.close, wish.deadline) for lane in state.lanes])
        state.is_started = False  # what comes now goes through _start, which counts it
        self._count_closed(state)
        wish.is_met = not any(lane.ledger.dropped["shutdown"] for lane in state.lanes)
        wish.done.set()
