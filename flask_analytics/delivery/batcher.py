"""A lane: everything that one collector has for itself, so that it cannot disturb another.

The runner takes batches from the supply, when they are full or old enough, and gives each to a
greenlet of the lane's pool, which tries until every event of it has a verdict. All of it lives
in the dispatcher's thread; blocking collectors are called in threads of the lane's own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.event import Event as Flag
from gevent.pool import Pool

from ..collectors.base import Batch, Collector
from ..event import Event, decode
from ..log import QuietLog
from .account import Account, Settled
from .addressee import wants
from .breaker import ABANDONED, CLOSED, FAILURE, SUCCESS, Breaker
from .buffer import Budget, Entry
from .caller import Caller
from .dead import DeadLetters
from .forgotten import Forgotten
from .ledger import Ledger
from .retry import MAX_RETRY_AFTER, RetryPolicy
from .segment import Ack, Segment
from .supply import Supply
from .suspects import Suspects

#: Seconds that flush() and close() of a collector may take at the end, after its last event.
FAREWELL = 0.5

#: Seconds to wait after a mistake of ours, so that it does not become a busy loop.
STUMBLE = 1.0

#: Tries that the same events get from a destination that answers 500 before others go first.
SUSPICIOUS = 5

#: What a destination says that fails on one of the events, rather than being down.
_ON_AN_EVENT = "http_500"


class Lane:
    """One collector's supply, pool, breaker, retry and account.

    :param budget: what all lanes of the process may hold in memory.
    :param announce: called with a signal's name and its arguments.
    :param dead: where refused events are kept.
    :param forgotten: whose events are not sent any more.
    :param acknowledge: called with a file of the journal when this lane got further in it.
    :param thaw: makes an event and its JSON of what the journal has.
    :param clock: monotonic seconds; ``epoch`` is the time that its zero stands for.
    :param sleep: waits so many seconds without blocking the event loop.
    :param wait: waits for a flag at most so many seconds (None: for ever).
    """

    def __init__(
        self,
        collector: Collector,
        *,
        name: str,
        budget: Budget,
        announce: Callable[..., None],
        log: QuietLog,
        dead: DeadLetters | None = None,
        forgotten: Forgotten | None = None,
        acknowledge: Callable[[Segment], None] = lambda segment: None,
        thaw: Callable[[bytes], tuple[Event, bytes]] = lambda body: (decode(body), body),
        clock: Callable[[], float] = time.monotonic,
        epoch: float = 0.0,
        sleep: Callable[[float], Any] = gevent.sleep,
        wait: Callable[[Flag, float | None], Any] = Flag.wait,
    ) -> None:
        self.collector = collector
        self.name = name
        self._dead = dead or DeadLetters(None, log)
        self._forgotten = forgotten or Forgotten(None)
        self.account = Account(
            name, announce=announce, log=log, dead=self._dead, finish=self._finish,
            now=lambda: epoch + clock(), forgotten=self._forgotten,
        )  # fmt: skip
        self.supply = Supply(
            budget,
            read=self._read,
            accepted=self.account.accept,
            refused=self.account.refuse,
            evicted=lambda entry: self.account.lose(1, "queue_full"),
            poisoned=lambda entry: self.account.reject(entry, "poison"),
        )
        self._caller = Caller(
            collector, name, log=log, set_state=self.account.set_state, clock=clock
        )
        self._log = log
        self._acknowledge, self._thaw = acknowledge, thaw
        self._retry = collector.retry or RetryPolicy()
        self._breaker = (collector.breaker or Breaker()).fresh(clock)
        self._clock, self._epoch, self._sleep, self._wait = clock, epoch, sleep, wait
        self._oldest = self._paused_until = 0.0
        self._flushing = self._started = self._is_over = False
        self._suspects = Suspects()

    @property
    def ledger(self) -> Ledger:
        """What became of this lane's events."""
        return self.account.ledger

    # -- called by the dispatcher, in its thread

    def open(self) -> None:
        """Make the greenlets. Apart from the constructor, because they belong to one thread."""
        self._wake, self.idle = Flag(), Flag()
        self.idle.set()
        self._pool = Pool(self.collector.max_inflight)
        self._caller.open()
        self._runner = gevent.spawn(self._run)

    def _read(self, body: bytes) -> bytes | str | None:
        event, wire = self._thaw(body)
        wanted = wants(self.collector, self.name, event, self._log)
        return wire if wanted is True else wanted or None

    def offer(self, event: Event, entry: Entry) -> None:
        """Take the next event in, if it is meant for this collector."""
        before = len(self.supply)
        wanted = wants(self.collector, self.name, event, self._log)
        if isinstance(wanted, str):
            self.account.refuse(wanted)
        self.supply.offer(entry, wanted is True)
        count = len(self.supply)
        if count and not before:
            self._oldest = self._clock()
        if count in (1, self.collector.batch_size) or self.supply.is_behind:
            self.look()

    def look(self) -> None:
        """There may be something to do."""
        if self.supply or self.supply.is_behind:
            self.idle.clear()
            self._wake.set()

    def flush(self) -> None:
        """Send what waits now, however little it is. ``idle`` tells when it is done."""
        self._flushing = True
        self._wake.set()

    def close(self, deadline: float) -> None:
        """End the lane, waiting no longer than ``deadline`` for what is under way. What is in the
        journal stays there; the rest is lost."""
        self._caller.deadline = deadline
        self.flush()
        self.idle.wait(max(0.0, deadline - self._clock()))
        self._caller.is_closing = True
        gevent.killall([self._runner, *self._pool], timeout=FAREWELL)
        for entries in self._suspects.batches:
            self._leave(entries)
        self.account.lose(self.supply.unwritten(), "shutdown")
        self._farewell()
        self.account.set_state("closed")
        self.idle.set()

    def farewell_flush(self) -> None:
        """Let the collector pass on what it holds back itself."""
        self._caller.quietly(self.collector.flush)

    def resume(self, segment: Segment) -> None:
        """Go on with an adopted file. A collector that is new begins at its end."""
        new = Ack(segment.end) if segment.acks else Ack()
        self.supply.resume(segment, segment.acks.get(self.name, new))
        self.look()

    @property
    def is_left(self) -> bool:
        """Whether anything was not delivered in time."""
        return bool(self.ledger.pending or self.ledger.dropped["shutdown"])

    # -- the runner

    def _run(self) -> None:
        while True:
            try:
                self._round()
            except Exception as error:  # a mistake of ours must not end the lane in silence
                self._log.warning(f"lane {self.name}", "%s stumbled", self, error=error)
                self._sleep(STUMBLE)

    def _round(self) -> None:
        due = self._due()
        if due is None:
            self._flushing = False
            if not len(self._pool):
                self.idle.set()
            self._wait(self._wake, None)
        elif due > 0:
            self._wait(self._wake, due)
        else:
            self._ready()
            self._pool.wait_available()
            entries = self._next()
            self._oldest = self._clock()
            if entries:
                self._pool.spawn(self._deliver, entries).rawlink(lambda _: self._wake.set())
            else:
                gevent.sleep(0)  # nothing of that part of the journal was for this lane
            return
        self._wake.clear()

    def _due(self) -> float | None:
        """Seconds until the next batch must go, or None when there is nothing to send."""
        if self._is_over:  # what is left stays where it is
            return None
        if self._suspects or self.supply.is_behind:
            return 0.0
        if not self.supply:
            return None
        if self._flushing or len(self.supply) >= self.collector.batch_size:
            return 0.0
        return max(0.0, self._oldest + self.collector.flush_interval - self._clock())

    def _next(self) -> list[Entry]:
        """The next batch: by turns one that failed before, and one that is new."""
        if self._is_over:
            return []
        failed = self._suspects.turn(bool(self.supply) or self.supply.is_behind)
        return failed or self.supply.take(self.collector.batch_size, self.collector.batch_bytes)

    def _ready(self) -> None:
        """Start the collector before its first batch; what waits is kept while that fails."""
        failures = 0
        while not self._started:
            try:
                self._caller.call(self.collector.start)
                self._started = True
            except BaseException as error:
                if self._caller.is_closing:
                    raise
                failures += 1
                self._log.warning(f"start {self.name}", "%s did not start", self, error=error)
                self.account.set_state("retrying", type(error).__name__)
                self._sleep(self._retry.pause(failures))
            else:
                self.account.set_state("ok")

    # -- one batch

    def _deliver(self, entries: list[Entry]) -> None:
        """Try until every event has a verdict, others should go first, or time is over."""
        failures = 0
        began = self._epoch + self._clock()
        try:
            while entries := self._fresh(entries):
                if pause := self._pause():
                    if not self._wait_for(entries, pause):
                        return
                    continue
                count = len(entries)
                settled = self._attempt(entries, began)
                entries = settled.again
                self._note(settled)
                if settled.is_split:
                    self._split(entries, settled.reason)
                    return
                # What gets forward is not hopeless: only tries without progress count.
                failed = bool(entries) and settled.after is None
                failures = failures + failed if len(entries) == count else int(failed)
                if entries and not self._try_again(entries, settled, failures):
                    return
        except gevent.GreenletExit:
            self._breaker.record(ABANDONED)
            self._leave(entries)
        except Exception as error:  # a mistake of ours must not lose a batch in silence
            self._log.warning(f"lane {self.name}", "%s stumbled", self, error=error)
            self._breaker.record(FAILURE)
            self._suspects.batches.append(entries)
            self._sleep(STUMBLE)

    def _try_again(self, entries: list[Entry], settled: Settled, failures: int) -> bool:
        """Whether to go on with these events, after a pause."""
        if self._retry.attempts is not None and failures >= self._retry.attempts:
            self._give_up(entries)
            return False
        if settled.is_misconfigured or (settled.reason == _ON_AN_EVENT and failures >= SUSPICIOUS):
            if not self._suspects.add(entries, self.ledger.delivered):
                self._give_up(entries)
            return False
        if settled.after is not None:
            return True  # the whole lane pauses
        return self._wait_for(entries, self._retry.pause(failures))

    def _pause(self) -> float:
        """Seconds until a call may go out; a 0 of the breaker's must be followed by one."""
        asked = self._paused_until - self._clock()
        return asked if asked > 0 else self._breaker.wait()

    def _wait_for(self, entries: list[Entry], pause: float) -> bool:
        """Sleep, unless that would be beyond the end."""
        deadline = self._caller.deadline
        if self._caller.is_closing or (deadline and self._clock() + pause > deadline):
            self._leave(entries)
            return False
        self._sleep(pause)
        return True

    def _attempt(self, entries: list[Entry], began: float) -> Settled:
        for segment in self.supply.sending(entries, True):
            self._acknowledge(segment)
        try:
            verdicts = self._caller.attempt(Batch([entry.body for entry in entries], began))
        finally:
            self.supply.sending(entries, False)
        settled = self.account.settle(entries, verdicts)
        self._acknowledge_all(entries)
        return settled

    def _note(self, settled: Settled) -> None:
        """What an attempt means for the lane: breaker, pause, state."""
        asked = settled.after
        if settled.is_misconfigured:
            asked = MAX_RETRY_AFTER
        if asked is not None:
            self._paused_until = self._clock() + self._retry.pause(1, asked)
        failed = bool(settled.again) and asked is None and not settled.is_split
        self._breaker.record(FAILURE if failed else SUCCESS)
        if settled.is_misconfigured:
            self.account.set_state("misconfigured", settled.reason)
        elif self._breaker.state != CLOSED:
            self.account.set_state("open", settled.reason or self.ledger.reason)
        elif failed or asked is not None:
            self.account.set_state("retrying", settled.reason)
        else:
            self.account.set_state("ok")

    def _fresh(self, entries: list[Entry]) -> list[Entry]:
        """Those that are not too old to be sent."""
        entries, gone = self._forgotten.sift(entries)
        for entry in gone:
            self.account.pass_over(entry, "forgotten")
        oldest = self._epoch + self._clock() - self.collector.max_age
        old = [entry for entry in entries if entry.at < oldest]
        if old:
            for entry in old:
                self.account.bury(entry, "expired")
            self.account.drop(old, "expired")
            entries = [entry for entry in entries if entry.at >= oldest]
        return entries

    # -- batches with a bad event in them

    def _split(self, entries: list[Entry], reason: str) -> None:
        """The batch was refused, and nobody says for which event: find it by halves."""
        if len(entries) == 1:
            self.account.reject(entries[0], reason)
            self._acknowledge_all(entries)
            return
        middle = len(entries) // 2
        self._deliver(entries[:middle])
        self._deliver(entries[middle:])

    def _give_up(self, entries: list[Entry]) -> None:
        for entry in entries:
            self.account.reject(entry, "retries_exhausted")
        self._acknowledge_all(entries)

    def _acknowledge_all(self, entries: list[Entry]) -> None:
        for segment in {entry.segment for entry in entries if entry.segment is not None}:
            self._acknowledge(segment)

    # -- the end

    def _finish(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.supply.finish(entry)
            self._suspects.forget(entry)

    def _leave(self, entries: list[Entry]) -> None:
        """Time is over. What the journal has is pending still; the rest is lost."""
        self._is_over = True
        lost = [entry for entry in entries if entry.segment is None]
        self.account.drop(lost, "shutdown")

    def _farewell(self) -> None:
        self._caller.deadline = self._clock() + FAREWELL
        if self._started:
            self._caller.quietly(self.collector.flush)
            self._caller.quietly(self.collector.close)
        self._caller.kill(self._caller.deadline - self._clock())

    def __repr__(self) -> str:
        return f"collector {self.name}"
