"""The batcher of the reference implementation (Piko): each of its behaviours.

Its defects are in test_parity.py. Middleware and helpers: test_parity_requests.py.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from flask_analytics.collectors import MemoryCollector, WebhookCollector
from flask_analytics.delivery.breaker import ABANDONED, CLOSED, FAILURE, HALF_OPEN, OPEN, Breaker
from flask_analytics.delivery.retry import RetryPolicy
from flask_analytics.errors import ConfigurationError

from ..deploy.actors import wait_until
from .actors import Faults, Shop, webhook
from .collectors import Raising

OpenShop = Callable[..., Shop]

#: A batch that nothing but its size, or a flush, sends within a test.
WHEN_FULL = {"flush_interval": 60}


@pytest.mark.parametrize("option", ["batch_size", "flush_interval"])
def test_batcher_refuses_zero(option: str) -> None:
    """A batch of nothing, or every nothing seconds, is a mistake of the settings."""
    with pytest.raises(ConfigurationError, match=option):
        WebhookCollector("http://localhost/", **{option: 0})


def test_batcher_sends_when_full_and_adding_does_no_work(
    open_shop: OpenShop, faults: Faults
) -> None:
    """The third of three events wakes the lane; nobody who adds waits for the request."""
    shop = open_shop(webhook(faults.url("good/2"), batch_size=3, **WHEN_FULL))
    shop.track("a", "b")
    shop.wait_for(accepted=2)
    assert faults.requests() == []

    began = time.perf_counter()
    shop.track("c")

    assert time.perf_counter() - began < 1.5  # the answer takes 2 s
    shop.wait_for(delivered=3)
    assert faults.names() == ["a", "b", "c"]


def test_batcher_sends_after_the_interval(open_shop: OpenShop, faults: Faults) -> None:
    """A single event waits for others, but not for ever."""
    shop = open_shop(webhook(faults.url("good"), flush_interval=0.2))
    shop.track("a")
    shop.wait_for(accepted=1, pending=1)

    shop.wait_for(delivered=1)


def test_batcher_whose_bound_is_below_its_batch_still_delivers(
    open_shop: OpenShop, faults: Faults
) -> None:
    """Room for 5 events and batches of 10: the room is what is wrong, and costs no event."""
    shop = open_shop(
        webhook(faults.url("good"), batch_size=10, flush_interval=0.1), ANALYTICS_QUEUE_EVENTS=5
    )

    for n in range(10):
        shop.track(str(n))
        shop.wait_for(accepted=n + 1)

    shop.wait_for(delivered=10, dropped={}, pending=0)


def test_flush_waits_for_one_that_is_under_way(open_shop: OpenShop, faults: Faults) -> None:
    """Two threads that flush both return when the events are there, not before."""
    shop = open_shop(webhook(faults.url("good/0.3"), **WHEN_FULL))
    shop.track("a", "b")
    answers: list[tuple[bool, int]] = []

    def flush() -> None:
        answers.append((shop.analytics.flush(5), shop.counts()["delivered"]))

    threads = [threading.Thread(target=flush) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [(True, 2), (True, 2)]
    assert len(faults.requests()) == 1


@pytest.mark.parametrize("timeout", [0, 0.1])
def test_flush_ends_at_its_own_limit(open_shop: OpenShop, faults: Faults, timeout: float) -> None:
    """Whoever has no time left is told that it is not done; the events stay."""
    shop = open_shop(webhook(faults.url("hang"), **WHEN_FULL))
    shop.track("a")
    shop.wait_for(accepted=1)

    began = time.perf_counter()
    assert not shop.analytics.flush(timeout)

    assert time.perf_counter() - began < timeout + 5
    assert shop.counts()["pending"] == 1


def test_flush_of_nothing_sends_nothing(open_shop: OpenShop, faults: Faults) -> None:
    """Neither before the first event nor after the last."""
    shop = open_shop(webhook(faults.url("good")))
    assert shop.analytics.flush(1)
    shop.track("a")
    assert shop.analytics.flush(5)

    assert shop.analytics.flush(5)

    assert len(faults.requests()) == 1


def test_close_twice_and_before_the_start(open_shop: OpenShop, faults: Faults) -> None:
    """The second close does nothing; nor does one when there was no event at all."""
    shop, idle = open_shop(webhook(faults.url("good"))), open_shop(webhook(faults.url("good")))
    shop.track("a")

    assert idle.analytics.close(1)
    assert idle.analytics.close(1)
    assert shop.analytics.close(5)
    assert shop.analytics.close(5)

    assert faults.names() == ["a"]
    assert shop.counts()["state"] == "closed"


def test_event_after_the_close_is_counted(open_shop: OpenShop, faults: Faults) -> None:
    """It is not delivered, it does not raise, and it is not forgotten."""
    shop = open_shop(webhook(faults.url("good")))
    shop.track("a")
    assert shop.analytics.close(5)

    shop.track("late")

    assert shop.analytics.stats()["dropped"] == {"closed": 1}
    assert faults.names() == ["a"]


def test_close_ends_the_wait_for_the_next_try(open_shop: OpenShop, faults: Faults) -> None:
    """A pause of 30 s does not hold up the end of a process."""
    lazy = RetryPolicy(base=30, cap=30, uniform=lambda low, high: high)
    shop = open_shop(webhook(faults.url("status/503"), retry=lazy))
    shop.track("a")
    wait_until(faults.requests, "nothing was sent")

    began = time.perf_counter()
    assert not shop.analytics.close(0.2)

    assert time.perf_counter() - began < 15
    assert len(faults.requests()) <= 2


def test_retry_and_breaker_are_on_by_default(open_shop: OpenShop, faults: Faults) -> None:
    """The reference has neither unless asked; ours needs no option to survive a failure."""
    shop = open_shop(WebhookCollector(faults.script(503), flush_interval=0.01))
    shop.track("a")

    shop.wait_for(delivered=1)

    assert len(faults.requests()) == 2


@pytest.mark.parametrize(
    "number",
    [
        errno.ECONNREFUSED, errno.ECONNRESET, errno.ETIMEDOUT, errno.EHOSTUNREACH,
        errno.ENETUNREACH, errno.ECONNABORTED, errno.EPIPE,
    ],
)  # fmt: skip
def test_network_faults_are_tried_again(open_shop: OpenShop, number: int) -> None:
    """Whatever the network reports may pass."""
    collector = Raising(OSError(number, os.strerror(number)))
    shop = open_shop(collector)
    shop.track("a")

    shop.wait_for("raising", delivered=1, rejected={}, pending=0)

    assert collector.calls == 2


def test_breaker_is_a_table(clock: Any) -> None:
    """Failures in a row open it, 30 s later one probe decides; being cut off says nothing."""
    breaker = Breaker(clock=clock)
    for outcome in [FAILURE] * 4 + [ABANDONED] + [FAILURE]:
        assert breaker.wait() == 0
        breaker.record(outcome)
    assert (breaker.state, breaker.wait()) == (OPEN, 30.0)

    clock.tick(30)
    assert breaker.wait() == 0
    assert breaker.state == HALF_OPEN
    assert breaker.wait() > 0  # the probe is out, nobody else may go
    breaker.record("success")
    assert breaker.state == CLOSED


def test_closed_applications_leave_no_thread_and_no_file(
    open_shop: OpenShop, faults: Faults
) -> None:
    """Ten applications that came and went cost what one did."""
    left = set()
    for n in range(10):
        shop = open_shop(webhook(faults.url("good")), MemoryCollector())
        shop.track(str(n))
        assert shop.analytics.close(5)
        left.add((threading.active_count(), len(os.listdir("/proc/self/fd"))))

    assert len(left) <= 2, left  # the first one starts the thread that all share
