"""Rows 10, 19 and 21 of the fault matrix and T20b of the retry table: what happens over hours.

The clock is told to move: see tests/delivery/actors.py.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from flask_analytics.collectors.base import Batch, Misconfigured, Retry

from ..delivery.actors import Scripted, Tell

HOUR = 3600.0


class Down(Scripted):
    """Always answers the same, and remembers when it was asked."""

    def __init__(self, clock: Any, answer: Any, **options: Any) -> None:
        super().__init__(**options)
        self.clock, self.answer = clock, answer
        self.asked: list[float] = []

    def send(self, batch: Batch) -> Any:
        self.asked.append(self.clock())
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def test_row_10_wrong_key_for_a_day_is_one_request_in_five_minutes(tell: Tell, clock: Any) -> None:
    """Until the events are too old; then nothing is asked any more."""
    collector = Down(clock, Misconfigured("http_401"), batch_size=1)
    began = clock()
    story = tell(collector)

    story.put("a")

    assert story.counts() == (0, {}, {"expired": 1}, 0)
    assert len(collector.asked) == pytest.approx(24 * HOUR / 300, abs=1)
    assert 24 * HOUR <= clock() - began <= 24 * HOUR + 300


@pytest.mark.parametrize("answer", [OSError("down"), Retry("http_503")], ids=["network", "503"])
def test_row_21_down_for_a_day_is_a_request_every_half_minute_at_most(
    tell: Tell, clock: Any, answer: Any
) -> None:
    """The breaker of row 19 keeps it at that, for all events together."""
    collector = Down(clock, answer, batch_size=10)
    story = tell(collector)

    story.put(*map(str, range(30)))

    assert story.counts() == (0, {}, {"expired": 30}, 0)
    assert len(collector.asked) <= 5 + 24 * HOUR / 30
    gaps = [later - sooner for sooner, later in pairwise(collector.asked)]
    assert min(gaps[5:]) >= 30.0


def test_row_21_back_after_a_night_is_everything(tell: Tell, clock: Any) -> None:
    """Twelve hours of failure cost no event."""
    collector = Down(clock, OSError("down"), batch_size=10)
    story = tell(collector)
    began = clock()

    def back_in_the_morning() -> float:
        if clock.now - began > 12 * HOUR:
            collector.answer = None
        return clock.now

    collector.clock = back_in_the_morning
    story.put(*map(str, range(30)))

    assert story.counts() == (30, {}, {}, 0)
    assert clock() - began < 13 * HOUR


def test_retry_t20b_age_ends_the_wait_for_a_rate_limit(tell: Tell, clock: Any) -> None:
    """A destination that asks again and again for five minutes does not keep events for ever."""
    collector = Down(clock, Retry("http_429", 300.0), batch_size=1, max_age=HOUR)
    began = clock()
    story = tell(collector)

    story.put("a")

    assert story.counts() == (0, {}, {"expired": 1}, 0)
    assert len(collector.asked) == pytest.approx(HOUR / 300, abs=1)
    assert HOUR <= clock() - began <= HOUR + 300
