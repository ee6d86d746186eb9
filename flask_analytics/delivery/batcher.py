"""A lane: everything that one collector has for itself, so that it cannot disturb another.

The runner takes batches from the buffer, when they are full or old enough, and gives each to a
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
from gevent.threadpool import ThreadPool

from ..collectors.base import (
    DELIVERED,
    Batch,
    BatchCollector,
    Collector,
    Rejected,
    Retry,
    Verdict,
)
from ..log import QuietLog
from .breaker import ABANDONED, CLOSED, FAILURE, SUCCESS, Breaker
from .buffer import Buffer, Entry
from .hub import LATE_THREADS
from .ledger import Ledger
from .retry import RetryPolicy
from .verdicts import of_answer, of_error

#: Seconds that flush() and close() of a collector may take at the end, after its last event.
FAREWELL = 0.5


class Lane:
    """One collector's buffer, pool, breaker, retry and ledger.

    :param announce: called with a signal's name and its arguments.
    :param clock: monotonic seconds.
    :param sleep: waits so many seconds without blocking the event loop.
    :param wait: waits for a flag at most so many seconds (None: for ever).
    """

    def __init__(
        self,
        collector: Collector,
        *,
        name: str,
        buffer: Buffer,
        announce: Callable[..., None],
        log: QuietLog,
        retry: RetryPolicy | None = None,
        breaker: Breaker | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Any] = gevent.sleep,
        wait: Callable[[Flag, float | None], Any] = Flag.wait,
    ) -> None:
        self.collector = collector
        self.name = name
        self.ledger = Ledger()
        self._buffer = buffer
        self._announce = announce
        self._log = log
        self._retry = retry or RetryPolicy()
        self._breaker = breaker or Breaker(clock=clock)
        self._clock, self._sleep, self._wait = clock, sleep, wait
        self._oldest = 0.0
        self._flushing = self._started = self._closing = False
        self._deadline: float | None = None

    # -- called by the dispatcher, in its thread

    def open(self) -> None:
        """Make the greenlets. Apart from the constructor, because they belong to one thread."""
        self._wake, self.idle = Flag(), Flag()
        self.idle.set()
        self._pool = Pool(self.collector.max_inflight)
        self._threads = self._open_threads() if self.collector.blocking else None
        self._runner = gevent.spawn(self._run)

    def _open_threads(self) -> ThreadPool:
        threads = ThreadPool(self.collector.max_inflight)
        if not LATE_THREADS:
            threads.size = threads.maxsize
        return threads

    def wants(self, entry: Entry) -> bool:
        """Whether the event is meant for this collector."""
        chosen = entry.event.integrations
        if chosen and not chosen.get(self.collector.integration, chosen.get("All", True)):
            return False
        if self.collector.accepts is None:
            return True
        try:
            return bool(self.collector.accepts(entry.event))
        except BaseException as error:  # SystemExit would end the pump, for every lane
            self._log.warning(f"accepts {self.name}", "accepts of %s raised", self, error=error)
            return True

    def put(self, entry: Entry) -> None:
        """Take an event into the buffer."""
        if not self._buffer:
            self._oldest = self._clock()
        self.ledger.accepted += 1
        self._drop(self._buffer.append(entry), "queue_full")
        self.idle.clear()
        if len(self._buffer) in (1, self.collector.batch_size):
            self._wake.set()

    def flush(self) -> None:
        """Send what waits now, however little it is. ``idle`` tells when it is done."""
        self._flushing = True
        self._wake.set()

    def close(self, deadline: float) -> None:
        """End the lane, waiting no longer than ``deadline`` for what is under way."""
        self._deadline = deadline
        self.flush()
        self.idle.wait(max(0.0, deadline - self._clock()))
        self._closing = True
        gevent.killall([self._runner, *self._pool], timeout=FAREWELL)
        self._drop(len(self._buffer.take(len(self._buffer))), "shutdown")
        self._farewell()
        self._set_state("closed")
        self.idle.set()

    def farewell_flush(self) -> None:
        """Let the collector pass on what it holds back itself."""
        self._quietly(self.collector.flush)

    # -- the runner

    def _run(self) -> None:
        while True:
            due = self._due()
            if due is None:
                self._flushing = False
                self._rest()
                self._wait(self._wake, None)
            elif due > 0:
                self._wait(self._wake, due)
            elif self._ready():
                self._pool.wait_available()
                entries = self._buffer.take(self.collector.batch_size)
                self._oldest = self._clock()
                self._pool.spawn(self._deliver, entries).rawlink(lambda _: self._wake.set())
                continue
            self._wake.clear()

    def _due(self) -> float | None:
        """Seconds until the next batch must go, or None when there is nothing to send."""
        if not self._buffer:
            return None
        if self._flushing or len(self._buffer) >= self.collector.batch_size:
            return 0.0
        return max(0.0, self._oldest + self.collector.flush_interval - self._clock())

    def _rest(self) -> None:
        if not len(self._pool):
            self.idle.set()

    def _ready(self) -> bool:
        """Start the collector before its first batch; what waits is kept while that fails."""
        failures = 0
        while not self._started:
            try:
                self._call(self.collector.start)
                self._started = True
            except BaseException as error:
                if self._closing:
                    raise
                failures += 1
                self._log.warning(f"start {self.name}", "%s did not start", self, error=error)
                self._set_state("down")
                self._sleep(self._retry.pause(failures))
            else:
                self._set_state("up")
        return True

    # -- one batch

    def _deliver(self, entries: list[Entry]) -> None:
        """Try until every event has a verdict, the attempts are used up or time is over."""
        failures = 0
        try:
            while entries:
                pause = self._breaker.wait()
                if not pause:
                    before = len(entries)
                    entries, after = self._settle(entries, self._attempt(entries))
                    failed = bool(entries) and after is None
                    self._record(FAILURE if failed else SUCCESS)
                    # What gets forward is not hopeless: only tries without progress count.
                    failures = failures + failed if len(entries) == before else int(failed)
                    pause = self._retry.pause(failures, after)
                if entries and (reason := self._hopeless(failures, pause)):
                    self._drop(len(entries), reason)
                    return
                if entries:
                    self._sleep(pause)
        except gevent.GreenletExit:
            self._breaker.record(ABANDONED)
            self._drop(len(entries), "shutdown")

    def _hopeless(self, failures: int, pause: float) -> str | None:
        """Why there is no point in another try, if so."""
        if failures >= self._retry.attempts:
            return "retries_exhausted"
        if self._deadline is not None and self._clock() + pause > self._deadline:
            return "shutdown"
        return None

    def _attempt(self, entries: list[Entry]) -> Sequence[Verdict]:
        batch = Batch([entry.event for entry in entries], [entry.body for entry in entries])
        if not isinstance(self.collector, BatchCollector):
            return self._one_by_one(batch)
        try:
            return of_answer(self._call(self.collector.send, batch), len(batch))
        except BaseException as error:
            return [self._verdict(error)] * len(batch)

    def _one_by_one(self, batch: Batch) -> Sequence[Verdict]:
        """Collect in order, each event a call of its own; after one that must wait, the others
        wait too. Cut off by the end, it still tells what is done."""
        verdicts: list[Verdict] = []
        for event in batch:
            try:
                self._call(self.collector.collect, event)
                verdicts.append(DELIVERED)
            except gevent.GreenletExit as error:
                verdict = Retry("shutdown") if self._closing else self._verdict(error)
                return [*verdicts, *[verdict] * (len(batch) - len(verdicts))]
            except BaseException as error:
                verdict = self._verdict(error)
                if isinstance(verdict, Retry):
                    return [*verdicts, *[verdict] * (len(batch) - len(verdicts))]
                verdicts.append(verdict)
        return verdicts

    def _call(self, function: Callable[..., Any], *args: Any, patient: bool = True) -> Any:
        """Call into the collector, in a thread if it blocks, else with a time limit.

        Nothing can end a thread: a patient caller waits on, so that no event is sent twice.
        """
        limit = self.collector.timeout
        if self._deadline is not None:
            limit = max(0.01, min(limit, self._deadline - self._clock()))
        if self._threads is None:
            with gevent.Timeout(limit):
                return function(*args)
        with gevent.Timeout(None if patient else limit):  # stuck threads leave no room
            result = self._threads.spawn(_caught, function, *args)
        try:
            value, error = result.get(timeout=limit)
        except gevent.Timeout:
            self._set_state("stuck")
            if not patient:
                raise
            value, error = result.get()
            self._set_state("up")
        if error is not None:
            raise error
        return value

    def _verdict(self, error: BaseException) -> Verdict:
        if self._closing and isinstance(error, gevent.GreenletExit):
            raise error
        verdict = of_error(error)
        if isinstance(verdict, Rejected) and verdict.reason == "error":
            self._log.warning(f"collect {self.name}", "%s raised", self, error=error)
        elif isinstance(verdict, Retry):  # only the kind: the text may show an address with keys
            self._log.warning(f"retry {self.name}", "%s: %s", self, type(error).__name__)
        return verdict

    # -- counting

    def _settle(
        self, entries: list[Entry], verdicts: Sequence[Verdict]
    ) -> tuple[list[Entry], float | None]:
        """Count what has ended; the answer is what has not, and the pause asked for."""
        again: list[Entry] = []
        pauses: list[float] = []
        delivered = 0
        for entry, verdict in zip(entries, verdicts, strict=True):
            if isinstance(verdict, Retry):
                again.append(entry)
                if verdict.after is not None:
                    pauses.append(verdict.after)
            elif isinstance(verdict, Rejected):
                self._reject(verdict.reason)
            else:
                delivered += 1
        if delivered:
            self.ledger.delivered += delivered
            self._announce("batch_delivered", collector=self.name, count=delivered)
        return again, max(pauses, default=None)

    def _reject(self, reason: str) -> None:
        self._log.warning(f"reject {self.name} {reason}", "%s refused an event: %s", self, reason)
        self.ledger.rejected[reason] += 1
        self._announce("event_rejected", collector=self.name, reason=reason, count=1)

    def _drop(self, count: int, reason: str) -> None:
        if count:
            self.ledger.dropped[reason] += count
            self._announce("event_dropped", collector=self.name, reason=reason, count=count)
            self._log.warning(
                f"drop {self.name} {reason}", "%s lost %d events: %s", self, count, reason
            )

    def _record(self, outcome: str) -> None:
        if self._breaker.record(outcome):
            self._set_state("up" if self._breaker.state == CLOSED else "down")

    def _set_state(self, state: str) -> None:
        if state != self.ledger.state:
            self.ledger.state = state
            self._announce("collector_state_changed", collector=self.name, state=state)

    # -- the end

    def _farewell(self) -> None:
        if self._started:
            self._deadline = self._clock() + FAREWELL
            self._quietly(self.collector.flush)
            self._quietly(self.collector.close)
        if self._threads is not None:
            left = max(0.01, (self._deadline or 0.0) - self._clock())
            with gevent.Timeout(left, False):  # a stuck one stays until the process ends
                self._threads.kill()

    def _quietly(self, function: Callable[[], None]) -> None:
        try:
            self._call(function, patient=False)
        except BaseException as error:
            self._log.warning(
                f"{function.__name__} {self.name}", "%s of %s failed: %s",
                function.__name__, self, type(error).__name__,
            )  # fmt: skip

    def __repr__(self) -> str:
        return f"collector {self.name}"


def _caught(function: Callable[..., Any], *args: Any) -> tuple[Any, BaseException | None]:
    """Run in a thread of a pool, which no exception may leave: SystemExit would end it."""
    try:
        return function(*args), None
    except BaseException as error:
        return None, error
