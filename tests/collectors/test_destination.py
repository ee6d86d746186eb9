"""What all services share: a mistake in a collector of one's own is told, and never a key."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from flask_analytics import Event
from flask_analytics.collectors import Destination
from flask_analytics.collectors.base import Rejected
from flask_analytics.testing import FakeDestination

from .actors import send


class PigeonCollector(Destination):
    key = "hunter2"

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def encode(self, event: Event, cuts: list[str]) -> Any:
        return {"seats": {"few": 3}[event.name]}


def test_a_mistake_in_encode_is_that_events_and_is_logged(
    destination: FakeDestination, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever looks at the counters finds the line."""
    caplog.set_level(logging.WARNING)
    several = [Event(event_name=name, message_id=name) for name in ("hunter2", "many")]

    assert send(PigeonCollector(endpoint=destination.url), *several) == [Rejected("error")] * 2

    (record,) = caplog.records
    assert "collector pigeon: encode raised KeyError" in record.getMessage()
    assert "test_destination.py" in record.getMessage()
    assert "hunter2" not in caplog.text


def test_a_key_that_no_header_can_have_is_in_no_log(
    destination: FakeDestination, caplog: pytest.LogCaptureFixture
) -> None:
    """http.client says it in its error."""
    caplog.set_level(logging.DEBUG)
    collector = PigeonCollector(endpoint=destination.url)
    collector.key = "hunter2\n"

    assert send(collector, Event(event_name="few")) == [Rejected("error")]

    assert "collector pigeon: post raised" in caplog.text
    assert "hunter2" not in caplog.text
