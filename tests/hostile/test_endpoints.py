"""Every public address with whatever may be sent to it: no answer is a failure of ours."""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from typing import Any
from urllib.parse import quote

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks
from werkzeug.test import TestResponse

from flask_analytics import Analytics
from flask_analytics.event import encode
from flask_analytics.metrics.parameters import TABLE
from flask_analytics.store.memory import MemoryStore
from flask_analytics.web.problem import CONTENT_TYPE

from .test_doors import MARK, NOW, history
from .values import TEXTS

#: Together a minute, and the same in a process that gevent has patched.
pytestmark = pytest.mark.slow

KEY = "write-me"

#: The same made-up requests each time.
BOUNDED = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


#: What the application writes, for as long as the tests run.
HOME = tempfile.TemporaryDirectory()


def served() -> Flask:
    """An application that is open to everybody, and whose store has hostile words in it."""
    app = Flask("shop")
    app.config.update(TESTING=True, SECRET_KEY="x", ANALYTICS_WRITE_KEYS={"w": KEY})
    app.config.update(ANALYTICS_DIR=HOME.name, ANALYTICS_STORE=None)
    app.config.update(ANALYTICS_INGEST_RATE=None, ANALYTICS_INGEST_TOTAL=None)  # all is read
    analytics = Analytics(app)
    analytics.access(lambda: True)
    store = MemoryStore()
    store.append([encode(event) for event in history()])
    state = app.extensions["analytics"]
    state.store, state.pipeline.clock = (lambda: store), NOW.timestamp
    state.pipeline.sink  # noqa: B018  chosen while testing: memory
    # As in production: what fails would be answered by a 500, and here is raised.
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app


APP = served()

#: Every route of ours, with a value for what its address leaves open.
ROUTES = sorted(
    {
        re.sub(r"<[^>]+>", "x", rule.rule)
        for rule in APP.url_map.iter_rules()
        if rule.endpoint.startswith("flask_analytics")
    }
)

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "M4RK"]

_texts = st.sampled_from([*TEXTS, MARK, "m4rk", "ann", "2026-11-21", "7", "-1", "1e999"]) | st.text(
    max_size=30
)

#: What pages and the API read from a query string, and more.
_names = st.sampled_from(
    [*TABLE, "format", "days", "show", "compare", "confirm", "sort", "pages", "devices", "sources",
     "strict", "writeKey", "csrf", "name", "q", ""]
)  # fmt: skip

_pair = st.tuples(_names, _texts).map(
    lambda pair: f"{pair[0]}={quote(pair[1].encode('utf-8', 'surrogatepass'))}"
)

#: Percent signs and bytes that stand for nothing, too.
_queries = st.lists(_pair | st.sampled_from(["%", "%ff=%fe", "a=%00", "=", "&&", "filter=%5B"]),
                    max_size=5).map("&".join)  # fmt: skip

_header_names = st.sampled_from(
    ["Accept", "Accept-Language", "Accept-Encoding", "Authorization", "Content-Type", "Cookie",
     "Content-Encoding", "If-None-Match", "If-Modified-Since", "Last-Event-ID", "Origin", "Range",
     "Referer", "Sec-Fetch-Site", "User-Agent", "Host", "X-Forwarded-For", "X-Forwarded-Host",
     "HX-Request", "DNT", "Sec-GPC", "Transfer-Encoding", "Expect"]
)  # fmt: skip

_known = [
    "*/*", "text/csv", "application/json", "text/plain", "gzip", "Basic Og==", "Basic \xff", "null",
    "same-origin", "cross-site", "http://localhost", "chunked", "bytes=0-1", 'W/"x"', "Bearer x",
    f"Bearer {KEY}", "text/html;q=nan", "session=x.y.z", "[::1", "a:b:c",
]  # fmt: skip

#: What a server lets through: Latin-1 without ends of lines and without NUL.
_headers = st.dictionaries(
    _header_names,
    st.sampled_from(_known)
    | st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=40),
    max_size=5,
)

_scalars = st.none() | st.booleans() | st.integers() | st.floats() | _texts
_fields = st.sampled_from(
    ["events", "event_name", "name", "type", "properties", "traits", "timestamp", "sent_at", "url",
     "referrer", "title", "view_id", "message_id", "user_id", "anonymous_id", "revenue", "amount",
     "currency", "context", "userId", "anonymousId", "event", "messageId", "batch", "groupId",
     "previousId", "sentAt", "originalTimestamp", "integrations", "writeKey"]
)  # fmt: skip
_json = st.recursive(
    _scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_fields | _texts, inner, max_size=5)
    ),
    max_leaves=20,
)


