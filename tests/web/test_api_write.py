"""The write API: what is taken, what is not, and what arrives."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from flask_analytics import Analytics, Event
from flask_analytics.event import EventType, Source
from flask_analytics.testing import capture_events
from flask_analytics.web.batch import MAX_BATCH, MAX_EVENTS, read_events, read_identify
from flask_analytics.web.payload import Unreadable

KEY = {"Authorization": "Bearer write-me"}
NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)

Post = Callable[..., TestResponse]


@pytest.fixture
def app(make_app: Callable[..., Flask], analytics: Analytics) -> Flask:
    """An application that takes events from a machine."""
    return make_app(analytics, ANALYTICS_WRITE_KEYS={"mobile": "write-me"})


@pytest.fixture
def post(app: Flask) -> Post:
    """Send a body to one of the routes."""
    client = app.test_client()

    def send(name: str, body: Any, **headers: str) -> TestResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        return client.post(
            f"/analytics/api/{name}",
            data=data,
            content_type="application/json",
            headers={**KEY, **given},
        )

    return send


def problem(answer: TestResponse, status: int, field: str | None = None) -> str:
    """The detail of a problem document."""
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    content = answer.get_json()
    assert (content["status"], content.get("field")) == (status, field)
    assert content["title"] == "The events were not taken."
    return str(content["detail"])


def test_events_arrive(post: Post, events: list[Event]) -> None:
    """Everything told is there; the source is ``api``, and nothing of the sender's machine."""
    answer = post(
        "events",
        {
            "events": [
                {
                    "name": "buy",
                    "user_id": 42,
                    "anonymous_id": "a1",
                    "properties": {"plan": "pro", "n": 5},
                    "timestamp": "2026-11-20T10:00:00+01:00",
                    "message_id": "m1",
                    "revenue": {"amount": "29.90", "currency": "eur"},
                }
            ]
        },
        User_Agent="sender/1.0",
    )

    assert (answer.status_code, answer.get_json()) == (202, {"accepted": 1, "rejected": []})
    (event,) = events
    assert (event.type, event.name, event.source) == (EventType.CUSTOM, "buy", Source.API)
    assert (event.user_id, event.anonymous_id, event.message_id) == ("42", "a1", "m1")
    assert event.timestamp == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert event.properties == {"plan": "pro", "n": 5}
    assert event.revenue is not None
    assert (event.revenue.amount, event.revenue.currency) == (Decimal("29.90"), "EUR")
    assert (event.client_ip, event.user_agent, event.url, event.status_code) == (None,) * 4


def test_a_key_is_trusted(post: Post, events: list[Event]) -> None:
    """Type, source and every fact of a request may be told."""
    told = {
        "type": "pageview",
        "source": "server",
        "client_ip": "192.0.2.1",
        "locale": "de_de",
        "hostname": "shop.example",
        "url": "https://shop.example/a?utm_source=x&token=1",
        "path": "/a",
        "method": "GET",
        "matched_pattern": "/<page>",
        "endpoint": "page",
        "status_code": 200,
        "duration_ms": 12.5,
        "user_agent": "Mozilla/5.0",
        "referrer": "https://search.example/?q=me",
        "view_id": "v1",
        "context": {"country": "DE"},
        "integrations": {"All": False},
    }

    assert post("events", {"events": [told]}).status_code == 202

    (event,) = events
    assert (event.type, event.source) == (EventType.PAGEVIEW, Source.SERVER)
    assert event.url == "https://shop.example/a?utm_source=x"
    assert event.referrer == "https://search.example/"
    assert (event.locale, event.duration, event.status_code) == ("de-DE", 0.0125, 200)
    for field in ("client_ip", "hostname", "path", "method", "matched_pattern", "endpoint",
                  "user_agent", "view_id", "context", "integrations"):  # fmt: skip
        assert getattr(event, field) == told[field]


def test_without_a_time_it_is_now(app: Flask, post: Post) -> None:
    """And without an id it gets one."""
    app.extensions["analytics"].pipeline.clock = NOW.timestamp

    with capture_events(app) as events:
        post("events", {"events": [{"event_name": "a"}]})

    (event,) = events
    assert event.timestamp == NOW
    assert event.message_id


def test_good_events_are_kept(post: Post, events: list[Event]) -> None:
    """Each that is wrong is named, with its place, and the others are taken."""
    answer = post("events", {"events": [{"name": "a"}, {"nme": "b"}, {"name": "c"}, 5]})

    assert answer.status_code == 202
    content = answer.get_json()
    assert content["accepted"] == 2
    assert [(one["index"], one["field"]) for one in content["rejected"]] == [(1, "nme"), (3, "")]
    assert [event.name for event in events] == ["a", "c"]


