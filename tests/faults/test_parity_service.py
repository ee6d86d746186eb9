"""The service of the reference implementation (Piko): each of its behaviours.

One queue for each collector, so that a slow one delays nobody: row 20, in test_unreachable.py.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask_analytics.collectors import MemoryCollector

from ..deploy.actors import wait_until
from .actors import Faults, Shop, webhook
from .collectors import Diary, Spoiler

OpenShop = Callable[..., Shop]


def test_track_never_waits_and_a_full_queue_is_counted(open_shop: OpenShop, faults: Faults) -> None:
    """The reference drops the newest; here the oldest go, and what went is known."""
    shop = open_shop(
        webhook(faults.url("hang"), batch_size=1, max_inflight=1),
        ANALYTICS_DURABILITY="memory",
        ANALYTICS_QUEUE_EVENTS=10,
    )

    began = time.perf_counter()
    shop.track(*map(str, range(2000)))
    assert time.perf_counter() - began < 20  # the destination never answers

    wait_until(lambda: shop.analytics.stats()["queued"] == 0, "the inbox did not empty")
    lost = shop.analytics.stats()["dropped"].get("inbox_full", 0)
    counts = shop.counts()
    lost += counts["dropped"].get("queue_full", 0)
    assert counts["pending"] <= 11
    assert lost + counts["pending"] == 2000


def test_each_collector_has_its_own_copy(open_shop: OpenShop, faults: Faults) -> None:
    """What one collector does to an event, no other one sees."""
    memory = MemoryCollector()
    shop = open_shop(Spoiler(), memory, webhook(faults.url("good"), flush_interval=0.1))

    shop.track("a", colour="red")
    shop.wait_for(delivered=1)
    shop.wait_for("memory", delivered=1)

    assert faults.events()[0]["properties"] == {"colour": "red"}
    assert [(event.event_name, event.properties) for event in memory.events] == [
        ("a", {"colour": "red"})
    ]


def test_collector_that_raises_goes_on(open_shop: OpenShop, caplog: Any) -> None:
    """One event is counted as rejected; what flush and close raise is logged, not raised."""
    diary = Diary("bad", "flush", "close")
    shop = open_shop(diary)

    shop.track("a", "bad", "b")
    assert shop.analytics.flush(5)
    assert shop.analytics.close(5)

    counts = shop.counts("diary")
    assert (counts["delivered"], counts["rejected"]) == (2, {"error": 1})
    assert [line for line in diary.lines if len(line) < 4] == ["a", "bad", "b"]
    assert "flush" in caplog.text
    assert "close" in caplog.text


def test_without_collectors_nothing_is_kept(open_shop: OpenShop, tmp_path: Path) -> None:
    """No thread, no folder; the application works as ever."""
    threads = threading.active_count()
    shop = open_shop()

    shop.visit()
    shop.track("a")

    assert shop.analytics.flush(1)
    assert shop.analytics.stats()["collectors"] == {}
    assert threading.active_count() <= threads + 1  # the thread that all applications share
    assert not list(tmp_path.rglob("*.j"))


def test_threads_that_track_together_lose_nothing(open_shop: OpenShop, faults: Faults) -> None:
    """Eight threads, one collector, every event once."""
    shop = open_shop(webhook(faults.url("good")))

    threads = [
        threading.Thread(target=shop.track, args=[f"{n}-{i}" for i in range(100)]) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    shop.wait_for(delivered=800, pending=0)
    assert len(faults.names()) == len(set(faults.names())) == 800
