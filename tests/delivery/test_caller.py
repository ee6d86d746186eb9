"""A lane and its collector: threads, time limits, odd answers, the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gevent
import pytest
from gevent.event import Event as Flag

from flask_analytics import Event
from flask_analytics.collectors.base import DELIVERED, Batch, Collector, Rejected, Retry
from flask_analytics.errors import Refused, RetryLater

from .actors import Scripted, Tell


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
    assert story.lane.ledger.state == "ok"


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


def test_nonsense_answer_is_counted(tell: Tell) -> None:
    """A send that returns something odd is a mistake of the collector."""
    collector = Scripted("yes", batch_size=1)
    story = tell(collector)

    story.put("a")

    assert story.counts() == (0, {"error": 1}, {}, 0)


def test_verdicts_are_a_sequence(tell: Tell) -> None:
    """A tuple of verdicts is as good as a list."""
    verdicts: Sequence[Any] = (DELIVERED, Rejected("x"))
    story = tell(Scripted(verdicts, batch_size=2))

    story.put("a", "b")

    assert story.counts() == (1, {"x": 1}, {}, 0)


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
