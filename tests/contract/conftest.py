"""Fixtures of the contract. What a test takes it gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flask_analytics import Event
from flask_analytics.collectors.base import Collector
from flask_analytics.delivery.dispatcher import Dispatcher
from flask_analytics.delivery.retry import RetryPolicy

from ..leaks import leaves_nothing

__all__ = ["deliver", "leaves_nothing"]

#: Tries again at once: no test waits for a pause.
AT_ONCE = RetryPolicy(base=0.001, cap=0.001)

Deliver = Callable[..., dict[str, Any]]


@pytest.fixture
def deliver() -> Iterator[Deliver]:
    """Take events through a real lane into one collector; gives the lane's counts at the end."""
    made: list[Dispatcher] = []

    def run(collector: Collector, *events: Event) -> dict[str, Any]:
        dispatcher = Dispatcher({"c": collector}, complete=lambda item: item)
        made.append(dispatcher)
        for event in events:
            dispatcher.put(event)
        assert dispatcher.flush(20), dispatcher.stats()
        counts: dict[str, Any] = dispatcher.stats()["collectors"]["c"]
        return counts

    yield run
    for dispatcher in made:
        dispatcher.close(1)
