"""The tracking API: what Segment's clients may send, and what becomes of it."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_analytics import Analytics, Event
from flask_analytics.errors import ConfigurationError
from flask_analytics.event import MAX_EVENT_BYTES, EventType, Source
from flask_analytics.web.batch import MAX_BATCH, MAX_EVENTS
from flask_analytics.web.tracking import READERS
from flask_analytics.web.tracking_messages import CODES, PROBLEMS

NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)
ORIGIN = "https://app.example"
KEYS = {
    "mobile": "write-me",
    "billing": "sha256:" + hashlib.sha256(b"billing-key").hexdigest(),
}

Post = Callable[..., TestResponse]


@pytest.fixture
def app(make_app: Callable[..., Flask], analytics: Analytics) -> Flask:
    """An application that knows two senders and one other site; its clock stands at NOW."""
    app = make_app(analytics, ANALYTICS_WRITE_KEYS=KEYS, ANALYTICS_CORS_ORIGINS=[ORIGIN])
    app.extensions["analytics"].pipeline.clock = NOW.timestamp
    return app


@pytest.fixture
def post(app: Flask) -> Post:
    """Send a body to one of the routes, with a key as the user name of Basic."""
    client = app.test_client()

    def send(name: str, body: Any, key: str | None = "write-me", **headers: str) -> TestResponse:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {key.replace("_", "-"): value for key, value in headers.items()}
        auth = None if key is None else (key, "")
        options = {"content_type": "application/json", "headers": given, "auth": auth}
        return client.post(f"/analytics/v1/{name}", data=data, **options)

    return send


def refused(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """A problem document that Segment's clients understand as well."""
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    content: dict[str, Any] = answer.get_json()
    assert (content["success"], content["code"]) == (False, code)
    assert content["message"] == content["detail"]
    return content


# -- what a call becomes


@pytest.mark.parametrize(
    ("route", "call", "type_", "fields"),
    [
        ("track", {"event": "a", "properties": {"n": 1}}, "custom",
         {"event_name": "a", "properties": {"n": 1}}),
        ("identify", {"traits": {"plan": "pro"}}, "identify", {"traits": {"plan": "pro"}}),
        ("page", {"name": "Home", "category": "Shop"}, "pageview",
         {"event_name": "Home", "properties": {"category": "Shop"}}),
        ("page", {}, "pageview", {"event_name": None}),
        ("screen", {"name": "Start"}, "pageview", {"event_name": "Start"}),
        ("group", {"groupId": 7, "traits": {"size": 3}}, "group",
         {"group_id": "7", "traits": {"size": 3}}),
        ("alias", {"previousId": "old"}, "alias", {"previous_id": "old"}),
    ],
)  # fmt: skip
def test_calls(
    post: Post, events: list[Event], route: str, call: Any, type_: str, fields: Any
) -> None:
    """Each becomes one event, by its own route, by the short one, and in a batch."""
    message = {"userId": 42, "anonymousId": "a1", "messageId": "m1", **call}

    answers = [
        post(route, message),
        post(route[0], message),
        post("batch", {"batch": [{"type": route, **message}]}),
        post("import", {"batch": [{"type": route, **message}]}),
    ]

    assert [(one.status_code, one.get_json()) for one in answers] == [(200, {"success": True})] * 4
    assert len(events) == 4
    for event in events:
        assert (event.type, event.source) == (EventType(type_), Source.API)
        assert (event.user_id, event.anonymous_id, event.message_id) == ("42", "a1", "m1")
        assert {name: getattr(event, name) for name in fields} == fields
        assert (event.client_ip, event.user_agent, event.url) == (None, None, None)


# -- what is refused


