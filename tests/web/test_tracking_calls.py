"""What Segment's clients send, as events: which fields, when, and that nothing else happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_analytics import Event
from flask_analytics.web.payload import Unreadable
from flask_analytics.web.tracking_calls import read_batch, read_call
from flask_analytics.web.tracking_messages import TYPES, Call

NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)


def read(message: dict[str, Any], **envelope: Any) -> Event:
    """The event of a message in a batch, which has to be taken."""
    body = json.dumps({"batch": [{"userId": "u1", **message}], **envelope}).encode()
    payload = read_batch(body, NOW)
    assert payload.refused == []
    return payload.events[0]


def test_context_becomes_fields() -> None:
    """What has a field of its own is found there, and nowhere else."""
    event = read(
        {
            "type": "track",
            "event": "a",
            "context": {
                "ip": "192.0.2.1",
                "userAgent": "Mozilla/5.0",
                "locale": "de_de",
                "page": {
                    "url": "https://shop.example/a%20b?utm_source=x&token=1",
                    "path": "/a%20b",
                    "referrer": "https://search.example/?q=me",
                    "search": "?token=1",
                    "title": "A",
                },
                "groupId": "acme",
                "traits": {"plan": "pro"},
                "campaign": {"source": "x"},
                "library": {"name": "l"},
            },
        }
    )

    assert (event.client_ip, event.user_agent, event.locale) == (
        "192.0.2.1",
        "Mozilla/5.0",
        "de-DE",
    )
    assert event.url == "https://shop.example/a%20b?utm_source=x"
    assert (event.hostname, event.path) == ("shop.example", "/a b")
    assert event.referrer == "https://search.example/"
    assert (event.group_id, event.traits) == ("acme", {"plan": "pro"})
    assert event.context == {"campaign": {"source": "x"}, "library": {"name": "l"}}


def test_properties_of_a_page_are_its_address() -> None:
    """Query strings do not come in by the back door."""
    told = {"url": "https://shop.example/a?token=1", "search": "?token=1", "title": "A"}

    event = read({"type": "page", "properties": told, "context": {"page": {"url": "https://x.y/"}}})

    assert (event.url, event.path) == ("https://shop.example/a", "/a")
    assert event.properties == {"title": "A"}


@pytest.mark.parametrize(
    "context",
    [
        {"ip": "localhost", "userAgent": 5, "locale": [], "page": "x", "groupId": True},
        {"ip": None, "page": {"url": "javascript:x", "referrer": 5, "path": {}}, "traits": "x"},
    ],
)
def test_a_strange_context_is_no_reason_to_refuse(context: Any) -> None:
    """What is wrong there is left out."""
    event = read({"type": "track", "event": "a", "context": context})

    for field in ("client_ip", "user_agent", "locale", "url", "path", "referrer", "group_id"):
        assert getattr(event, field) is None, field


def test_a_batch_may_say_what_all_have_in_common() -> None:
    """A message's own word wins."""
    event = read(
        {"type": "track", "event": "a", "context": {"locale": "fr"}, "integrations": {"B": True}},
        context={"locale": "de", "ip": "192.0.2.1"},
        integrations={"All": False},
    )

    assert (event.locale, event.client_ip) == ("fr", "192.0.2.1")
    assert event.integrations == {"All": False, "B": True}


@pytest.mark.parametrize(
    ("properties", "amount"),
    [
        ({"revenue": 29.9, "currency": "eur"}, ("29.9", "EUR")),
        ({"revenue": "29.90"}, ("29.90", "USD")),
        ({"revenue": "much"}, None),
        ({"revenue": 5, "currency": "XYZ"}, None),
        ({"revenue": 5, "currency": 5}, None),
        ({"revenue": True}, None),
    ],
)
def test_revenue(properties: Any, amount: Any) -> None:
    """Segment's properties are an amount; what is none stays a property."""
    event = read({"type": "track", "event": "a", "properties": properties})

    found = event.revenue
    assert (found and (str(found.amount), found.currency)) == amount
    assert event.properties == properties