@pytest.mark.parametrize(
    ("event", "field", "phrase"),
    [
        ({}, "event_name", "needs a name"),
        ({"name": ""}, "event_name", "needs a name"),
        ({"name": 5}, "name", "Expected `str"),
        ({"name": "a", "usr": "b"}, "usr", "unknown"),
        ({"name": "a", "user_id": ["x"]}, "user_id", "Expected"),
        ({"name": "a", "user_id": "x" * 257}, "user_id", "length <= 256"),
        ({"name": "a", "type": "click"}, "type", "Invalid enum value"),
        ({"name": "a", "source": "phone"}, "source", "Invalid enum value"),
        ({"name": "a", "properties": []}, "properties", "Expected `object"),
        ({"name": "a", "timestamp": "yesterday"}, "timestamp", "RFC3339"),
        ({"name": "a", "timestamp": "1969-12-31T23:00:00Z"}, "timestamp", "1970"),
        ({"name": "a", "timestamp": "9999-12-31T23:59:59-12:00"}, "timestamp", "1970"),
        ({"name": "a", "message_id": ""}, "message_id", "length >= 1"),
        ({"name": "a", "message_id": "a b"}, "message_id", "regex"),
        ({"name": "a", "revenue": 5}, "revenue", "Expected `object"),
        ({"name": "a", "revenue": {"amount": 5}}, "revenue.currency", "missing"),
        ({"name": "a", "revenue": {"amount": "x", "currency": "EUR"}}, "revenue", "number"),
        ({"name": "a", "revenue": {"amount": 1, "currency": "XYZ"}}, "revenue", "ISO 4217"),
        ({"name": "a", "status_code": 42}, "status_code", ">= 100"),
        ({"name": "a", "duration_ms": -1}, "duration_ms", ">= 0"),
        ({"name": "a", "client_ip": "localhost"}, "client_ip", "no IP address"),
        ({"name": "a", "url": "/only/a/path"}, "url", "absolute"),
        ({"name": "a", "referrer": "javascript:x"}, "referrer", "absolute"),
        ({"name": "a", "properties": {"x": "y" * 33_000}}, "", "32768"),
        ({"type": "alias", "previous_id": "a"}, "user_id", "user_id"),
        ({"type": "alias", "user_id": "a"}, "previous_id", "previous_id"),
        ({"type": "group", "user_id": "a"}, "group_id", "group_id"),
        ({"type": "identify"}, "user_id", "user_id"),
    ],
)
def test_wrong_events(post: Post, events: list[Event], event: Any, field: str, phrase: str) -> None:
    """400 when there is no good one; field and cure of each."""
    answer = post("events", {"events": [event]})

    assert phrase in problem(answer, 400, field or None)
    content = answer.get_json()
    assert content["accepted"] == 0
    assert (content["rejected"][0]["index"], content["rejected"][0]["field"]) == (0, field)
    assert events == []


@pytest.mark.parametrize(
    ("body", "status", "field", "phrase"),
    [
        (b"", 400, None, "not JSON"),
        (b"{", 400, None, "not JSON"),
        (b"[" * 100_000, 400, None, ""),
        (b"[]", 400, None, "Expected `object`"),
        (b"{}", 400, "events", "missing"),
        (b'{"events": 5}', 400, "events", "Expected `array`"),
        (b'{"events": []}', 400, "events", "no event"),
        (b'{"events": [' + b"{}," * MAX_EVENTS + b"{}]}", 413, "events", "fewer"),
        (b" " * (MAX_BATCH + 1), 413, None, "fewer"),
    ],
    ids=["empty", "cut", "deep", "list", "no events", "number", "none", "many", "long"],
)
def test_wrong_bodies(post: Post, body: bytes, status: int, field: str | None, phrase: str) -> None:
    """What is no batch at all."""
    assert phrase in problem(post("events", body), status, field)


def test_an_application_may_take_less(app: Flask, post: Post) -> None:
    """Flask's own limit holds, too."""
    app.config["MAX_CONTENT_LENGTH"] = 10

    assert "application" in problem(post("events", {"events": [{"name": "a"}]}), 413)


def test_switched_off(make_app: Callable[..., Flask]) -> None:
    """410, as for pages."""
    app = make_app(ANALYTICS_WRITE_KEYS={"m": "write-me"}, ANALYTICS_ENABLED=False)

    answer = app.test_client().post("/analytics/api/events", json={"events": []}, headers=KEY)

    assert "switched off" in problem(answer, 410)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", ["events", "identify"])
def test_only_post_writes(app: Flask, name: str, method: str) -> None:
    """405, with what is allowed."""
    answer = app.test_client().open(f"/analytics/api/{name}", method=method, headers=KEY)

    assert "POST" in problem(answer, 405)
    assert answer.headers["Allow"] == "POST, OPTIONS"


