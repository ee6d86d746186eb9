"""A page's body, read: its times are corrected, and any body is taken or refused in words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_analytics.event import encode
from flask_analytics.web.payload import Unreadable, read

from .conftest import custom

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent_at", "timestamp", "expected"),
    [
        (NOW, NOW - timedelta(seconds=5), NOW - timedelta(seconds=5)),
        (NOW + timedelta(9), NOW + timedelta(9, seconds=-5), NOW - timedelta(seconds=5)),
        (NOW - timedelta(hours=9), NOW - timedelta(hours=10), NOW - timedelta(hours=1)),
        (NOW, NOW + timedelta(hours=1), NOW),
        (NOW, NOW - timedelta(days=8), NOW),
        (None, NOW - timedelta(hours=1), NOW),
        (NOW, None, NOW),
    ],
)  # fmt: skip
def test_the_servers_clock_wins(
    sent_at: datetime | None, timestamp: datetime | None, expected: datetime
) -> None:
    """The page's time counts only relative to its own sent_at; the original is kept."""
    body = {
        "sent_at": sent_at and sent_at.isoformat(),
        "events": [custom(timestamp=timestamp and timestamp.isoformat())],
    }

    (event,) = read(json.dumps(body).encode(), NOW).events

    assert event.timestamp == expected
    if timestamp is not None:
        assert event.context == {"original_timestamp": timestamp.isoformat()}


@pytest.mark.parametrize(
    ("told", "context"), [(True, {"automated": True}), (False, {}), ("yes", {}), (None, {})]
)
def test_a_driven_browser_is_marked(told: Any, context: dict[str, Any]) -> None:
    """Taken all the same; whoever counts may leave it out."""
    body = {"automated": told, "events": [custom(timestamp=None)]}

    (event,) = read(json.dumps(body).encode(), NOW).events

    assert event.context == context


@pytest.mark.parametrize(
    ("fragment", "path"),
    [
        ("#/cart", "/app#/cart"),
        ("#!/cart?token=1", "/app#!/cart"),
        ("#/a b", "/app#/a%20b"),
        ("#part", "/app"),
        ("#access_token=1", "/app"),
        ("", "/app"),
    ],
)
def test_a_fragment_that_is_an_address_is_part_of_it(fragment: str, path: str) -> None:
    """Any other one is a place in the page, or private."""
    body = {"url": f"https://shop.example/app{fragment}", "events": [custom()]}

    (event,) = read(json.dumps(body).encode(), NOW).events

    assert event.path == path
    assert event.url == f"https://shop.example{path}"


@pytest.mark.parametrize("sent_at", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"])
@pytest.mark.parametrize("timestamp", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"])
def test_the_ends_of_time_are_now(sent_at: str, timestamp: str) -> None:
    """A moment that no clock can be corrected to raises nothing."""
    body = {"sent_at": sent_at, "events": [custom(timestamp=timestamp)]}

    (event,) = read(json.dumps(body).encode(), NOW).events

    assert event.timestamp == NOW


def test_time_without_a_zone_is_utc() -> None:
    """A naive time is read as UTC."""
    body = {"sent_at": "2026-01-02T03:04:05", "events": [custom(timestamp="2026-01-02T03:04:00")]}

    (event,) = read(json.dumps(body).encode(), NOW).events

    assert event.timestamp == NOW - timedelta(seconds=5)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["events", "event_name", "type", "url", "view_id", "timestamp", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(json_values | st.fixed_dictionaries({"events": st.lists(json_values, max_size=3)}))
def test_any_json_is_taken_or_refused_in_words(value: Any) -> None:
    """No body raises anything but Unreadable, and events that are taken can be written."""
    try:
        payload = read(json.dumps(value).encode(), NOW)
    except Unreadable:
        return
    assert all(encode(event) for event in payload.events)
    assert len(payload.events) + len(payload.refused) == len(value["events"])


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_words(body: bytes) -> None:
    """Nor do bytes that are no JSON at all."""
    with pytest.raises(Unreadable):
        read(body, NOW)