@pytest.mark.parametrize(
    ("message", "code", "field"),
    [
        ({"type": "track", "event": "a"}, "no_user_anon_id", "userId"),
        ({"type": "page", "userId": ""}, "no_user_anon_id", "userId"),
        ({"type": "track", "userId": "u"}, "no_event", "event"),
        ({"type": "track", "userId": "u", "event": ""}, "no_event", "event"),
        ({"type": "track", "userId": "u", "event": "\n"}, "no_event", "event"),
        ({"type": "group", "userId": "u"}, "no_group_id", "groupId"),
        ({"type": "alias", "userId": "u"}, "no_previous_id", "previousId"),
        ({"type": "alias", "previousId": "o"}, "no_user_id", "userId"),
        ({"userId": "u", "event": "a"}, "no_type", "type"),
        ({"type": "delete", "userId": "u"}, "no_type", "type"),
        ({"type": "track", "userId": "u", "event": "a", "timestamp": "yesterday"},
         "bad_timestamp", "timestamp"),
        ({"type": "track", "userId": "u", "event": "a", "timestamp": "2026-13-01T00:00:00Z"},
         "bad_timestamp", "timestamp"),
        ({"type": "track", "userId": "u", "event": "a", "timestamp": "20261121"},
         "bad_timestamp", "timestamp"),
        ({"type": "track", "userId": "u", "event": "a", "timestamp": 5},
         "bad_timestamp", "timestamp"),
        ({"type": "track", "userId": "u", "event": "a", "timestamp": "9999-12-31T23:59:59Z",
          "sentAt": "2026-01-01T00:00:00Z"}, "bad_timestamp", "timestamp"),
        ({"type": "track", "userId": "u", "event": "a", "messageId": "a b"},
         "bad_message_id", "messageId"),
        ({"type": "track", "userId": "u", "event": "a", "messageId": "x" * 101},
         "bad_message_id", "messageId"),
        ({"type": "track", "userId": "x" * 257, "event": "a"}, "malformed", "userId"),
        ({"type": "track", "userId": "u", "event": 5}, "malformed", "event"),
        ({"type": "track", "userId": "u", "event": "a", "properties": []},
         "malformed", "properties"),
        ({"type": "track", "userId": "u", "event": "a", "properties": {"x": "y" * 33_000}},
         "too_large", ""),
        (5, "malformed", ""),
    ],
)  # fmt: skip
def test_wrong_messages(
    post: Post, events: list[Event], message: Any, code: str, field: str
) -> None:
    """Each is named, with a word for programs; the good ones beside it are kept. Alone it is a
    400, which tells its sender."""
    good = {"type": "track", "userId": "u", "event": "good"}

    mixed = post("batch", {"batch": [good, message, good]})
    alone = post("batch", {"batch": [message]})

    content = mixed.get_json()
    assert (mixed.status_code, content["success"], content["accepted"]) == (200, True, 2)
    ((rejected),) = content["rejected"]
    assert (rejected["index"], rejected["code"], rejected["field"]) == (1, code, field)
    assert code in CODES
    assert refused(alone, 400, code)["rejected"] == [{**rejected, "index": 0}]
    assert [event.name for event in events] == ["good", "good"]


@pytest.mark.parametrize(
    ("route", "body", "status", "code"),
    [
        ("batch", b"{", 400, "malformed"),
        ("batch", b"[" * 100_000, 400, "malformed"),
        ("batch", b"{}", 400, "malformed"),
        ("batch", b'{"batch": []}', 400, "malformed"),
        ("batch", b'{"batch": [' + b"{}," * MAX_EVENTS + b"{}]}", 413, "too_large"),
        ("batch", b" " * (MAX_BATCH + 1), 413, "too_large"),
        ("track", b"{", 400, "malformed"),
        ("track", b" " * (MAX_EVENT_BYTES + 1), 413, "too_large"),
    ],
    ids=["cut", "deep", "no batch", "empty", "many", "long", "cut call", "long call"],
)
def test_wrong_bodies(post: Post, route: str, body: bytes, status: int, code: str) -> None:
    """What is no batch, and no call, at all."""
    refused(post(route, body), status, code)


def test_gzip(post: Post, events: list[Event]) -> None:
    """Packed bodies are taken, and bombs are not unpacked."""
    body = gzip.compress(json.dumps({"userId": "u", "event": "a"}).encode())
    bomb = gzip.compress(b" " * 50_000_000)

    assert post("track", body, Content_Encoding="gzip").status_code == 200
    refused(post("batch", bomb, Content_Encoding="gzip"), 413, "too_large")
    refused(post("batch", b"no gzip", Content_Encoding="gzip"), 400, "malformed")
    refused(post("batch", b"{}", Content_Encoding="br"), 415, "content_type")
    assert len(events) == 1


# -- who may send

CALL = {"userId": "u", "event": "a"}


@pytest.mark.parametrize("key", ["write-me", "billing-key"])
def test_keys(app: Flask, post: Post, events: list[Event], key: str) -> None:
    """Each of several, as it is or hashed in the settings; in Basic, as Bearer, in the body."""
    bearer = post("track", CALL, None, Authorization=f"Bearer {key}")
    client = app.test_client()
    text = json.dumps({**CALL, "writeKey": key})
    body = client.post("/analytics/v1/t", data=text, content_type="text/plain")
    bare = client.post("/analytics/v1/t", data=text)

    assert post("track", CALL, key).status_code == 200
    assert [bearer.status_code, body.status_code, bare.status_code] == [200] * 3
    assert len(events) == 4


