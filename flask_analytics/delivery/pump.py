"""One process's share of delivery: an inbox, the pump that empties it, and the lanes it fills.

``Pump`` is never repaired in a fork: the child makes a new one, with queues of its own. Request
threads touch its inbox and the journal; everything else belongs to the dispatcher's thread.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gevent
import gevent.event

from ..consent import may_keep
from ..event import Event, encode
from ..log import QuietLog
from ..tally import Tally
from . import latch
from .batcher import Lane
from .buffer import Entry
from .journal import Journal, Region
from .segment import Segment

if TYPE_CHECKING:
    from .board import Board

#: Seconds between two looks into the inbox while there is traffic. Waking a sleeping thread
#: costs the request 10 us, so it is done once a tick at most, never for each event.
TICK = 0.05

#: Events taken from the inbox before the lanes get a turn.
SLICE = 256

#: Seconds between two looks for files of dead processes, give or take a fifth: many processes
#: that started together should not all look together.
ADOPTION_INTERVAL, JITTER = 30.0, 0.2

#: Seconds between two rounds of book-keeping while there is traffic.
ROUND = 1.0

#: What stands in the inbox: an event and its entry in the journal, or what will become one.
Item = Any


@dataclass(slots=True)
class Flush:
    """A wish to send everything now; with ``stop``, to end."""

    done: latch.Latch
    deadline: float
    stop: bool
    is_met: bool = False


class Pump:
    """Everything of one dispatcher in one process.

    :param complete: makes the finished event of an inbox item.
    :param invalid: called with the error of an event that cannot be serialised.
    :param clock: monotonic seconds; ``epoch`` is the time that its zero stands for.
    """

    def __init__(
        self,
        make_lane: Callable[[Pump, str], Lane],
        names: Sequence[str],
        *,
        complete: Callable[[Item], Event],
        freeze: Callable[[Item], tuple[Item, bytes]],
        thaw: Callable[[bytes], Item],
        invalid: Callable[[Exception], None],
        journal: Journal | None,
        board: Callable[[], Board] | None = None,
        upkeep: Callable[[], None] = lambda: None,
        log: QuietLog,
        clock: Callable[[], float] = time.monotonic,
        epoch: float = 0.0,
    ) -> None:
        self.pid = os.getpid()
        self.inbox: deque[Item] = deque()
        self.flushes: deque[Flush] = deque()
        self.dropped = Tally()
        self.journal = journal
        self._board = board
        self._upkeep = upkeep
        #: Parts of the journal that nobody has looked at, because the inbox was full.
        self.gaps: deque[Region] = deque()
        self.is_started = self.is_closed = False
        #: Whether the pump sleeps until it is woken; between ticks it looks by itself.
        self.is_asleep = False
        self.wake: gevent.event.Event | None = None
        self.lock = threading.Lock()
        #: The wish that ends it, once there is one.
        self.end: Flush | None = None
        self._complete, self._freeze, self._thaw = complete, freeze, thaw
        self._invalid = invalid
        self._log = log
        self._clock, self._epoch = clock, epoch
        self._adopt_at = 0.0
        self._had_traffic = False
        self.lanes = [make_lane(self, name) for name in names]

    # -- any thread

    def write(self, item: Item, most: int) -> bool:
        """Put an event into the journal and the inbox; tell whether there was room in it."""
        assert self.journal is not None
        item, body = self._freeze(item)
        at = int(self._epoch + self._clock())
        with self.journal.lock:
            place = self.journal.append(body, at)
            if place is None:
                self.inbox.append((item, at))
                return len(self.inbox) <= most
            segment, start = place
            if self.gaps or len(self.inbox) >= most:
                self._skip(segment, start)
            else:
                self.inbox.append((item, at, segment, start, segment.end))
        return True

    def _skip(self, segment: Segment, start: int) -> None:
        """Leave an event in the journal: the pump is behind, and finds it there."""
        if self.gaps and self.gaps[-1][0] is segment:
            start = self.gaps.pop()[1]
        self.gaps.append((segment, start, segment.end))

    # -- the dispatcher's thread

    def run(self, opened: latch.Latch) -> None:
        """The pump's greenlet."""
        self.wake = wake = gevent.event.Event()
        for lane in self.lanes:
            lane.open()
        opened.set()
        keeper = gevent.spawn(self._keep)
        while True:
            # First the wishes, then the events: those accepted before a wish are part of it.
            wishes = [self.flushes.popleft() for _ in range(len(self.flushes))]
            count = self._drain()
            for wish in wishes:
                if wish.stop:
                    keeper.kill()
                    return self._stop(wish)
                gevent.spawn(self._flush, wish)
            if count:
                self._had_traffic = True
                wake.wait(TICK)
            else:
                self._sleep(wake)
            wake.clear()

    def _sleep(self, wake: gevent.event.Event) -> None:
        self.is_asleep = True  # publish, then look: an append that missed it is seen here
        if not self.inbox and not self.flushes:
            wake.wait()
        self.is_asleep = False

    def _drain(self) -> int:
        """Take what is there now, not what comes meanwhile: flushes must get their turn."""
        count = 0
        for _ in range(len(self.inbox)):
            try:
                item = self.inbox.popleft()
            except IndexError:  # a full inbox gave its oldest item up
                break
            self._distribute(item)
            count += 1
            if count % SLICE == 0:
                gevent.sleep(0)
        if self.gaps and not self.inbox:
            self._fall_behind()
        return count

    def _distribute(self, item: Item) -> None:
        try:
            item, *place = item
            event = self._complete(item)
            entry = Entry(encode(event), *place)
            entry.may_keep = may_keep(event.consent)
        except Exception as error:
            self._invalid(error)
            return
        for lane in self.lanes:
            lane.offer(event, entry)

    def thaw(self, body: bytes) -> tuple[Event, bytes]:
        """An event that is read from the journal, and its JSON.

        :raises Exception: it is none, or of another version.
        """
        event = self._complete(self._thaw(body))
        return event, encode(event)

    def _fall_behind(self) -> None:
        assert self.journal is not None
        with self.journal.lock:
            if self.inbox:
                return
            regions, self.gaps = self.gaps, deque()
        for region in regions:
            for lane in self.lanes:
                lane.supply.fall_behind(*region)
                lane.look()

    # -- book-keeping

    def _keep(self) -> None:
        while self.journal is not None or self._board is not None:
            if self.journal is not None:
                self._keep_journal(self.journal)
            if self._board is not None:
                self._board().write()
                self._log_fault(self._board())
            try:
                self._upkeep()
            except Exception as error:
                self._log.warning("upkeep", "what is over could not be destroyed", error=error)
            gevent.sleep(ROUND)

    def _log_fault(self, board: Board) -> None:
        is_told = self.journal is not None and self.journal.fault is not None
        if board.fault is not None and not is_told:
            self._log.warning("board", "the counts cannot be shown to others: %s", board.fault)

    def _keep_journal(self, journal: Journal) -> None:
        try:
            if self._clock() >= self._adopt_at:
                self._adopt(journal)
            journal.renew_if_old()
            if self._had_traffic or any(s is not journal.current for s in journal.segments):
                self._had_traffic = False
                self._tidy(journal)
        except Exception as error:  # a folder that vanished: the next round may do better
            self._log.warning("keep", "the journal cannot be kept in order", error=error)

    def _adopt(self, journal: Journal) -> None:
        if self._board is not None:
            self._board().fold()  # first: what is adopted must not count for the dead, too
        self._adopt_at = self._clock() + ADOPTION_INTERVAL * random.uniform(1 - JITTER, 1 + JITTER)
        for segment in journal.adopt():
            for lane in self.lanes:
                lane.resume(segment)
            self.acknowledge(segment)
            gevent.sleep(0)

    def _tidy(self, journal: Journal) -> None:
        """Write down how far the lanes are; delete what all of them are done with."""
        journal.renew_if_deleted()
        for segment in list(journal.segments):
            self.acknowledge(segment)
            if segment is not journal.current and self._is_done(segment):
                self._remove(journal, segment)
        if journal.surplus() is not None:
            self._limit(journal)
        if journal.fsync == "interval":
            gevent.get_hub().threadpool.apply(journal.sync)

    def _limit(self, journal: Journal) -> None:
        """Give up the oldest files until all of the folder are within its limit."""
        with journal.limiting() as is_ours:
            while is_ours and (surplus := journal.surplus()) is not None:
                for lane in self.lanes:
                    lane.account.lose(lane.supply.forget(surplus), "journal_full")
                journal.remove(surplus)

    def acknowledge(self, segment: Segment) -> None:
        """Write down how far every lane is in a file."""
        if not segment.is_open:
            return
        try:
            segment.acknowledge({lane.name: lane.supply.ack(segment) for lane in self.lanes})
        except OSError as error:
            self._log.warning("ack", "the journal's state cannot be kept: %s", error.strerror)

    def _is_done(self, segment: Segment) -> bool:
        return all(lane.supply.is_done(segment) for lane in self.lanes)

    def _remove(self, journal: Journal, segment: Segment) -> None:
        for lane in self.lanes:
            lane.supply.forget(segment)
        journal.remove(segment)

    # -- flush and end

    def _flush(self, wish: Flush) -> None:
        for lane in self.lanes:
            lane.flush()
        left = max(0.0, wish.deadline - self._clock())
        gevent.wait([lane.idle for lane in self.lanes], timeout=left)
        wish.is_met = all(lane.idle.is_set() for lane in self.lanes)
        if wish.is_met:
            gevent.joinall([gevent.spawn(lane.farewell_flush) for lane in self.lanes])
        wish.done.set()

    def _stop(self, wish: Flush) -> None:
        """The end: last events in, lanes closed side by side, everything counted."""
        self._drain()
        gevent.joinall([gevent.spawn(lane.close, wish.deadline) for lane in self.lanes])
        self.is_started = False  # what comes now is counted as lost
        self.count_closed()
        wish.is_met = not any(lane.is_left for lane in self.lanes)
        if self._board is not None:
            self._board().close()  # before its journal can be adopted
            self._log_fault(self._board())
        self._close_journal()
        wish.done.set()

    def _close_journal(self) -> None:
        journal = self.journal
        if journal is None:
            return
        with journal.lock:
            journal.current = None
        for segment in list(journal.segments):
            self.acknowledge(segment)
            if self._is_done(segment):
                self._remove(journal, segment)
        journal.close()

    def count_closed(self) -> None:
        """Count what comes too late; one by one, because other threads still append."""
        while self.inbox:
            try:
                self.inbox.popleft()
            except IndexError:
                return
            self.dropped.count("closed")