def packed(value: Any) -> bytes:
    """As a program would write it whose JSON is not quite right: NaN, lone surrogates."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


_bodies = st.one_of(
    st.just(b""),
    _json.map(packed),
    _json.map(packed).map(gzip.compress),
    st.lists(_json, max_size=4).map(lambda events: packed({"events": events})),
    st.lists(_json, max_size=4).map(lambda batch: packed({"batch": batch, "writeKey": KEY})),
    st.binary(max_size=50),
    st.sampled_from([b"[" * 100_000, b'{"a":' * 50_000, b"9" * 5000, b"\xef\xbb\xbf{}", b"1e999"]),
)


def sound(answer: TestResponse) -> None:
    """No failure, headers that are one line each, and a problem document that is whole."""
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    for name, value in answer.headers:
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", f"{name}{value}"), (name, value)
        value.encode("latin-1")
    if answer.mimetype == CONTENT_TYPE and answer.data:
        told = json.loads(answer.data.decode("utf-8"), parse_constant=pytest.fail)
        assert told["status"] == answer.status_code
        assert isinstance(told["title"], str)
        assert isinstance(told["detail"], str)
        assert isinstance(told.get("field", ""), str)
    elif answer.mimetype == "application/json" and answer.data:
        json.loads(answer.data.decode("utf-8"), parse_constant=pytest.fail)
    if answer.mimetype == "text/html":
        assert "<m4rk" not in answer.text
        is_flasks_own = answer.status_code >= 400 or not answer.data
        assert is_flasks_own or answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("route", ROUTES)
@BOUNDED
@given(method=st.sampled_from(_METHODS), query=_queries, headers=_headers, body=_bodies)
def test_whatever_is_sent(
    route: str, method: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    """Any method, query string, headers and body, to every route that there is."""
    with APP.test_client() as client:
        answer = client.open(
            route, method=method, query_string=query, headers=headers, data=body, buffered=False
        )
        try:
            if answer.mimetype != "text/event-stream":
                sound(answer)
        finally:
            answer.close()


@pytest.mark.parametrize("route", ROUTES)
@BOUNDED
@given(query=_queries)
def test_whatever_is_asked(route: str, query: str) -> None:
    """The way a browser asks, so that most questions come through to the store."""
    with APP.test_client() as client:
        answer = client.get(route, query_string=query, buffered=False)
        try:
            if answer.mimetype != "text/event-stream":
                sound(answer)
        finally:
            answer.close()


#: Routes that events come in by.
WRITING = [
    re.sub(r"<[^>]+>", "x", rule.rule)
    for rule in APP.url_map.iter_rules()
    if rule.endpoint.startswith(
        ("flask_analytics.ingest", "flask_analytics_write", "flask_analytics_tracking")
    )
    and "POST" in (rule.methods or ())
]


@pytest.mark.parametrize("route", WRITING)
@BOUNDED
@given(body=_bodies)
def test_whatever_is_written(route: str, body: bytes) -> None:
    """With the right key; what was taken of it is strict JSON that every store takes."""
    collector = APP.extensions["analytics"].pipeline.sink._collectors["memory"]
    collector.clear()
    headers = {"Authorization": f"Bearer {KEY}", "Sec-Fetch-Site": "same-origin"}
    if body[:2] == b"\x1f\x8b":
        headers["Content-Encoding"] = "gzip"
    with APP.test_client() as client:
        sound(client.post(route, data=body, headers=headers, content_type="application/json"))

    for event in collector.events:
        json.loads(encode(event).decode("utf-8"), parse_constant=pytest.fail)


#: What a page may send, as its own documentation says it.
INGEST: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Browser ingest", "version": "1"},
    "paths": {
        "/_a/e": {
            "post": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Body"}},
                    },
                },
                "responses": {
                    "204": {"description": "All taken."},
                    "202": {
                        "description": "Some taken.",
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Some"}}
                        },
                    },
                    **{
                        status: {
                            "description": "None taken.",
                            "content": {
                                CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}
                            },
                        }
                        for status in ("400", "403", "413", "415", "429")
                    },
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Body": {
                "type": "object",
                "required": ["events"],
                "properties": {
                    "sent_at": {"type": "string", "format": "date-time"},
                    "view_id": {"type": "string"},
                    "url": {"type": "string"},
                    "referrer": {"type": "string"},
                    "title": {"type": "string"},
                    "automated": {},
                    "events": {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/Event"},
                        "maxItems": 120,
                    },
                },
            },
            "Event": {
                "type": "object",
                "properties": {
                    "type": {"enum": ["pageview", "custom", "identify"]},
                    "event_name": {"type": ["string", "null"]},
                    "properties": {"type": "object"},
                    "timestamp": {"type": "string", "format": "date-time"},
                    "message_id": {"type": "string"},
                    "url": {"type": "string"},
                },
            },
            "Some": {
                "type": "object",
                "required": ["accepted", "rejected"],
                "properties": {
                    "accepted": {"type": "integer", "minimum": 1},
                    "rejected": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "type": "object",
                            "required": ["index", "field", "detail"],
                            "properties": {
                                "index": {"type": "integer"},
                                "field": {"type": "string"},
                                "detail": {"type": "string"},
                            },
                        },
                    },
                },
            },
            "Problem": {
                "type": "object",
                "required": ["title", "status", "detail"],
                "properties": {
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "field": {"type": "string"},
                },
            },
        }
    },
}

SCHEMA = schemathesis.openapi.from_dict(INGEST)
SCHEMA.app = APP
INGEST_OPERATION = SCHEMA["/_a/e"]["POST"]


def test_made_up_pages() -> None:
    """What fits the description of the browser's endpoint is answered as described."""

    @settings(BOUNDED, max_examples=150)
    @given(case=INGEST_OPERATION.as_strategy())
    def send(case: Any) -> None:
        answer = case.call(app=APP)
        case.validate_response(
            answer,
            checks=[
                checks.not_a_server_error,
                openapi_checks.status_code_conformance,
                openapi_checks.content_type_conformance,
                openapi_checks.response_schema_conformance,
            ],
        )

    send()
