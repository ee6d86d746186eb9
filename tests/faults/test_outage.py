"""Rows 19, 21 and 22 of the fault matrix: a destination that is down for long, and comes back."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from flask_analytics.delivery.breaker import Breaker
from flask_analytics.delivery.retry import RetryPolicy

from ..deploy.actors import wait_until
from .actors import Faults, Shop, webhook

OpenShop = Callable[..., Shop]

#: Seconds that the breakers of this file stay open.
COOLDOWN = 0.4


def test_row_19_open_breaker_keeps_events_and_sends_one_probe(
    open_shop: OpenShop, faults: Faults
) -> None:
    """After two failures one request in each cooldown; nothing is dropped, all arrives."""
    url = faults.script(500, 500, 500)
    breaker = Breaker(threshold=2, cooldown=COOLDOWN)
    shop = open_shop(webhook(url, batch_size=1, max_inflight=1, breaker=breaker))

    shop.track("a", "b", "c", "d")
    counts = shop.wait_for(state="open", accepted=4)
    assert (counts["pending"], counts["dropped"]) == (4, {})
    shop.wait_for(delivered=4, pending=0, dropped={}, state="ok")

    assert [request.status for request in faults.requests()] == [500] * 3 + [200] * 4
    _, to_first_probe, to_second_probe, *_ = faults.gaps()
    assert min(to_first_probe, to_second_probe) >= 0.9 * COOLDOWN
    assert sorted(faults.names()) == ["a", "b", "c", "d"]


def test_row_19_probe_goes_alone(open_shop: OpenShop, faults: Faults) -> None:
    """With four batches allowed at a time, the others wait for the probe's answer."""
    url = faults.script(500, 500, {"status": 200, "delay": 0.3})
    breaker = Breaker(threshold=2, cooldown=COOLDOWN)
    shop = open_shop(webhook(url, batch_size=1, max_inflight=2, breaker=breaker))

    shop.track("a", "b")
    shop.wait_for(state="open")
    shop.track("c", "d", "e")
    shop.wait_for(delivered=5, pending=0)

    _, _, probe, *others = faults.requests()
    assert probe.ended - probe.at >= 0.3
    assert min(request.at for request in others) >= probe.ended


def test_row_21_memory_is_bounded_and_what_goes_is_counted(
    open_shop: OpenShop, faults: Faults
) -> None:
    """Without a journal the oldest go, by name of the reason; the newest arrive in the end."""
    url = faults.script(*[503] * 20)
    shop = open_shop(
        webhook(url, batch_size=10, max_inflight=1, flush_interval=60),
        ANALYTICS_DURABILITY="memory",
        ANALYTICS_QUEUE_EVENTS=50,
    )

    for start in range(0, 500, 25):  # slowly enough for the inbox, which has the same bound
        shop.track(*map(str, range(start, start + 25)))
        shop.wait_for(accepted=start + 25)
    counts = shop.counts()
    assert counts["pending"] <= 50 + 10  # what waits, and the batch under way
    assert counts["dropped"] == {"queue_full": 500 - counts["pending"] - counts["delivered"]}

    assert shop.analytics.flush(5)
    counts = shop.wait_for(pending=0)
    assert len(faults.names()) == counts["delivered"] == 500 - counts["dropped"]["queue_full"]
    assert set(faults.names()) >= set(map(str, range(450, 500)))


@pytest.mark.parametrize(
    "bound", [{"ANALYTICS_QUEUE_EVENTS": 50}, {"ANALYTICS_QUEUE_BYTES": 20_000}], ids=str
)
def test_row_21_full_lane_reads_on_from_the_journal(
    open_shop: OpenShop, faults: Faults, bound: dict[str, int]
) -> None:
    """With a journal the bound of memory, in events or in bytes, costs no event."""
    url = faults.script(*[503] * 10)
    shop = open_shop(
        webhook(url, batch_size=10, max_inflight=1, flush_interval=0.05),
        ANALYTICS_DURABILITY="journal",
        **bound,
    )

    for start in range(0, 500, 25):
        shop.track(*map(str, range(start, start + 25)))
        shop.wait_for(accepted=start + 25)

    assert shop.wait_for(delivered=500, pending=0)["dropped"] == {}
    assert sorted(map(int, faults.names())) == list(range(500))


def test_row_22_pauses_have_full_jitter() -> None:
    """Many processes that failed together do not come back together: a uniform draw from 0."""
    policy = RetryPolicy(base=1.0, cap=30.0, uniform=random.Random(7).uniform)

    for failures, limit in ((1, 1), (3, 4), (10, 30)):
        pauses = [policy.pause(failures) for _ in range(4000)]
        quarters = [0, 0, 0, 0]
        for pause in pauses:
            quarters[int(4 * pause / limit)] += 1
        assert min(quarters) > 900, f"not uniform from 0 to {limit}: {quarters}"


def test_row_22_recovery_sends_no_more_at_once_than_usual(
    open_shop: OpenShop, faults: Faults
) -> None:
    """What waited goes through the same few connections, after one probe that went well."""
    slow: dict[str, Any] = {"status": 200, "delay": 0.02}
    url = faults.script(500, 500, *[slow] * 40)
    breaker = Breaker(threshold=2, cooldown=COOLDOWN)
    shop = open_shop(webhook(url, batch_size=1, max_inflight=3, breaker=breaker))

    shop.track(*map(str, range(40)))
    shop.wait_for(delivered=40, pending=0)

    answered = [request for request in faults.requests() if request.status == 200]
    assert len(answered) == 40
    assert max(at_once(answered)) <= 3


def at_once(requests: list[Any]) -> list[int]:
    """How many requests were under way whenever one arrived, itself included."""
    return [sum(other.at <= request.at < other.ended for other in requests) for request in requests]


def test_row_21_old_events_expire(open_shop: OpenShop, faults: Faults) -> None:
    """What is older than the destination wants is dropped, with its reason, while it is down."""
    shop = open_shop(webhook(faults.url("status/503"), max_age=1.3))
    shop.track("a")
    wait_until(faults.requests, "nothing was sent")

    shop.wait_for(dropped={"expired": 1}, pending=0)


@pytest.mark.parametrize("attempts", [1, 4])
def test_limit_of_attempts_is_a_rejection(
    open_shop: OpenShop, faults: Faults, attempts: int
) -> None:
    """Who asks for a limit gets it, and a count of what it cost."""
    policy = RetryPolicy(attempts=attempts, base=0.01)
    shop = open_shop(webhook(faults.url("status/503"), retry=policy))
    shop.track("a")

    shop.wait_for(rejected={"retries_exhausted": 1}, pending=0)

    assert len(faults.requests()) == attempts
