"""A lane with a clock that is told to move: batches, retries, verdicts, the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gevent
import pytest
from gevent.event import Event as Flag

from flask_analytics import Event
from flask_analytics.collectors.base import (
    DELIVERED,
    Batch,
    BatchCollector,
    Collector,
    Rejected,
    Retry,
)
from flask_analytics.delivery.batcher import Lane
from flask_analytics.delivery.breaker import Breaker
from flask_analytics.delivery.buffer import Buffer, Entry
from flask_analytics.delivery.retry import RetryPolicy
from flask_analytics.errors import Refused, RetryLater
from flask_analytics.log import QuietLog


class Scripted(BatchCollector):
    """Answers with what the script says, then with success."""

    blocking = False

    def __init__(self, *script: Any, **options: Any) -> None:
        super().__init__(**options)
        self.script = list(script)
        self.sent: list[list[str | None]] = []
        self.bodies: list[bytes] = []
        self.ids: list[str] = []
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    def send(self, batch: Batch) -> Any:
        self.sent.append([event.event_name for event in batch])
        self.bodies.append(batch.to_json())
        self.ids.append(batch.id)
        answer = self.script.pop(0) if self.script else None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def flush(self) -> None:
        self.calls.append("flush")

    def close(self) -> None:
        self.calls.append("close")


class Story:
    """A lane, its clock, what it announced and how long it slept."""

    def __init__(self, clock: Any, collector: Collector, **options: Any) -> None:
        self.clock = clock
        self.slept: list[float] = []
        self.announced: list[tuple[str, dict[str, Any]]] = []
        options = {"retry": RetryPolicy(uniform=lambda low, high: high), **options}
        self.lane = Lane(
            collector,
            name="test",
            buffer=Buffer(100, 10_000),
            announce=lambda name, **facts: self.announced.append((name, facts)),
            log=QuietLog(),
            clock=clock,
            sleep=self._sleep,
            wait=self._wait,
            **options,
        )
        self.lane.open()

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.tick(seconds)
        gevent.sleep(0)

    def _wait(self, flag: Flag, timeout: float | None) -> None:
        """Waiting for an interval lets the clock jump; waiting for an event really waits."""
        if timeout is not None:
            gevent.sleep(0)
            if not flag.is_set():
                self.slept.append(timeout)
                self.clock.tick(timeout)
            return
        flag.wait()

    def put(self, *names: str, **fields: Any) -> None:
        for name in names:
            event = Event(event_name=name, message_id=f"id-{name}", **fields)
            entry = Entry(event, b'"%s"' % name.encode())
            if self.lane.wants(entry):
                self.lane.put(entry)

    def settle(self) -> dict[str, Any]:
        """Let the lane work until nothing is pending."""
        self.lane.idle.wait(5)
        return self.lane.ledger.summary()

    def counts(self) -> tuple[int, dict[str, int], dict[str, int], int]:
        summary = self.settle()
        return (
            summary["delivered"], summary["rejected"], summary["dropped"], summary["pending"],
        )  # fmt: skip


@pytest.fixture
def tell(clock: Any) -> Any:
    """Tell the story of a collector; every lane is closed in the end."""
    stories: list[Story] = []

    def begin(collector: Collector, **options: Any) -> Story:
        stories.append(Story(clock, collector, **options))
        return stories[-1]

    yield begin
    for story in stories:
        story.lane.close(clock())


Tell = Callable[..., Story]


def test_batch_goes_when_it_is_full(tell: Tell) -> None:
    """A batch size is a maximum; a full batch does not wait."""
    collector = Scripted(batch_size=2)
    story = tell(collector)

    story.put(*"abcde")

    assert story.counts() == (5, {}, {}, 0)
    assert collector.sent[:2] == [["a", "b"], ["c", "d"]]


def test_batch_goes_when_it_is_old(tell: Tell, clock: Any) -> None:
    """A single event waits for the interval, not longer."""
    collector = Scripted(flush_interval=5.0)
    story = tell(collector)

    story.put("a")

    assert story.counts() == (1, {}, {}, 0)
    assert story.slept == [5.0]


def test_flush_sends_at_once(tell: Tell) -> None:
    """Who flushes does not wait for the interval."""
    collector = Scripted(flush_interval=60.0)
    story = tell(collector)

    story.put("a")
    story.lane.flush()

    assert story.counts() == (1, {}, {}, 0)
    assert story.slept == []


def test_retry_sends_the_same_bytes(tell: Tell) -> None:
    """A failed batch is tried again after growing pauses, byte for byte, under the same id."""
    collector = Scripted(OSError(), Retry("busy"), RetryLater("busy"), batch_size=2)
    story = tell(collector)

    story.put("a", "b")

    assert story.counts() == (2, {}, {}, 0)
    assert collector.bodies == [b'["a","b"]'] * 4
    assert collector.ids == ["id-a"] * 4
    assert story.slept == [0.5, 1.0, 2.0]


def test_only_what_asked_for_it_is_tried_again(tell: Tell) -> None:
    """One verdict for each event: the good are done, the bad are counted, the rest come again."""
    collector = Scripted([DELIVERED, Rejected("bad"), Retry("busy")], batch_size=3)
    story = tell(collector)

    story.put(*"abc")

    assert story.counts() == (2, {"bad": 1}, {}, 0)
    assert collector.sent == [["a", "b", "c"], ["c"]]


def test_retry_after_is_waited_for_and_is_no_attempt(tell: Tell) -> None:
    """Being asked to wait is not a failure, however often."""
    collector = Scripted(*[Retry("slow down", 7.0)] * 9, batch_size=1)
    story = tell(collector)

    story.put("a")

    assert story.counts() == (1, {}, {}, 0)
    assert story.slept == [7.0] * 9


def test_attempts_end(tell: Tell) -> None:
    """After five failures the events are dropped, with the reason."""
    collector = Scripted(*[OSError()] * 5, batch_size=1)
    story = tell(collector, breaker=Breaker(threshold=99))

    story.put("a")

    assert story.counts() == (0, {}, {"retries_exhausted": 1}, 0)
    assert len(collector.sent) == 5


@pytest.mark.parametrize(
    ("error", "reason"),
    [(Refused("bad_key"), "bad_key"), (ValueError("x"), "error"), (KeyError("x"), "error")],
)
def test_mistakes_are_not_repeated(tell: Tell, error: Exception, reason: str) -> None:
    """A refusal or a programming mistake ends the batch at once."""
    collector = Scripted(error, batch_size=1)
    story = tell(collector)

    story.put("a", "b")

    assert story.counts() == (1, {reason: 1}, {}, 0)


@pytest.mark.parametrize("error", [SystemExit(1), KeyboardInterrupt(), gevent.GreenletExit()])
def test_collector_that_tries_to_exit_gets_its_events_again(
    tell: Tell, error: BaseException
) -> None:
    """Nothing that a collector raises ends anything but its own call."""
    collector = Scripted(error, batch_size=1)
    story = tell(collector)

    story.put("a")

    assert story.counts() == (1, {}, {}, 0)
    assert collector.sent == [["a"], ["a"]]


def test_nonsense_answer_is_counted(tell: Tell) -> None:
    """A send that returns something odd is a mistake of the collector."""
    collector = Scripted("yes", batch_size=1)
    story = tell(collector)

    story.put("a")

    assert story.counts() == (0, {"error": 1}, {}, 0)


def test_breaker_opens_and_the_state_is_told(tell: Tell, clock: Any) -> None:
    """After five failures in a row the lane waits for the cool-down; nothing is lost for it."""
    collector = Scripted(*[OSError()] * 3, batch_size=1, max_inflight=1)
    story = tell(collector, breaker=Breaker(threshold=3, clock=clock))

    story.put("a", "b")

    assert story.counts() == (2, {}, {}, 0)
    states = [facts["state"] for name, facts in story.announced if "state" in name]
    assert states == ["down", "up"]


def test_full_buffer_drops_the_oldest_and_says_so(tell: Tell) -> None:
    """While nothing can be sent, the newest events are kept."""
    collector = Scripted(batch_size=1000, flush_interval=60)
    story = tell(collector)

    story.put(*[f"e{n}" for n in range(150)])

    assert story.lane.ledger.summary()["dropped"] == {"queue_full": 50}
    story.lane.flush()
    assert story.counts() == (100, {}, {"queue_full": 50}, 0)
    assert collector.sent[0][0] == "e50"


def test_close_delivers_what_waits_and_says_goodbye(tell: Tell, clock: Any) -> None:
    """At the end the last batch goes, then flush and close are called once, in that order."""
    collector = Scripted(flush_interval=60)
    story = tell(collector)
    story.put("a")

    story.lane.close(clock() + 5)

    assert story.counts()[0] == 1
    assert collector.calls == ["start", "flush", "close"]
    assert story.lane.ledger.state == "closed"


def test_close_gives_up_at_once_when_a_pause_would_outlast_it(tell: Tell, clock: Any) -> None:
    """No retry sleeps past the deadline; what is lost is counted."""
    collector = Scripted(*[Retry("later", 60.0)] * 9, flush_interval=60)
    story = tell(collector)
    story.put("a", "b")

    story.lane.close(clock() + 5)

    assert story.counts() == (0, {}, {"shutdown": 2}, 0)


def test_hanging_call_is_cut_at_the_deadline(tell: Tell, clock: Any) -> None:
    """A cooperative call that never ends does not hold the process."""

    class Hanging(Scripted):
        def send(self, batch: Batch) -> Any:
            gevent.event.Event().wait()

    story = tell(Hanging(flush_interval=60))
    story.put("a")
    story.lane.flush()
    gevent.sleep(0)

    story.lane.close(clock() + 0.05)

    assert story.counts() == (0, {}, {"shutdown": 1}, 0)


def test_start_that_fails_is_repeated_and_loses_nothing(tell: Tell) -> None:
    """A collector that cannot start yet keeps its events."""

    class Late(Scripted):
        tries = 0

        def start(self) -> None:
            self.tries += 1
            if self.tries < 3:
                raise RuntimeError("not yet")

    story = tell(Late(batch_size=1))

    story.put("a")

    assert story.counts() == (1, {}, {}, 0)
    assert story.slept == [0.5, 1.0]


def test_one_by_one_in_order(tell: Tell) -> None:
    """A plain collector gets each event; after one that must wait, the others wait too."""

    class Plain(Collector):
        blocking = False

        def __init__(self) -> None:
            self.seen: list[str | None] = []

        def collect(self, event: Event) -> None:
            self.seen.append(event.event_name)
            if self.seen == ["a", "b"]:
                raise RetryLater("busy")
            if event.event_name == "c":
                raise Refused("bad")

    collector = Plain()
    story = tell(collector)

    story.put(*"abcd")

    assert story.counts() == (3, {"bad": 1}, {}, 0)
    assert collector.seen == ["a", "b", "b", "c", "d"]


def test_blocking_collector_runs_in_a_thread(tell: Tell) -> None:
    """The event loop goes on while a blocking collector works."""
    import threading

    here = threading.get_ident()

    class Blocking(Scripted):
        blocking = True

        def send(self, batch: Batch) -> Any:
            self.calls.append(str(threading.get_ident() != here))

    collector = Blocking(batch_size=1)
    story = tell(collector)

    story.put("a")

    assert story.counts() == (1, {}, {}, 0)
    assert collector.calls == ["start", "True"]


def test_blocking_collector_that_is_slow_is_stuck_until_it_comes_back(tell: Tell) -> None:
    """Nothing can end a thread: it is shown, and its events are not sent twice."""
    import threading

    release = threading.Event()

    class Slow(Scripted):
        blocking = True

        def send(self, batch: Batch) -> Any:
            self.sent.append(["called"])
            release.wait(5)

    collector = Slow(batch_size=1, timeout=0.01)
    story = tell(collector)
    story.put("a")
    while story.lane.ledger.state != "stuck":
        gevent.sleep(0.001)

    release.set()

    assert story.counts() == (1, {}, {}, 0)
    assert collector.sent == [["called"]]
    assert story.lane.ledger.state == "up"


def test_integrations_and_accepts_choose(tell: Tell) -> None:
    """An event goes only where it is meant to go; elsewhere it is not even accepted."""
    collector = Scripted(batch_size=1, accepts=lambda event: event.event_name != "no")
    story = tell(collector)

    story.put("a", integrations={"All": False})
    story.put("b", integrations={"Scripted": False})
    story.put("c", integrations={"All": False, "Scripted": True})
    story.put("no", "yes")

    assert story.counts() == (2, {}, {}, 0)
    assert collector.sent == [["c"], ["yes"]]


def test_broken_predicate_loses_nothing(tell: Tell) -> None:
    """An accepts that raises accepts."""
    story = tell(Scripted(batch_size=1, accepts=lambda event: bool(1 / 0)))

    story.put("a")

    assert story.counts() == (1, {}, {}, 0)


def test_verdicts_are_a_sequence(tell: Tell) -> None:
    """A tuple of verdicts is as good as a list."""
    verdicts: Sequence[Any] = (DELIVERED, Rejected("x"))
    story = tell(Scripted(verdicts, batch_size=2))

    story.put("a", "b")

    assert story.counts() == (1, {"x": 1}, {}, 0)


def test_slow_collector_has_its_time_for_each_event(tell: Tell) -> None:
    """The limit is one call's: a hundred events that take a moment each are no time-out."""

    class Slow(Collector):
        blocking = False
        timeout = 0.05

        def collect(self, event: Event) -> None:
            gevent.sleep(0.01)

    story = tell(Slow())

    story.put(*[f"e{n}" for n in range(20)])

    assert story.counts() == (20, {}, {}, 0)


def test_end_in_the_middle_counts_what_is_done(tell: Tell, clock: Any) -> None:
    """Of a batch that is cut off, the events that were collected are delivered."""
    waiting = Flag()

    class Halfway(Collector):
        blocking = False

        def collect(self, event: Event) -> None:
            if event.event_name == "c":
                waiting.set()
                Flag().wait()

    story = tell(Halfway())
    story.put(*"abcd")
    waiting.wait(5)

    story.lane.close(clock() + 0.05)

    assert story.counts() == (2, {}, {"shutdown": 2}, 0)


def test_again_at_once_is_no_tight_loop(tell: Tell) -> None:
    """A destination that says Retry-After: 0 gets a pause all the same."""
    story = tell(Scripted(Retry("busy", 0.0), Retry("busy", -5.0), batch_size=1))

    story.put("a")

    assert story.counts() == (1, {}, {}, 0)
    assert story.slept == [0.5, 0.5]
