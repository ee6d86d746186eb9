"""Defects 1 to 9 of the reference implementation (Piko): its batcher and its service.

A test named after a defect shows what the reference does not do. Defects 10 to 15 are in
test_parity_requests.py, 16 to 25, as far as a webhook has them, in test_parity_webhook.py; its
behaviours in test_parity_batcher.py and test_parity_service.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flask_analytics.delivery.breaker import Breaker
from flask_analytics.delivery.retry import RetryPolicy

from .actors import Faults, Shop, webhook
from .collectors import Diary, Raising

OpenShop = Callable[..., Shop]

#: A batch that nothing but its size, or a flush, sends within a test.
WHEN_FULL = {"flush_interval": 60}


def test_defect_1_batch_size_is_a_maximum(open_shop: OpenShop, faults: Faults) -> None:
    """A backlog of 95 events goes in tens, not in one request."""
    shop = open_shop(webhook(faults.url("good"), batch_size=10, **WHEN_FULL))
    shop.track(*map(str, range(95)))

    assert shop.analytics.flush(5)

    sizes = [len(request.names()) for request in faults.requests()]
    assert (sum(sizes), max(sizes)) == (95, 10)


def test_defect_2_batch_survives_exhausted_retries(open_shop: OpenShop, faults: Faults) -> None:
    """After more failures than anybody would allow, and an open breaker, the batch still comes."""
    breaker = Breaker(threshold=3, cooldown=0.05)
    shop = open_shop(
        webhook(faults.script(*[503] * 12), batch_size=2, breaker=breaker, **WHEN_FULL)
    )
    shop.track("a", "b")

    shop.wait_for(delivered=2, rejected={}, dropped={}, pending=0)

    assert len(faults.requests()) == 13


@pytest.mark.parametrize("status", [408, 429])
def test_defect_3_408_and_429_are_tried_again(
    open_shop: OpenShop, faults: Faults, status: int
) -> None:
    """After the time that the destination asked for."""
    again = {"status": status, "headers": {"Retry-After": "1"}}
    shop = open_shop(webhook(faults.script(again)))
    shop.track("a")

    shop.wait_for(delivered=1)

    assert faults.gaps()[0] >= 0.95


def test_defect_4_event_that_meets_an_open_breaker_is_sent_later(
    open_shop: OpenShop, faults: Faults
) -> None:
    """It waits for the probe, and is neither lost nor sent before it."""
    breaker = Breaker(threshold=1, cooldown=0.3)
    shop = open_shop(webhook(faults.script(503), batch_size=1, breaker=breaker))
    shop.track("first")
    shop.wait_for(state="open")

    shop.track("second")
    shop.wait_for(delivered=2, state="ok")

    assert faults.gaps()[0] >= 0.25


def test_defect_5_timeout_is_tried_again_and_opens_the_breaker(
    open_shop: OpenShop, faults: Faults
) -> None:
    """A destination that hangs is down, not wrong."""
    hang = {"status": 200, "delay": 30}
    breaker = Breaker(threshold=2, cooldown=0.2)
    shop = open_shop(webhook(faults.script(hang, hang), timeout=0.1, breaker=breaker))
    shop.track("a")

    shop.wait_for(state="open")
    shop.wait_for(delivered=1, state="ok")

    assert len(faults.requests()) == 3


@pytest.mark.parametrize("text", ["500", "timeout", "connection refused", "rate limit"])
def test_defect_6_words_of_an_error_decide_nothing(open_shop: OpenShop, text: str) -> None:
    """A mistake in a collector that mentions a number is not tried again."""
    collector = Raising(ValueError(f"{text} is no colour"))
    shop = open_shop(collector)
    shop.track("a")

    shop.wait_for("raising", rejected={"error": 1}, pending=0)

    assert collector.calls == 1


def test_defect_7_first_pause_is_capped_and_has_full_jitter() -> None:
    """A base above the cap is cut too, and the draw starts at zero."""
    draws: list[tuple[float, float]] = []

    def uniform(low: float, high: float) -> float:
        draws.append((low, high))
        return high

    policy = RetryPolicy(base=60.0, cap=30.0, uniform=uniform)

    assert [policy.pause(n) for n in (1, 2, 3)] == [30.0, 30.0, 30.0]
    assert draws == [(0.0, 30.0)] * 3


def test_defect_8_collector_is_closed_once(open_shop: OpenShop) -> None:
    """By its lane, after its last flush; not by anybody else as well."""
    diary = Diary()
    shop = open_shop(diary)
    shop.track("a")

    assert shop.analytics.close(5)
    shop.analytics.close(5)

    assert diary.lines == ["a", "flush", "close"]


def test_defect_9_end_that_comes_too_early_loses_nothing(
    open_shop: OpenShop, faults: Faults, tmp_path: Path
) -> None:
    """What a deadline leaves over is pending and on disk; the next process delivers it."""
    folder = str(tmp_path / "kept")
    shop = open_shop(webhook(faults.script(*[503] * 1000)), ANALYTICS_DIR=folder)
    shop.track("a", "b", "c")
    shop.wait_for(accepted=3)

    assert not shop.analytics.close(0.1)

    counts = shop.counts()
    assert (counts["pending"], counts["dropped"], counts["state"]) == (3, {}, "closed")
    heir = open_shop(webhook(faults.url("good")), ANALYTICS_DIR=folder)
    heir.track("d")
    heir.wait_for(accepted=4, delivered=4, pending=0)
    assert sorted(faults.names()) == ["a", "b", "c", "d"]


def test_defect_9_without_a_journal_the_loss_is_counted(
    open_shop: OpenShop, faults: Faults
) -> None:
    """In memory only, what the deadline cuts off has a reason."""
    shop = open_shop(webhook(faults.url("hang")), ANALYTICS_DURABILITY="memory")
    shop.track("a", "b", "c")
    shop.wait_for(accepted=3)

    assert not shop.analytics.close(0.1)

    counts = shop.counts()
    assert (counts["pending"], counts["dropped"]) == (0, {"shutdown": 3})
