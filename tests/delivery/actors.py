"""The actors of a lane's stories: a collector with a script, and a clock that is told to move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from gevent.event import Event as Flag

from flask_analytics import Event
from flask_analytics.collectors.base import Batch, BatchCollector, Collector
from flask_analytics.delivery.batcher import Lane
from flask_analytics.delivery.buffer import Budget, Entry
from flask_analytics.delivery.retry import RetryPolicy
from flask_analytics.event import encode
from flask_analytics.log import QuietLog


class Scripted(BatchCollector):
    """Answers with what the script says, then with success."""

    blocking = False

    def __init__(self, *script: Any, **options: Any) -> None:
        super().__init__(**options)
        self.script = list(script)
        self.sent: list[list[str | None]] = []
        self.bodies: list[bytes] = []
        self.batches: list[tuple[list[str | None], bytes]] = []
        self.ids: list[str] = []
        self.calls: list[str] = []

    def start(self) -> None:
        self.calls.append("start")

    def send(self, batch: Batch) -> Any:
        self.sent.append([event.event_name for event in batch])
        self.bodies.append(batch.to_json())
        self.ids.append(batch.id)
        self.batches.append((self.sent[-1], self.bodies[-1]))
        answer = self.script.pop(0) if self.script else None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def flush(self) -> None:
        self.calls.append("flush")

    def close(self) -> None:
        self.calls.append("close")


class Story:
    """A lane, its clock, what it announced and how long it slept."""

    def __init__(self, clock: Any, collector: Collector, **options: Any) -> None:
        self.clock = clock
        self.slept: list[float] = []
        self.announced: list[tuple[str, dict[str, Any]]] = []
        collector.retry = collector.retry or RetryPolicy(uniform=lambda low, high: high)
        self.lane = Lane(
            collector,
            name="test",
            budget=Budget(100, 100_000),
            announce=lambda name, **facts: self.announced.append((name, facts)),
            log=QuietLog(),
            clock=clock,
            sleep=self._sleep,
            wait=self._wait,
            **options,
        )
        self.lane.open()

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.tick(seconds)
        gevent.sleep(0)

    def _wait(self, flag: Flag, timeout: float | None) -> None:
        """Waiting for an interval lets the clock jump; waiting for an event really waits."""
        if timeout is not None:
            gevent.sleep(0)
            if not flag.is_set():
                self.slept.append(timeout)
                self.clock.tick(timeout)
            return
        flag.wait()

    def put(self, *names: str, **fields: Any) -> None:
        for name in names:
            event = Event(event_name=name, message_id=f"id-{name}", **fields)
            self.lane.offer(event, Entry(encode(event), self.clock()))

    def settle(self) -> dict[str, Any]:
        """Let the lane work until nothing is pending."""
        self.lane.idle.wait(5)
        return self.lane.ledger.summary()

    def states(self) -> list[str]:
        """What listeners heard of the lane's state."""
        return [facts["state"] for name, facts in self.announced if "state" in name]

    def counts(self) -> tuple[int, dict[str, int], dict[str, int], int]:
        summary = self.settle()
        return (
            summary["delivered"], summary["rejected"], summary["dropped"], summary["pending"],
        )  # fmt: skip


#: Tells the story of a collector.
Tell = Callable[..., Story]


@pytest.fixture
def tell(clock: Any) -> Iterator[Tell]:
    """Tell the story of a collector; every lane is closed in the end."""
    stories: list[Story] = []

    def begin(collector: Collector, **options: Any) -> Story:
        stories.append(Story(clock, collector, **options))
        return stories[-1]

    yield begin
    for story in stories:
        story.lane.close(clock())