@pytest.mark.parametrize("body", [CALL, {**CALL, "writeKey": "no"}, {"writeKey": 5}, b"{", b""])
def test_no_key(post: Post, events: list[Event], body: Any) -> None:
    """401, and not a word about what the body is like."""
    answers = [post("track", body, None), post("batch", body, "no")]

    for answer in answers:
        refused(answer, 401, "write_key")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert events == []


def test_a_hash_is_no_key(post: Post) -> None:
    """Whoever has read the configuration cannot send with it."""
    refused(post("track", CALL, KEYS["billing"]), 401, "write_key")


def test_without_keys_nobody_may(make_app: Callable[..., Flask]) -> None:
    """403 with the cure."""
    answer = make_app().test_client().post("/analytics/v1/track", json={**CALL, "writeKey": "x"})

    assert "ANALYTICS_WRITE_KEYS" in refused(answer, 403, "write_key")["detail"]


def test_switched_off(make_app: Callable[..., Flask]) -> None:
    """Not 410, after which these clients try again."""
    app = make_app(ANALYTICS_WRITE_KEYS=KEYS, ANALYTICS_ENABLED=False)

    answer = app.test_client().post("/analytics/v1/track", json=CALL, auth=("write-me", ""))

    refused(answer, 403, "switched_off")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("name", [*READERS])
def test_only_post(app: Flask, name: str, method: str) -> None:
    """405, with what is allowed."""
    client = app.test_client()

    answer = client.open(f"/analytics/v1/{name}", method=method, auth=("write-me", ""))

    refused(answer, 405, "method")
    assert answer.headers["Allow"] == "POST, OPTIONS"


# -- pages of other sites


def test_a_configured_origin(app: Flask, post: Post, events: list[Event]) -> None:
    """It is let in, may read the answer, and its request tells who the visitor is."""
    asked = app.test_client().options("/analytics/v1/t", headers={"Origin": ORIGIN})
    headers = {"Origin": ORIGIN, "User_Agent": "Mozilla/5.0", "Accept_Language": "fr-CH, fr"}
    answer = post("t", CALL, **headers)
    refusal = post("t", CALL, "no", Origin=ORIGIN)

    assert (asked.status_code, asked.headers["Access-Control-Allow-Methods"]) == (204, "POST")
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    for one in (asked, answer, refusal):
        assert one.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "Origin" in one.headers["Vary"]
        assert "Access-Control-Allow-Credentials" not in one.headers
    (event,) = events
    assert (event.client_ip, event.user_agent, event.locale) == (
        "127.0.0.1",
        "Mozilla/5.0",
        "fr-CH",
    )


def test_what_a_page_tells_itself_stands(post: Post, events: list[Event]) -> None:
    """The request fills only what is empty."""
    told = {"ip": "192.0.2.1", "userAgent": "Own/1.0", "locale": "it"}

    post("t", {**CALL, "context": told}, Origin=ORIGIN, Accept_Language="fr")

    (event,) = events
    assert (event.client_ip, event.user_agent, event.locale) == ("192.0.2.1", "Own/1.0", "it")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://app.example", "x"])
def test_other_origins(app: Flask, post: Post, events: list[Event], origin: str) -> None:
    """Neither asked nor unasked; with or without a key."""
    asked = app.test_client().options("/analytics/v1/t", headers={"Origin": origin})

    for answer in (asked, post("t", CALL, Origin=origin)):
        assert "ANALYTICS_CORS_ORIGINS" in refused(answer, 403, "origin")["detail"]
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert events == []


def test_own_pages(post: Post, events: list[Event]) -> None:
    """The application's own pages need no setting, whatever a proxy makes of the scheme."""
    for origin in ("http://localhost", "https://localhost"):
        assert post("t", CALL, Origin=origin).status_code == 200


@pytest.mark.parametrize("origin", ["*", "app.example", "https://app.example/", "HTTPS://A.B"])
def test_origins_that_are_none(make_app: Callable[..., Flask], origin: str) -> None:
    """The start says how they are written."""
    with pytest.raises(ConfigurationError, match=r"ANALYTICS_CORS_ORIGINS.*https://app"):
        make_app(ANALYTICS_CORS_ORIGINS=[origin])


# -- written down

PAGE = (Path(__file__).parents[2] / "docs" / "tracking.md").read_text()


@pytest.mark.parametrize("word", [*CODES, *map(str, PROBLEMS)])
def test_every_answer_is_documented(word: str) -> None:
    """Whoever gets one finds what it means."""
    assert f"`{word}`" in PAGE or f"| {word} |" in PAGE