def test_types_that_are_not_taken(app: Flask, post: Post) -> None:
    """415 names the header."""
    client = app.test_client()
    answer = client.post("/analytics/api/events", data="{}", headers=KEY)

    assert "application/json" in problem(answer, 415, "Content-Type")
    assert "gzip" in problem(post("events", b"{}", Content_Encoding="br"), 415, "Content-Encoding")


# -- packed


def test_gzip(post: Post, events: list[Event]) -> None:
    """A packed body is unpacked."""
    body = gzip.compress(json.dumps({"events": [{"name": "a"}] * 100}).encode())

    assert post("events", body, Content_Encoding="gzip").get_json()["accepted"] == 100
    assert len(events) == 100


@pytest.mark.parametrize("size", [MAX_BATCH + 1, 50_000_000])
def test_gzip_bombs(post: Post, size: int) -> None:
    """413 as soon as it is too much, however small it came."""
    body = gzip.compress(b" " * size)

    assert "fewer" in problem(post("events", body, Content_Encoding="gzip"), 413)


def test_gzip_of_exactly_the_limit(post: Post) -> None:
    """The last byte that is allowed is allowed: it is read, and only then found empty."""
    body = gzip.compress(b" " * MAX_BATCH)

    assert "not JSON" in problem(post("events", body, Content_Encoding="gzip"), 400)


GOOD = gzip.compress(b'{"events": [{"name": "a"}]}')


@pytest.mark.parametrize(
    "body",
    [GOOD[:-5], b"", b"no gzip", GOOD + GOOD, GOOD + b"more", zlib.compress(b"{}"),
     GOOD[:-8] + b"\0" * 8],
    ids=["cut", "empty", "plain", "two", "more", "zlib", "checksum"],
)  # fmt: skip
def test_gzip_that_is_none(post: Post, body: bytes) -> None:
    """400 names the header that is wrong."""
    answer = post("events", body, Content_Encoding="gzip")

    assert "gzip" in problem(answer, 400, "Content-Encoding")


def test_a_body_without_its_length(app: Flask) -> None:
    """Chunks are counted as they come, not as they are announced."""
    environ = {
        "wsgi.input": io.BytesIO(b" " * (MAX_BATCH + 10)),
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    answer = app.test_client().post(
        "/analytics/api/events",
        environ_overrides=environ,
        content_type="application/json",
        headers=KEY,
    )

    assert "fewer" in problem(answer, 413)


# -- identify


def test_identify(post: Post, events: list[Event]) -> None:
    """One event that says who somebody is."""
    answer = post(
        "identify",
        {
            "user_id": "u1",
            "traits": {"plan": "pro"},
            "anonymous_id": "a1",
            "timestamp": "2026-11-20T10:00:00",
        },
    )

    assert (answer.status_code, answer.get_json()) == (202, {"accepted": 1, "rejected": []})
    (event,) = events
    assert (event.type, event.source) == (EventType.IDENTIFY, Source.API)
    assert (event.user_id, event.anonymous_id, event.traits) == ("u1", "a1", {"plan": "pro"})
    assert event.timestamp == datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "user_id"),
        ({"user_id": ""}, 400, "user_id"),
        ({"user_id": None}, 400, "user_id"),
        ({"user_id": "u", "trait": {}}, 400, "trait"),
        ({"user_id": "u", "traits": [1]}, 400, "traits"),
        ({"user_id": "u", "timestamp": "1969-01-01T00:00:00Z"}, 400, "timestamp"),
        ({"user_id": "u", "traits": {"x": "y" * 33_000}}, 413, None),
    ],
)
def test_wrong_identify(post: Post, body: Any, status: int, field: str | None) -> None:
    """A problem with the field."""
    assert problem(post("identify", body), status, field)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
FIELDS = st.sampled_from(["name", "type", "user_id", "properties", "timestamp", "revenue", "url"])


def outcome(read: Callable[[bytes, datetime], Any], body: bytes) -> Any:
    """What was read, or the status of the problem."""
    try:
        return read(body, NOW)
    except Unreadable as error:
        return error.status


@settings(max_examples=60)
@given(st.lists(st.dictionaries(FIELDS | st.text(), JSON, max_size=4), min_size=1, max_size=3))
def test_nothing_else_ever_happens(claims: list[Any]) -> None:
    """Whatever JSON it is: taken or refused, each once, and never an error of ours."""
    result = outcome(read_events, json.dumps({"events": claims}).encode())

    assert result in (400, 413) or len(result.events) + len(result.refused) == len(claims)


@settings(max_examples=60)
@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_nothing_else_ever_happens_to_identify(body: bytes) -> None:
    """The same for a body that is one event."""
    result = outcome(read_identify, body)

    assert result in (400, 413) or result.type is EventType.IDENTIFY
