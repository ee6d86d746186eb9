"""A lane with a clock that is told to move: batches, retries, verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from flask_analytics.collectors.base import DELIVERED, Batch, Misconfigured, Rejected, Retry, Split
from flask_analytics.delivery.breaker import Breaker
from flask_analytics.delivery.retry import RetryPolicy
from flask_analytics.delivery.stats import MAX_REASONS, OTHER
from flask_analytics.errors import RetryLater

from .actors import Scripted, Tell


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
    assert len(set(collector.bodies)) == 1
    assert len(collector.bodies) == 4
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


def test_failures_have_no_limit_of_their_own(tell: Tell) -> None:
    """A destination that is down for long loses nothing that is not too old."""
    collector = Scripted(*[OSError()] * 50, batch_size=1)
    story = tell(collector)

    story.put("a")

    assert story.counts() == (1, {}, {}, 0)
    assert len(collector.sent) == 51


def test_attempts_end_where_a_limit_is_wanted(tell: Tell) -> None:
    """After so many failures the events are given up, with the reason."""
    collector = Scripted(
        *[OSError()] * 3, batch_size=1, retry=RetryPolicy(attempts=3), breaker=Breaker(99)
    )
    story = tell(collector)

    story.put("a")

    assert story.counts() == (0, {"retries_exhausted": 1}, {}, 0)
    assert len(collector.sent) == 3


def test_events_expire(tell: Tell, clock: Any) -> None:
    """What is older than the destination's limit is not sent any more, and counted."""
    collector = Scripted(Retry("busy", 60.0), batch_size=1, max_age=30.0)
    story = tell(collector)

    story.put("a", "b")

    assert story.counts() == (0, {}, {"expired": 2}, 0)
    assert collector.sent == [["a"]]


def test_batch_is_limited_in_bytes(tell: Tell) -> None:
    """Large events make small batches; one alone goes whatever its size."""
    collector = Scripted(batch_size=10, batch_bytes=300, flush_interval=1)
    story = tell(collector)

    story.put("a", "b", "c", properties={"text": "x" * 80})
    story.put("d", properties={"text": "x" * 900})

    assert story.counts() == (4, {}, {}, 0)
    assert all(len(sent) == 1 or len(body) <= 300 for sent, body in collector.batches)
    assert [name for sent in collector.sent for name in sent] == ["a", "b", "c", "d"]


def test_bad_event_is_found_by_halves(tell: Tell) -> None:
    """A destination that refuses a batch and does not say why keeps nothing from the others."""

    class Picky(Scripted):
        def send(self, batch: Batch) -> Any:
            super().send(batch)
            return Split("http_400") if "bad" in self.sent[-1] else None

    collector = Picky(batch_size=64)
    story = tell(collector)
    names = [f"e{n}" for n in range(64)]
    names[37] = "bad"

    story.put(*names)

    assert story.counts() == (63, {"http_400": 1}, {}, 0)
    assert len(collector.sent) <= 1 + 2 * 6


def test_lane_pauses_while_it_is_misconfigured(tell: Tell) -> None:
    """A wrong key is tried again every five minutes, with one call, and no event is lost."""
    collector = Scripted(Misconfigured("http_401"), Misconfigured("http_401"), batch_size=1)
    story = tell(collector)

    story.put("a", "b")

    assert story.counts() == (2, {}, {}, 0)
    assert story.slept == [300.0, 300.0]
    assert story.states() == ["misconfigured", "ok"]


def test_retry_after_pauses_the_whole_lane(tell: Tell, clock: Any) -> None:
    """While the destination asked for a pause no other batch goes either."""
    collector = Scripted(Retry("slow down", 60.0), batch_size=1, max_inflight=4)
    story = tell(collector)
    began = clock()

    story.put("a")
    story.settle()
    story.put("b", "c")

    assert story.counts() == (3, {}, {}, 0)
    assert clock() - began >= 60.0


def test_event_that_breaks_the_destination_does_not_hold_up_the_others(tell: Tell) -> None:
    """A destination that answers 500 to one event gets the others; that one ends."""

    class Broken(Scripted):
        def send(self, batch: Batch) -> Any:
            super().send(batch)
            return Retry("http_500") if "bad" in self.sent[-1] else None

    collector = Broken(batch_size=4)
    story = tell(collector)

    story.put("a", "bad", "c", "d", *"efgh")

    assert story.counts() == (7, {"retries_exhausted": 1}, {}, 0)


