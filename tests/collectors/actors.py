"""What the tests of collectors share: a real dispatcher around one collector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from flask_analytics import Collector, Event
from flask_analytics.collectors.base import Batch, Verdict
from flask_analytics.collectors.destination import Destination
from flask_analytics.delivery.dispatcher import Dispatcher
from flask_analytics.event import encode

Deliver = Callable[..., Dispatcher]


@pytest.fixture
def deliver() -> Iterator[Deliver]:
    """Send events through a real dispatcher into one collector and wait for the end."""
    made: list[Dispatcher] = []

    def run(collector: Collector, *names: str, timeout: float = 5) -> Dispatcher:
        dispatcher = Dispatcher({"c": collector}, complete=lambda item: item)
        made.append(dispatcher)
        for name in names:
            dispatcher.put(Event(event_name=name, message_id=f"id-{name}"))
        dispatcher.flush(timeout)
        return dispatcher

    yield run
    for dispatcher in made:
        dispatcher.close(0.1)


def counts(dispatcher: Dispatcher) -> dict[str, Any]:
    stats: dict[str, Any] = dispatcher.stats()["collectors"]["c"]
    return stats


def send(collector: Destination, *events: Event, at: float = 0.0) -> Sequence[Verdict]:
    """One call of ``send``, and what it says of each event."""
    collector.start()
    try:
        return collector.send(Batch([encode(event) for event in events], at))
    finally:
        collector.close()
