"""Hands accepted events from any thread to the lanes, off the request path.

``put`` is one write to the journal, if there is one, an append to a deque and, when the
dispatcher sleeps, one wake-up; it never raises. The pump, a greenlet in the event loop's thread,
looks into the inbox once a tick while there is traffic and gives each event to every lane that
wants it. All state belongs to one process and is replaced, never repaired, in a fork.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent

from ..collectors.base import Collector
from ..event import Event, decode, encode
from ..log import QuietLog
from . import hub, latch, lifetime
from .announcer import Announcer, Send
from .batcher import FAREWELL, Lane
from .buffer import Budget
from .dead import DeadLetters
from .forgotten import Forgotten
from .journal import Journal
from .pump import Flush, Item, Pump

if TYPE_CHECKING:
    from .board import Board

#: Seconds that the first event may wait for threads to start; see ``hub.LATE_THREADS``.
OPENING = 1.0


class Dispatcher:
    """Delivers events to collectors in the background.

    :param collectors: unique names to collectors.
    :param complete: makes the finished event of an inbox item, in the dispatcher's thread.
    :param freeze: makes of an item what the journal keeps, in the thread that accepts it.
    :param thaw: the reverse, perhaps in another process.
    :param send_signal: sends a signal: its name, then arguments. Called in a thread of its own.
    :param listens: whether anyone listens to the signal of that name.
    :param folder: where the journal is; None: memory only.
    :param owner: the application's name, which the journal's files are told apart by.
    :param fsync: ``always``, ``interval`` (each second) or None: when the disk must have an event.
    :param board: where the counts are shown to other processes; asked for when there are some.
    :param forgotten: whose events are not sent any more.
    :param upkeep: called every second or so while the process lives.
    :param queue_events: events that may wait in memory.
    :param queue_bytes: bytes that they may take.
    :param shutdown_timeout: seconds that the end of the process waits for deliveries.
    """

    def __init__(
        self,
        collectors: dict[str, Collector],
        *,
        complete: Callable[[Item], Event],
        freeze: Callable[[Item], tuple[Item, bytes]] = lambda event: (event, encode(event)),
        thaw: Callable[[bytes], Item] = decode,
        send_signal: Send = lambda name, **facts: None,
        listens: Callable[[str], bool] = lambda name: False,
        folder: Path | None = None,
        owner: str = "app",
        fsync: str | None = None,
        board: Callable[[], Board] | None = None,
        forgotten: Forgotten | None = None,
        upkeep: Callable[[], None] = lambda: None,
        queue_events: int = 100_000,
        queue_bytes: int = 64 * 1024 * 1024,
        shutdown_timeout: float = 5.0,
        log: QuietLog | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.shutdown_timeout = shutdown_timeout
        self._collectors = collectors
        self._complete, self._freeze, self._thaw = complete, freeze, thaw
        self._send_signal, self._listens = send_signal, listens
        self._folder, self._owner, self._fsync = folder, owner, fsync
        self._board = board
        self._forgotten, self._upkeep = forgotten, upkeep
        self._queue_events, self._queue_bytes = queue_events, queue_bytes
        self._log = log or QuietLog()
        self._clock = clock
        #: What monotonic zero is in seconds since the epoch: the clock of the computer may jump.
        self._epoch = wall_clock() - clock()
        self.renew()
        lifetime.watch(self)

    # -- any thread

    def put(self, item: Item, keep: bool = True) -> None:
        """Accept an item. Starts the thread on the first one of a process.

        :param keep: False: it must not be on a disk, not even while it waits.
        """
        pump = self._pump
        if pump.pid != os.getpid():
            pump = self.renew()
        if pump.is_closed:
            pump.dropped.count("closed")
            return
        if pump.journal is not None and keep:
            if not self._write(pump, item):
                self._overflow(pump)
        else:
            if len(pump.inbox) >= self._queue_events:
                self._overflow(pump)
            pump.inbox.append((item, self._epoch + self._clock()))
        if pump.is_asleep:
            hub.current().call(pump.wake.set)  # type: ignore[union-attr]
        elif not pump.is_started:
            self._start(pump)

    def flush(self, timeout: float) -> bool:
        """Send all that waits; tell whether that was done within ``timeout`` seconds."""
        return self.ask(timeout, stop=False)()

    def close(self, timeout: float) -> bool:
        """Send all that waits, then end; tell whether everything was delivered. What was not
        stays in the journal. Events that come later are counted as dropped."""
        return self.ask(timeout, stop=True)()

    def stats(self) -> dict[str, Any]:
        """The ledger of each collector, what has not reached one yet, and the journal's state."""
        pump = self._pump
        return {
            "collectors": {
                lane.name: {**lane.ledger.summary(), "max_age": lane.collector.max_age}
                for lane in pump.lanes
            },
            "queued": len(pump.inbox),
            "dropped": pump.dropped.summary(),
            "journal": self._journal_stats(pump),
        }

    def _journal_stats(self, pump: Pump) -> dict[str, Any]:
        if pump.journal is None:
            empty = {"state": "off", "fault": None, "bytes": 0, "segments": 0, "adopted": 0}
        else:
            empty = pump.journal.stats()
        corrupt = max((lane.supply.corrupt for lane in pump.lanes), default=0)
        return {**empty, "corrupt": corrupt, "dead": self._dead.count}

    def renew(self) -> Pump:
        """Start from nothing, with empty queues: after a fork what was queued is the parent's."""
        self._announcer = Announcer(self._send_signal, self._listens)
        self._budget = Budget(self._queue_events, self._queue_bytes)
        old = getattr(self, "_pump", None)
        if old is not None and old.journal is not None:
            old.journal.abandon()
        has_journal = self._folder is not None and bool(self._collectors)
        self._dead = DeadLetters(self._folder if has_journal else None, self._log)
        self._pump = pump = Pump(
            self._lane,
            list(self._collectors),
            complete=self._complete,
            freeze=self._freeze,
            thaw=self._thaw,
            invalid=self._count_invalid,
            journal=self._journal() if has_journal else None,
            board=self._board,
            upkeep=self._upkeep,
            log=self._log,
            clock=self._clock,
            epoch=self._epoch,
        )
        return pump

    def _journal(self) -> Journal:
        assert self._folder is not None
        return Journal(
            self._folder,
            self._owner,
            list(self._collectors),
            fsync=self._fsync,
            log=self._log,
            clock=self._clock,
        )

    def _lane(self, pump: Pump, name: str) -> Lane:
        return Lane(
            self._collectors[name],
            name=name,
            budget=self._budget,
            announce=self._announcer,
            log=self._log,
            dead=self._dead,
            forgotten=self._forgotten,
            acknowledge=pump.acknowledge,
            thaw=pump.thaw,
            clock=self._clock,
            epoch=self._epoch,
        )

    def _write(self, pump: Pump, item: Item) -> bool:
        """Put an event into the journal and the inbox."""
        try:
            return pump.write(item, self._queue_events)
        except Exception as error:
            self._count_invalid(error)
            return True

    def _overflow(self, pump: Pump) -> None:
        try:
            pump.inbox.popleft()
        except IndexError:  # the pump was faster
            return
        self._count(pump, "inbox_full")

    def _count_invalid(self, error: Exception) -> None:
        self._count(self._pump, "invalid")
        self._log.warning("invalid", "an event could not be serialised", error=error)

    def _count(self, pump: Pump, reason: str) -> None:
        pump.dropped.count(reason)
        self._announcer("event_dropped", collector=None, reason=reason, count=1)

    def _start(self, pump: Pump) -> None:
        """Load what the collectors need, here and not in the hub's thread; then start the pump."""
        with pump.lock:
            if pump.is_closed:
                pump.count_closed()
            if pump.is_closed or pump.is_started:
                return
            pump.is_started = True
        try:
            lifetime.register_exit()
            with lifetime.no_fork():
                for collector in self._collectors.values():
                    for module in collector.imports:
                        importlib.import_module(module)
            opened = latch.new()
            hub.current().call(lambda: gevent.spawn(pump.run, opened))
            if not hub.LATE_THREADS:
                opened.wait(OPENING)
        except Exception as error:
            # Either the interpreter is going down, or a later event has better luck.
            pump.is_closed = sys.is_finalizing()
            pump.is_started = False
            self._log.warning("start", "delivery cannot start", error=error)

    def ask(self, timeout: float, stop: bool) -> Callable[[], bool]:
        """Begin to flush or close; the answer waits until that is done. Apart from each other, so
        that several dispatchers can end side by side."""
        pump = self._pump
        if pump.end is not None and pump.pid == os.getpid():  # somebody else's close is under way
            end = pump.end
            return lambda: end.done.wait(timeout + FAREWELL) and end.is_met
        if pump.pid != os.getpid() or pump.is_closed or not pump.is_started:
            pump.is_closed = pump.is_closed or stop
            return lambda: True
        if hub.current().is_own_thread():
            return lambda: False  # a collector that waits for its own lane would wait for ever
        pump.is_closed = stop
        wish = Flush(latch.new(), self._clock() + timeout, stop)
        pump.end = wish if stop else None
        pump.flushes.append(wish)
        hub.current().call(lambda: pump.wake and pump.wake.set())
        # The pump keeps the deadline itself; the rest is for saying goodbye to collectors.
        grace = 2 * FAREWELL if stop else FAREWELL / 2
        return lambda: wish.done.wait(timeout + grace) and wish.is_met
