"""What is read back from disk and memory: events, drafts and records."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from flask_analytics.event import Event, Revenue, decode, encode
from flask_analytics.pipeline import Draft
from flask_analytics.record import Record, thaw

from .targets import sound

_WHOLE = Event(
    message_id="m", event_name="a", timestamp=datetime(2026, 1, 1, tzinfo=UTC), duration=0.5,
    properties={"a": [1, None]}, revenue=Revenue(Decimal("1.50"), "EUR"),
)  # fmt: skip

SEEDS = [
    encode(_WHOLE),
    encode(Event()),
    msgspec.json.encode(
        Draft(Event(event_name="a"), 1e9, ("1.2.3.4",) * 11, (1, 1.0), (1, "a", "b"))
    ),
    msgspec.json.encode(Record(started=1.0, facts=(None,) * 11, at=1e9, stamp=(1, "a", "b"))),
    b'{"type":"custom","source":"server","duration_ms":1e308,"revenue":{"amount":"NaN","currency":""}}',
]


def run(data: bytes) -> None:
    """An event that can be written again, or a ValueError."""
    try:
        event = decode(data)
    except ValueError:
        pass
    else:
        sound(event)
    try:
        thaw(data)
    except ValueError:
        pass
