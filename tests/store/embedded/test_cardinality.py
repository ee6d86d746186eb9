"""A property of another name in each event: what somebody sends who wants to do harm."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flask_analytics import Event
from flask_analytics.errors import StoreError
from flask_analytics.event import encode
from flask_analytics.store.embedded.faults import TooMuch
from flask_analytics.store.embedded.records import HOUR, stream
from flask_analytics.store.embedded.store import EmbeddedStore

START = datetime(2026, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.slow


def strange(number: int) -> bytes:
    """An event whose name, page and property nobody else has."""
    return encode(
        Event(
            message_id=f"m{number:06}", event_name=f"e{number}", url=f"http://a.example/{number}",
            timestamp=START + timedelta(milliseconds=number), properties={f"k{number}": "x" * 200},
        )
    )  # fmt: skip


def test_all_events_are_read_back(tmp_path: Path) -> None:
    """In order, with their properties, from several files that have no column in common."""
    store = EmbeddedStore(tmp_path, has_children=False)
    try:
        for part in range(8):
            first = part * 5000
            for step in range(first, first + 5000, 1000):
                store.append([strange(number) for number in range(step, step + 1000)])
            store.tend()

        found = [json.loads(body) for body in store.events()]
    finally:
        store.close()

    assert [event["message_id"] for event in found] == [f"m{n:06}" for n in range(40_000)]
    assert all(event["properties"] == {f"k{n}": "x" * 200} for n, event in enumerate(found))


def test_a_piece_that_is_too_much_is_halved() -> None:
    """Until it fits; where one moment alone is too much, that is said."""
    asked: list[int] = []

    def read(span: tuple[int, int]) -> list[bytes]:
        asked.append(span[1] - span[0])
        if asked[-1] > HOUR // 8:
            raise TooMuch("too much")
        return [str(span[0]).encode()]

    found = list(stream(read, (0, HOUR)))

    assert found[0] == b"0"
    assert max(asked) == HOUR
    assert sum(length for length in asked if length <= HOUR // 8) == HOUR

    def refuse(span: tuple[int, int]) -> list[bytes]:
        raise TooMuch("too much")

    with pytest.raises(StoreError, match="too much"):
        list(stream(refuse, (0, HOUR)))
