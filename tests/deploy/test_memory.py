"""A destination that is down while ten times as many events come as memory may hold."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from . import journal
from .actors import Destination, Process, free_port, wait_until
from .scripts import Ended

pytestmark = [pytest.mark.deploy, pytest.mark.slow]

#: Events that memory may hold, and how many times as many come.
BOUND, TIMES = 4000, 10
TOTAL = BOUND * TIMES

#: Events that are under way, the oldest ones: four batches of a hundred.
UNDER_WAY = 400

#: Resident memory at the end, as a multiple of that when the bound was reached. A process of 50 MB
#: would have got 25 MB larger without a bound.
FLAT = 1.10

#: Emits while nobody listens, tells its memory, and waits for the destination to come back. Pauses
#: of half a minute are cut short: the bound is what is tested.
OUTAGE = f"""
from stage import *
from flask_analytics.delivery.breaker import Breaker
from flask_analytics.delivery.retry import RetryPolicy

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

down = WebhookCollector(
    destination + "/events",
    flush_interval=0.05,
    retry=RetryPolicy(base=0.05, cap=0.2),
    breaker=Breaker(cooldown=0.2),
)
analytics = set_up(COLLECTORS=[down], QUEUE_EVENTS={BOUND}, QUEUE_BYTES=4 * 1024 * 1024)
sizes = []
for bound in range({TIMES}):
    for number in range({BOUND}):
        analytics.track("tick", {{"number": bound * {BOUND} + number, "filling": "x" * 400}})
        if number % 100 == 0:
            time.sleep(0.005)  # the event loop has its turn, as between requests
    time.sleep(0.2)
    sizes.append(resident())
tell("sizes", sizes)
tell("down", analytics.stats())
deadline = time.monotonic() + 60
while analytics.stats()["collectors"]["webhook"]["pending"]:
    assert time.monotonic() < deadline, analytics.stats()
    time.sleep(0.05)
tell("up", analytics.stats())
leave()
"""


def outage(tmp_path: Path, durability: str) -> tuple[Ended, list[int]]:
    """Play it; what the script told, and the numbers that arrived when the destination was back."""
    port = free_port()
    environ = {
        "DESTINATION": f"http://127.0.0.1:{port}",
        "FOLDER": str(tmp_path / "analytics"),
        "DURABILITY": durability,
    }
    command = [sys.executable, "-c", dedent(OUTAGE)]
    with Process(command, tmp_path / "outage.log", **environ) as process:

        def is_told() -> bool:
            assert process.is_running(), process.output()
            return "\ntold down" in process.output()

        wait_until(is_told, "the outage did not end", timeout=60)
        with Destination(tmp_path, port) as destination:
            wait_until(lambda: not process.is_running(), "the process did not end", timeout=90)
            numbers = [event["properties"]["number"] for event in destination.events()]
    return Ended(process.output(), "", 0, None), numbers


def balance(ended: Ended, when: str) -> dict[str, Any]:
    """The collector's counters, which must add up."""
    counts: dict[str, Any] = ended.told(when)["collectors"]["webhook"]
    ended_badly = sum(sum(counts[key].values()) for key in ("rejected", "dropped"))
    assert counts["accepted"] == counts["delivered"] + ended_badly + counts["pending"] == TOTAL
    return counts


def is_flat(ended: Ended) -> bool:
    """Whether memory is what it was when the bound was reached for the first time."""
    sizes: list[int] = ended.told("sizes")
    assert max(sizes) <= sizes[0] * FLAT, sizes
    return True


def test_memory_is_bounded_and_keeps_the_newest(tmp_path: Path) -> None:
    """Without a journal the oldest events go, and each one that goes is counted."""
    ended, numbers = outage(tmp_path, "memory")

    assert is_flat(ended)
    during, after = balance(ended, "down"), balance(ended, "up")
    assert (during["delivered"], after["pending"]) == (0, 0)
    assert after["dropped"] == {"queue_full": TOTAL - len(numbers)}
    assert after["delivered"] == len(numbers) == len(set(numbers))
    assert BOUND - UNDER_WAY <= len(numbers) <= BOUND + UNDER_WAY
    assert set(numbers) >= set(range(TOTAL - BOUND + UNDER_WAY, TOTAL))


def test_with_a_journal_memory_is_bounded_and_everything_arrives(
    tmp_path: Path, folder: Path
) -> None:
    """What has no room in memory waits on disk; nothing is dropped and nothing comes twice."""
    ended, numbers = outage(tmp_path, "journal")

    assert is_flat(ended)
    during, after = balance(ended, "down"), balance(ended, "up")
    assert (during["delivered"], during["pending"]) == (0, TOTAL)
    assert after["dropped"] == {}
    assert sorted(numbers) == list(range(TOTAL))
    assert journal.left(folder) == []
