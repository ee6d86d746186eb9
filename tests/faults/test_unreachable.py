"""Rows 1 to 4 and 20 of the fault matrix: nobody answers, or not to the end."""

from __future__ import annotations

import _socket
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gevent import monkey

from flask_analytics.collectors import MemoryCollector, WebhookCollector
from flask_analytics.collectors.http import CONNECT_TIMEOUT, READ_TIMEOUT
from flask_analytics.delivery.breaker import Breaker

from ..deploy.actors import free_port, wait_until
from .actors import Faults, FaultServer, Shop, webhook

OpenShop = Callable[..., Shop]

#: For threads of a pool, which in a patched process must not wait through gevent.
NativeEvent = monkey.get_original("threading", "Event")

#: Seconds that a request may take beside a broken destination. Without one it takes 1 ms; a
#: request that waits for a network fault or a time-out takes longer than this.
PROMPT = 0.2


def typical(times: list[float]) -> float:
    """The median: one that a busy machine held up says nothing."""
    return sorted(times)[len(times) // 2]


def unreachable(where: str) -> str:
    """An address where nothing listens, or nothing is."""
    hosts = {"refused": f"127.0.0.1:{free_port()}", "no such host": "nobody.invalid"}
    return f"http://{hosts[where]}/0/good"


@pytest.mark.parametrize("where", ["refused", "no such host"])
def test_rows_1_and_2_unreachable_costs_no_request_and_no_event(
    open_shop: OpenShop, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Tried again and again, nothing lost, other collectors go on, one line in the log."""
    caplog.set_level(logging.INFO, "flask_analytics")
    collector, memory = webhook(unreachable(where), timeout=2), MemoryCollector()
    shop = open_shop(collector, memory)

    times = [shop.visit() for _ in range(20)]

    wait_until(lambda: collector.tries >= 5, "it was not tried again")
    shop.wait_for(accepted=20, pending=20, state="retrying")
    assert shop.wait_for("memory", delivered=20)
    assert typical(times) < PROMPT
    lines = [record.getMessage() for record in caplog.records if "webhook" in record.getMessage()]
    assert len(lines) == 1, lines


def test_row_1_events_are_delivered_when_somebody_listens_again(
    open_shop: OpenShop, tmp_path: Path
) -> None:
    """What was accepted during the outage arrives once, in order."""
    port = free_port()
    collector = webhook(f"http://127.0.0.1:{port}/0/good", max_inflight=1)
    shop = open_shop(collector)
    shop.track("a", "b", "c")
    wait_until(lambda: collector.tries >= 3, "it was not tried again")
    shop.wait_for(accepted=3, pending=3)

    with FaultServer(tmp_path, port) as server:
        # Its first story is called 0 here, because nobody asked it for a token.
        shop.wait_for("webhook", delivered=3, pending=0, state="ok")
        names = [event["event_name"] for event in Faults(server, "0").events()]

    assert names == ["a", "b", "c"]


@pytest.fixture
def slow_look_ups(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Looking up ``slow.invalid`` takes long. A stand-in: no name server is at hand that hangs.

    The list has the look-ups that have begun."""
    look_up, end = _socket.getaddrinfo, NativeEvent()
    begun: list[Any] = []

    def slow(host: Any, *args: Any, **options: Any) -> Any:
        if host in ("slow.invalid", b"slow.invalid") and socket.AI_NUMERICHOST not in args:
            begun.append(host)
            end.wait(10)
        return look_up(host, *args, **options)

    monkeypatch.setattr(_socket, "getaddrinfo", slow)
    yield begun
    end.set()


def test_row_2_look_up_that_hangs_holds_up_nobody(
    open_shop: OpenShop, faults: Faults, slow_look_ups: list[Any]
) -> None:
    """Neither a request, nor the event loop, nor another collector that has a name to look up."""
    slow = webhook("http://slow.invalid/", name="slow", batch_size=1, max_inflight=8)
    name = faults.url("good", host="localhost")
    other = webhook(name, name="other", accepts=lambda event: event.event_name != "first")
    shop = open_shop(slow, other)
    shop.track(*["first"] * 8)
    wait_until(lambda: slow.tries == 8 and slow_look_ups, "no look-up began")

    times = [shop.visit() for _ in range(10)]

    assert shop.wait_for("other", delivered=10)
    assert shop.counts("slow")["pending"] == 18
    assert typical(times) < PROMPT


def test_row_3_hanging_destination_is_tried_again_and_opens_the_breaker(
    open_shop: OpenShop, faults: Faults
) -> None:
    """A time-out counts as a failure of the destination; nobody else waits for it."""
    memory = MemoryCollector()
    hanging = webhook(faults.url("hang"), timeout=0.1, breaker=Breaker(2, 30), max_inflight=1)
    shop = open_shop(hanging, memory)

    times = [shop.visit() for _ in range(10)]

    assert shop.wait_for("memory", delivered=10)
    counts = shop.wait_for(state="open")
    assert counts["pending"] == 10
    assert len(faults.requests()) == 2
    assert typical(times) < PROMPT


def test_row_3_default_time_limits() -> None:
    """3 s to connect, 10 s to read, 15 s in all."""
    assert (CONNECT_TIMEOUT, READ_TIMEOUT) == (3.0, 10.0)
    assert WebhookCollector("http://localhost/").timeout == 15.0


def test_row_4_dripping_answer_ends_at_the_total_limit(open_shop: OpenShop, faults: Faults) -> None:
    """Each byte comes within any read time-out, and still the call ends and is tried again."""
    shop = open_shop(webhook(faults.url("drip"), timeout=0.3))
    shop.track("a")

    wait_until(lambda: len(faults.requests()) >= 3, "the dripping call did not end")

    first, second = faults.requests()[:2]
    assert 0.25 < second.at - first.at < 5
    assert second.body == first.body
    assert shop.counts()["pending"] == 1


def test_row_4_endless_answer_stops_nobody_else(open_shop: OpenShop, faults: Faults) -> None:
    """Where there is always more to read, the time limit still ends the call, and other
    collectors have their turn."""
    evil = webhook(faults.url("endless"), name="evil", timeout=0.5)
    shop = open_shop(evil, webhook(faults.url("good"), name="good"))
    shop.track("a")

    wait_until(lambda: shop.counts("evil")["state"] == "retrying", "the call did not end")
    shop.track("b")

    shop.wait_for("good", delivered=2, pending=0)


def test_row_20_one_slow_collector_of_five_delays_nobody(
    open_shop: OpenShop, faults: Faults
) -> None:
    """Four webhooks deliver everything while the fifth hangs; requests stay as quick."""
    slow = webhook(faults.url("hang"), name="slow", max_inflight=1)
    quick = [webhook(faults.url("good"), name=f"quick{n}") for n in range(4)]
    shop = open_shop(slow, *quick)

    times = [shop.visit() for _ in range(100)]

    for n in range(4):
        shop.wait_for(f"quick{n}", delivered=100, pending=0)
    assert shop.counts("slow")["pending"] == 100
    assert typical(times) < PROMPT