def test_event_that_a_firewall_refuses_does_not_hold_up_the_others(tell: Tell) -> None:
    """403 to one event looks like a wrong key; the others show that it is none."""

    class Firewall(Scripted):
        def send(self, batch: Batch) -> Any:
            super().send(batch)
            return Misconfigured("http_403") if "<script" in self.sent[-1] else None

    story = tell(Firewall(batch_size=4))

    story.put("a", "<script", "c", "d", *"efgh")

    assert story.counts() == (7, {"retries_exhausted": 1}, {}, 0)


def test_words_of_a_collector_are_counted_up_to_a_number(tell: Tell) -> None:
    """A reason for each event would fill the memory."""
    collector = Scripted([Rejected(f"bad {n}") for n in range(80)], batch_size=80)
    story = tell(collector)

    story.put(*[f"e{n}" for n in range(80)])

    _, rejected, _, _ = story.counts()
    assert len(rejected) == MAX_REASONS + 1
    assert (rejected[OTHER], sum(rejected.values())) == (80 - MAX_REASONS, 80)


def test_mistake_of_ours_loses_no_batch(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong between the calls is logged, and the events are sent again."""
    collector = Scripted(batch_size=2)
    story = tell(collector)
    real, mistakes = story.lane.account.settle, [KeyError("ours")]

    def settle(*args: Any) -> Any:
        if mistakes:
            raise mistakes.pop()
        return real(*args)

    monkeypatch.setattr(story.lane.account, "settle", settle)
    story.put("a", "b")

    assert story.counts() == (2, {}, {}, 0)
    assert collector.sent == [["a", "b"]] * 2


def test_destination_that_always_fails_loses_nothing(tell: Tell) -> None:
    """Where nothing gets through, no event is to blame."""
    collector = Scripted(*[Retry("http_500")] * 60, batch_size=4)
    story = tell(collector)

    story.put(*"abcd")

    assert story.counts() == (4, {}, {}, 0)


def test_breaker_opens_and_the_state_is_told(tell: Tell, clock: Any) -> None:
    """After five failures in a row the lane waits for the cool-down; nothing is lost for it."""
    collector = Scripted(*[OSError()] * 3, batch_size=1, breaker=Breaker(threshold=3))
    story = tell(collector)

    story.put("a", "b")

    assert story.counts() == (2, {}, {}, 0)
    assert story.states() == ["retrying", "open", "ok"]


def test_full_buffer_drops_the_oldest_and_says_so(tell: Tell) -> None:
    """While nothing can be sent, the newest events are kept."""
    collector = Scripted(batch_size=1000, flush_interval=60)
    story = tell(collector)

    story.put(*[f"e{n}" for n in range(150)])

    assert story.lane.ledger.summary()["dropped"] == {"queue_full": 50}
    story.lane.flush()
    assert story.counts() == (100, {}, {"queue_full": 50}, 0)
    assert collector.sent[0][0] == "e50"


def test_integrations_and_accepts_choose(tell: Tell) -> None:
    """An event goes only where it is meant to go; elsewhere it is not even accepted."""
    collector = Scripted(batch_size=1, accepts=lambda event: event.event_name != "no")
    story = tell(collector)

    story.put("a", integrations={"All": False})
    story.put("b", integrations={"Scripted": False})
    story.put("c", integrations={"All": False, "Scripted": True})
    story.put("d", integrations={"All": False, f"collector:{story.lane.name}": True})
    story.put("e", integrations={"Scripted": True, f"collector:{story.lane.name}": False})
    story.put("f", integrations={"All": False, "collector:another": True})
    story.put("no", "yes")

    assert story.counts() == (3, {}, {}, 0)
    assert collector.sent == [["c"], ["d"], ["yes"]]


def test_broken_predicate_has_refused(tell: Tell) -> None:
    """An accepts that raises may have been about consent: the event stays here, and is counted."""
    story = tell(Scripted(batch_size=1, accepts=lambda event: bool(1 / 0)))

    story.put("a")

    assert story.counts() == (0, {}, {"accepts_failed": 1}, 0)


def test_integrations_of_another_shape_cost_their_event_only(tell: Tell) -> None:
    """before_send may have made a list of them: that must not end what fills the lanes."""
    story = tell(Scripted(batch_size=1))

    story.put("a", integrations=["Scripted"])
    story.put("b")

    assert story.counts() == (1, {}, {"accepts_failed": 1}, 0)


def test_again_at_once_is_no_tight_loop(tell: Tell) -> None:
    """A destination that says Retry-After: 0 gets a pause all the same."""
    story = tell(Scripted(Retry("busy", 0.0), Retry("busy", -5.0), batch_size=1))

    story.put("a")

    assert story.counts() == (1, {}, {}, 0)
    assert story.slept == [0.5, 0.5]
