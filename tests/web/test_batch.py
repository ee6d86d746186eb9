"""What machines with a key send, read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flask_analytics.web.batch import read_events, read_identify

NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (NOW + timedelta(days=1), NOW + timedelta(days=1)),
        (NOW + timedelta(days=1, seconds=1), NOW),
        (datetime(2999, 1, 1, tzinfo=UTC), NOW),
        (datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_lies_ahead_happened_now(timestamp: datetime, expected: datetime) -> None:
    """No event is lost for a wrong clock, and what it said is kept."""
    for name, read in (("events", read_events), ("identify", read_identify)):
        told = {"timestamp": timestamp.isoformat(), "context": {"a": 1}, "user_id": "u"}
        body = {"events": [{"name": "a", **told}]} if name == "events" else told
        result: Any = read(json.dumps(body).encode(), NOW)
        event = result.events[0] if name == "events" else result

        kept = {} if expected == timestamp else {"original_timestamp": timestamp.isoformat()}
        assert (event.timestamp, event.context) == (expected, {"a": 1, **kept})
