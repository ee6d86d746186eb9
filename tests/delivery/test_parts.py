"""The parts of delivery that need no event loop: ledger, retry, breaker, verdicts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_analytics import Event
from flask_analytics.collectors.base import DELIVERED, Rejected, Retry
from flask_analytics.delivery.breaker import (
    ABANDONED,
    CLOSED,
    FAILURE,
    HALF_OPEN,
    OPEN,
    SUCCESS,
    Breaker,
)
from flask_analytics.delivery.direct import Direct
from flask_analytics.delivery.ledger import Ledger
from flask_analytics.delivery.retry import MAX_RETRY_AFTER, RetryPolicy
from flask_analytics.delivery.verdicts import Timeout, of_answer, of_error
from flask_analytics.errors import Refused, RetryLater


def test_ledger_adds_up() -> None:
    """Pending is what has not ended."""
    ledger = Ledger()
    ledger.accepted = 10
    ledger.delivered = 4
    ledger.rejected["http_400"] += 2
    ledger.dropped["shutdown"] += 1

    assert ledger.summary() == {
        "accepted": 10, "delivered": 4, "rejected": {"http_400": 2},
        "dropped": {"shutdown": 1}, "pending": 3, "trimmed": {}, "state": "ok",
        "since": None, "reason": None,
    }  # fmt: skip


def test_retry_pauses_double_up_to_the_cap() -> None:
    """Full jitter: the limit doubles, the draw is below it."""
    policy = RetryPolicy(uniform=lambda low, high: high)

    assert [policy.pause(n) for n in (1, 2, 3, 7, 100)] == [0.5, 1.0, 2.0, 30.0, 30.0]


@given(st.integers(1, 10_000))
def test_retry_pause_is_within_its_bounds(failures: int) -> None:
    """Never negative, never above the cap."""
    assert 0 <= RetryPolicy().pause(failures) <= 30


@pytest.mark.parametrize(
    ("after", "pause"), [(7.0, 7.0), (0.0, 0.5), (-5, 0.5), (9e9, MAX_RETRY_AFTER)]
)
def test_retry_after_is_respected_within_reason(after: float, pause: float) -> None:
    """A destination may ask for up to five minutes."""
    assert RetryPolicy().pause(1, after) == pause


def test_breaker_opens_waits_probes_and_closes(clock: Any) -> None:
    """The rules of the module, in order."""
    breaker = Breaker(threshold=3, cooldown=30.0, clock=clock)

    assert [breaker.record(FAILURE) for _ in range(3)] == [False, False, True]
    assert (breaker.state, breaker.wait()) == (OPEN, 30.0)
    clock.tick(29)
    assert breaker.wait() == 1.0
    clock.tick(1)
    assert (breaker.wait(), breaker.state) == (0.0, HALF_OPEN)
    assert breaker.wait() > 0, "one probe only"
    assert breaker.record(FAILURE)
    assert (breaker.state, breaker.wait()) == (OPEN, 30.0)
    clock.tick(30)
    assert breaker.wait() == 0.0
    assert breaker.record(SUCCESS)
    assert (breaker.state, breaker.wait()) == (CLOSED, 0.0)


def test_breaker_counts_failures_in_a_row_only(clock: Any) -> None:
    """A success between starts the count anew; an abandoned call counts as neither."""
    breaker = Breaker(threshold=2, clock=clock)

    for outcome in (FAILURE, SUCCESS, FAILURE, ABANDONED):
        breaker.record(outcome)
    assert breaker.state == CLOSED
    breaker.record(FAILURE)
    assert breaker.state == OPEN


def test_abandoned_probe_lets_another_one_out(clock: Any) -> None:
    """A probe that was cut off does not leave the breaker half-open for ever."""
    breaker = Breaker(threshold=1, cooldown=30.0, clock=clock)
    breaker.record(FAILURE)
    clock.tick(30)
    breaker.wait()

    breaker.record(ABANDONED)

    clock.tick(30)
    assert breaker.wait() == 0.0


def test_late_success_closes_an_open_breaker(clock: Any) -> None:
    """A call that was under way when it opened, and worked, is good news."""
    breaker = Breaker(threshold=1, clock=clock)
    breaker.record(FAILURE)

    assert breaker.record(SUCCESS)
    assert breaker.state == CLOSED


@pytest.mark.parametrize(
    ("answer", "verdicts"),
    [
        (None, [DELIVERED, DELIVERED]),
        (Retry("x"), [Retry("x"), Retry("x")]),
        ([DELIVERED, Rejected("y")], [DELIVERED, Rejected("y")]),
    ],
)
def test_answers_of_send(answer: Any, verdicts: list[Any]) -> None:
    """None, one verdict, or one for each event."""
    assert list(of_answer(answer, 2)) == verdicts


@pytest.mark.parametrize(
    ("after", "seconds"),
    [("30", 30.0), ("soon", None), (float("nan"), None), ([], None), (10**400, None), (None, None)],
)
def test_pause_that_is_no_number(after: Any, seconds: float | None) -> None:
    """A header's text is read; what is no number must not end the lane, nor let it spin."""
    assert list(of_answer(Retry("busy", after), 1)) == [Retry("busy", seconds)]
    assert list(of_answer([Retry("busy", after)], 1)) == [Retry("busy", seconds)]
    assert of_error(RetryLater("busy", after)) == Retry("busy", seconds)


@pytest.mark.parametrize(
    ("given", "word"),
    [("a\nb\x1b[31m", "ab[31m"), ("\udcff", "unknown"), ("x" * 99, "x" * 64), (None, "NoneType")],
)
def test_reason_that_is_no_word(given: Any, word: str) -> None:
    """It goes into counters, files, labels and the log: one short line, and valid text."""
    assert list(of_answer(Rejected(given), 1)) == [Rejected(word)]
    assert list(of_answer([DELIVERED, Rejected(given)], 2)) == [DELIVERED, Rejected(word)]
    assert of_error(Refused(given)) == Rejected(word)


@pytest.mark.parametrize("answer", [True, "ok", [DELIVERED], [1, 2], 200])
def test_nonsense_answers_are_refused(answer: Any) -> None:
    """What send must not return says what it must."""
    with pytest.raises(TypeError, match="2 verdicts"):
        of_answer(answer, 2)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (RetryLater("busy", 5.0), Retry("busy", 5.0)),
        (Refused("bad_key"), Rejected("bad_key")),
        (ConnectionRefusedError(), Retry("network")),
        (TimeoutError(), Retry("network")),
        (ValueError(), Rejected("error")),
        (Timeout(), Retry("timeout")),
        (SystemExit(), Retry("interrupted")),
        (KeyboardInterrupt(), Retry("interrupted")),
    ],
)
def test_errors_as_verdicts(error: BaseException, verdict: Any) -> None:
    """Network faults are tried again, mistakes are not."""
    assert of_error(error) == verdict


def test_direct_survives_a_failing_collector() -> None:
    """Without a thread, too, a collector's exception stays its own."""
    from flask_analytics.collectors import Collector, MemoryCollector

    class Failing(Collector):
        def collect(self, event: Event) -> None:
            raise RuntimeError("no")

    memory = MemoryCollector()
    direct = Direct({"failing": Failing(), "memory": memory}, complete=lambda event: event)

    direct.put(Event(event_name="a"))

    assert [event.name for event in memory.events] == ["a"]
    assert direct.stats()["collectors"]["failing"]["rejected"] == {"error": 1}
    assert direct.flush(1)
    assert direct.close(1)