# -- when


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({"timestamp": "2026-11-20T10:00:00+01:00"}, "2026-11-20T09:00:00"),
        ({"timestamp": "2026-11-20T10:00:00"}, "2026-11-20T10:00:00"),
        ({"timestamp": "2026-11-20"}, "2026-11-20T00:00:00"),
        ({"timestamp": "2026-11-20T10:00:00.1234567Z"}, "2026-11-20T10:00:00.123456"),
        ({"originalTimestamp": "2026-11-20T10:00:00Z"}, "2026-11-20T10:00:00"),
        # the client's clock is an hour ahead, years behind, or off by less than the way takes
        ({"timestamp": "2026-11-21T11:59:50Z", "sentAt": "2026-11-21T12:00:00Z"},
         "2026-11-21T10:59:50"),
        ({"timestamp": "1999-12-31T23:59:00Z", "sentAt": "2000-01-01T00:00:00Z"},
         "2026-11-21T10:59:00"),
        ({"timestamp": "2026-11-21T10:59:50Z", "sentAt": "2026-11-21T10:59:56Z"},
         "2026-11-21T10:59:50"),
        ({"timestamp": "2015-01-01T00:00:00Z", "sentAt": "2026-11-21T11:00:01Z"},
         "2015-01-01T00:00:00"),
        ({"timestamp": "2026-11-20T10:00:00Z", "sentAt": "noon"}, "2026-11-20T10:00:00"),
        ({"timestamp": "2026-11-20T10:00:00Z", "sentAt": "1969-01-01T00:00:00Z"},
         "2026-11-20T10:00:00"),
    ],
)  # fmt: skip
def test_times(times: dict[str, str], expected: str) -> None:
    """ISO 8601; where the client's clock is wrong, by ours."""
    event = read({"type": "track", "event": "a", **times})

    assert event.timestamp == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_the_batch_says_when_it_was_sent() -> None:
    """And what the client's clock said is kept beside."""
    message = {"type": "track", "event": "a", "timestamp": "2026-11-21T12:00:00Z"}

    event = read(message, sentAt="2026-11-21T13:00:00Z")

    assert event.timestamp == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert event.context == {"original_timestamp": "2026-11-21T12:00:00+00:00"}


@pytest.mark.parametrize("more", [{}, {"sentAt": "2026-11-21T13:00:00Z"}])
def test_what_lies_ahead_happened_now(more: dict[str, str]) -> None:
    """By our clock, after the correction; what was told is kept."""
    message = {"type": "track", "event": "a", "timestamp": "2030-01-01T00:00:00Z"}

    event = read(message, **more)

    assert event.timestamp == NOW
    assert event.context == {"original_timestamp": "2030-01-01T00:00:00+00:00"}


def test_an_import_tells_times_as_they_are() -> None:
    """History was not recorded by the clock that sends it."""
    message = {"type": "track", "userId": "u", "event": "a", "timestamp": "2020-01-01T00:00:00Z"}
    body = json.dumps({"batch": [message] * 2, "sentAt": "2026-11-21T05:00:00Z"}).encode()

    events = read_batch(body, NOW, is_exact=True).events

    assert {event.timestamp for event in events} == {datetime(2020, 1, 1, tzinfo=UTC)}


def test_one_millisecond_has_an_order() -> None:
    """Two traits of one person in one millisecond: the later one in the batch stays."""
    at = "2026-11-21T10:00:00.123Z"
    batch = [{"type": "identify", "userId": who, "timestamp": at} for who in ("u1", "u2", "u1")]

    events = read_batch(json.dumps({"batch": batch}).encode(), NOW).events

    micros = [event.timestamp and event.timestamp.microsecond for event in events]
    assert micros == [123_000, 123_000, 123_001]


# -- whatever comes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = [*Call.__struct_encode_fields__]
PAGES = st.dictionaries(st.sampled_from(["url", "path", "referrer", "title"]), JSON)
CONTEXTS = st.dictionaries(
    st.sampled_from(["ip", "page", "locale", "userAgent", "groupId", "traits", "campaign"]),
    JSON | PAGES,
)
MESSAGES = st.dictionaries(st.sampled_from(FIELDS), JSON | CONTEXTS | st.sampled_from([*TYPES]))


def outcome(read: Callable[..., Any], *arguments: Any) -> Any:
    """What was read, or the status of the refusal."""
    try:
        return read(*arguments, now=NOW)
    except Unreadable as error:
        return error.status


@settings(max_examples=200)
@given(messages=st.lists(MESSAGES | JSON, min_size=1, max_size=4), sent_at=JSON)
def test_nothing_else_ever_happens(messages: list[Any], sent_at: Any) -> None:
    """Whatever JSON it is: taken or refused, each once, and never an error of ours."""
    body = json.dumps({"batch": messages, "sentAt": sent_at}).encode()

    result = outcome(read_batch, body)

    assert result in (400, 413) or len(result.events) + len(result.refused) == len(messages)


@settings(max_examples=60)
@given(body=st.binary() | MESSAGES.map(lambda value: json.dumps(value).encode()))
def test_nor_to_a_call(body: bytes) -> None:
    """The same for a body that is one message."""
    result = outcome(read_call, body, "track")

    assert result == 413 or len(result.events) + len(result.refused) == 1
