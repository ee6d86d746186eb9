"""Where pages send events: who may, what is taken, what is answered; and what pages get."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from flask_analytics import Analytics, Event
from flask_analytics.testing import capture_events
from flask_analytics.web.payload import MAX_BODY, Unreadable, read

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def send(client: FlaskClient) -> Callable[..., TestResponse]:
    """Post a body as a page does."""

    def post(body: Any, content_type: str = "text/plain", **headers: str) -> TestResponse:
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post("/_a/e", data=data, content_type=content_type, headers=given)

    return post


Send = Callable[..., TestResponse]


def custom(name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"event_name": name, **fields}


def test_good_events_are_204_and_arrive(send: Send, events: list[Event]) -> None:
    """Everything the page knows is there, everything else is the server's."""
    response = send(
        {
            "view_id": "view-1",
            "url": "http://localhost/p?utm_source=x&token=1",
            "referrer": "https://search.example/?q=me",
            "title": "Page",
            "events": [
                {"type": "pageview", "message_id": "m1"},
                custom("cart.item_added", properties={"n": 1, "revenue": 5}, message_id="m2"),
            ],
        },
        User_Agent="Mozilla/5.0",
        Accept_Language="de-DE",
    )

    assert (response.status_code, response.data) == (204, b"")
    view, added = events
    assert (view.type, view.message_id, view.view_id) == ("pageview", "m1", "view-1")
    assert view.properties == {"title": "Page"}
    assert view.url == "http://localhost/p?utm_source=x"
    assert view.path == "/p"
    assert view.referrer == "https://search.example/"
    assert (view.client_ip, view.hostname, view.locale) == ("127.0.0.1", "localhost", "de-DE")
    assert view.user_agent == "Mozilla/5.0"
    assert (view.method, view.status_code, view.endpoint, view.duration) == (None,) * 4
    assert (added.type, added.event_name, added.source) == ("custom", "cart.item_added", "browser")
    assert added.properties == {"n": 1, "revenue": 5}
    assert added.revenue is None


def test_what_a_page_claims_about_a_person_is_not_believed(
    analytics: Analytics, send: Send, events: list[Event]
) -> None:
    """User, address, traits and revenue are the server's to say."""
    analytics.user_id(lambda: "server-user")

    send(
        {
            "user_id": "forged",
            "events": [
                custom(
                    user_id="forged", client_ip="6.6.6.6", traits={"admin": True}, source="server",
                    revenue={"amount": "1", "currency": "EUR"}, anonymous_id="x", hostname="evil",
                )
            ],
        }
    )  # fmt: skip

    (event,) = events
    assert event.user_id == "server-user"
    assert event.client_ip == "127.0.0.1"
    assert (event.traits, event.revenue, event.anonymous_id) == ({}, None, None)
    assert (event.source, event.hostname) == ("browser", "localhost")


def test_untrusted_host_in_a_pages_address_is_not_told(make_app: Callable[..., Flask]) -> None:
    """Where hosts are listed, a page cannot claim to stand on another one."""
    app = make_app(ANALYTICS_TRUSTED_HOSTS=["localhost"])
    body = {"events": [custom(url="http://localhost:80/a"), custom(url="http://evil.example/b")]}

    with capture_events(app) as events:
        app.test_client().post("/_a/e", json=body)

    assert [(event.url, event.path) for event in events] == [
        ("http://localhost:80/a", "/a"),
        (None, "/b"),
    ]


def test_mixed_batch_keeps_the_good_ones(send: Send, events: list[Event]) -> None:
    """202 names each refused event, its field and why."""
    response = send(
        {
            "events": [
                custom("good"),
                {"type": "purchase", "event_name": "x"},
                {"type": "custom"},
                custom(properties=[1]),
                custom(timestamp="yesterday"),
                custom(url="javascript:alert(1)"),
                5,
                custom("also good"),
            ]
        }
    )

    assert response.status_code == 202
    answer = response.get_json()
    assert answer["accepted"] == 2
    assert [(r["index"], r["field"]) for r in answer["rejected"]] == [
        (1, "type"), (2, "event_name"), (3, "properties"), (4, "timestamp"), (5, "url"), (6, ""),
    ]  # fmt: skip
    assert all(refusal["detail"].endswith(".") for refusal in answer["rejected"])
    assert [event.event_name for event in events] == ["good", "also good"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ("", 400, None),
        ("{", 400, None),
        ("[]", 400, None),
        ('{"events": {}}', 400, "events"),
        ('{"events": []}', 400, "events"),
        ("{}", 400, None),
        ('{"events": [{"event_name": NaN}]}', 400, None),
        ('{"events": [{"type": "custom"}]}', 400, "event_name"),
        (b"\xff\xfe", 400, None),
        ("[" * 30_000, 400, None),
        ('{"events": [' + "[" * 30_000 + "]" * 30_000 + "]}", 400, None),
        ('{"view_id": "a", "view_id": "b", "events": [{"event_name": "x"}]}', 400, "view_id"),
        ('{"events": [{"event_name": "x", "user_id": 1, "user_id": 2}]}', 400, "user_id"),
        ('{"view_id": "' + "x" * 200 + '", "events": [{}]}', 400, "view_id"),
        (
            b'{"events": [{"message_id": "a", "message_id": "b", "x": ' + b"9" * 5000 + b"}]}",
            400,
            "message_id",
        ),
        (b'{"events": [{"message_id": "a"}, {"message_id": "b", "x": "\xff"}]}', 400, None),
        ({"url": "http://a/" + "x" * 9000, "events": [custom()]}, 400, "url"),
        ({"events": [custom()] * 101}, 413, "events"),
        ("x" * (MAX_BODY + 1), 413, None),
    ],
)
def test_bodies_that_are_refused(
    send: Send, events: list[Event], body: Any, status: int, field: str | None
) -> None:
    """A problem document says what is wrong; nothing is taken."""
    response = send(body)

    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    problem = response.get_json()
    assert problem["title"]
    assert problem["detail"]
    assert problem.get("field") == field
    assert events == []


def test_hundred_events_are_taken(send: Send, events: list[Event]) -> None:
    """The limit itself is fine."""
    assert send({"events": [custom()] * 100}).status_code == 204
    assert len(events) == 100


def test_body_at_the_limit_is_taken_and_one_byte_more_is_not(send: Send) -> None:
    """64 KiB, to the byte."""
    frame = '{"events": [{"event_name": "a", "properties": {"x": "%s"}}]}'
    room = MAX_BODY - len(frame) + 2

    assert send(frame % ("x" * room)).status_code == 204
    assert send(frame % ("x" * (room + 1))).status_code == 413


def test_body_without_a_length_is_cut_too(app: Flask) -> None:
    """A chunked body says no length; it is read up to the limit only."""
    import io

    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            self.given += len(buffer)
            buffer[:] = b"x" * len(buffer)
            return len(buffer)

    source = Endless()
    response = app.test_client().post(
        "/_a/e",
        content_type="text/plain",
        environ_overrides={
            "wsgi.input": io.BufferedReader(source),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
        },
    )

    assert response.status_code == 413
    assert source.given < 10 * MAX_BODY


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 204),
        ({"Sec_Fetch_Site": "same-origin"}, 204),
        ({"Sec_Fetch_Site": "same-origin", "Origin": "http://proxy.example"}, 204),
        ({"Origin": "http://localhost"}, 204),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Sec_Fetch_Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[broken"}, 403),
    ],
)
def test_only_our_own_pages_may_send(
    send: Send, events: list[Event], headers: dict[str, str], status: int
) -> None:
    """Same origin only; old browsers that tell nothing are taken."""
    assert send({"events": [custom()]}, **headers).status_code == status
    assert len(events) == (1 if status == 204 else 0)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 204),
        ("text/plain;charset=UTF-8", 204),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("", 415),
    ],
)
def test_content_types(send: Send, content_type: str, status: int) -> None:
    """JSON, also as text/plain, which a beacon sends; nothing a plain form could send."""
    assert send({"events": [custom()]}, content_type).status_code == status


def test_compressed_bodies_are_refused(send: Send) -> None:
    """Nothing is decompressed: a bomb stays packed."""
    assert send({"events": [custom()]}, Content_Encoding="gzip").status_code == 415


def test_get_is_not_allowed_and_leaves_no_event(client: FlaskClient, events: list[Event]) -> None:
    """The endpoint is for posting; a browser that opens it is told so."""
    assert client.get("/_a/e").status_code == 405


def test_no_cors_for_anyone(client: FlaskClient) -> None:
    """No answer invites other sites."""
    response = client.options("/_a/e", headers={"Origin": "http://evil.example"})
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


# -- time


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
    from flask_analytics.event import encode

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


# -- module and snippet

PAGE = '{% include "flask_analytics/snippet.html" %}'


@pytest.fixture
def snippet(app: Flask, client: FlaskClient) -> Callable[..., str]:
    """What the snippet prints."""
    app.add_url_rule("/page", "page", lambda: render_template_string(PAGE))
    return lambda **options: client.get("/page", **options).text


def test_snippet_joins_server_and_browser_view(
    snippet: Callable[..., str], send: Send, events: list[Event]
) -> None:
    """The id printed in the page is the id of the server's page view."""
    text = snippet()
    (view_id,) = re.findall(r'data-view="([^"]+)"', text)

    send({"view_id": view_id, "events": [{"type": "pageview"}]})

    assert [(event.source, event.view_id) for event in events] == [
        ("server", view_id),
        ("browser", view_id),
    ]


def test_snippet_is_one_external_module_with_integrity(
    snippet: Callable[..., str], client: FlaskClient
) -> None:
    """No inline script; the integrity is that of the file that is served, for ever."""
    text = snippet()

    assert re.fullmatch(r"<script [^>]+></script>\s*", text), text
    (url,) = re.findall(r' src="([^"]+)"', text)
    (integrity,) = re.findall(r' integrity="sha384-([^"]+)"', text)
    response = client.get(url)
    assert base64.b64encode(hashlib.sha384(response.data).digest()).decode() == integrity
    assert response.mimetype == "text/javascript"
    assert "immutable" in response.headers["Cache-Control"]
    assert "nonce" not in text


def test_snippet_carries_the_applications_nonce(app: Flask, snippet: Callable[..., str]) -> None:
    """A csp_nonce in the templates, callable or not, is printed."""
    app.jinja_env.globals["csp_nonce"] = lambda: "n1"
    assert 'nonce="n1"' in snippet()
    app.jinja_env.globals["csp_nonce"] = "n2"
    assert 'nonce="n2"' in snippet()


def test_snippet_follows_prefix_and_mount(make_app: Callable[..., Flask]) -> None:
    """Addresses are right under another prefix and a mounted application."""
    app = make_app(ANALYTICS_BROWSER_PREFIX="/x")
    app.add_url_rule("/page", "page", lambda: render_template_string(PAGE))

    text = app.test_client().get("/page", base_url="http://localhost/mounted").text

    assert 'src="/mounted/x/a.' in text
    assert 'data-endpoint="/mounted/x/e"' in text


def test_door_re_exports_the_module(app: Flask, client: FlaskClient) -> None:
    """a.js is one line that leads to the one instance; browsers ask for it every time."""
    with app.test_request_context():
        url = app.jinja_env.globals["analytics_module_url"]()  # type: ignore[operator]

    response = client.get("/_a/a.js")

    assert response.text == f'export * from "./{url.rpartition("/")[2]}";\n'
    assert response.headers["Cache-Control"] == "no-cache"
    again = client.get("/_a/a.js", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_disabled_snippet_prints_nothing(make_app: Callable[..., Flask]) -> None:
    """The include may stay in the template; a page that still sends is told to stop."""
    app = make_app(ANALYTICS_ENABLED=False)
    app.add_url_rule("/page", "page", lambda: render_template_string(PAGE))

    with capture_events(app) as events:
        assert app.test_client().get("/page").text.strip() == ""
        assert app.test_client().post("/_a/e", json={"events": [custom()]}).status_code == 410
    assert events == []


def test_failing_user_callable_costs_only_the_id(
    analytics: Analytics, send: Send, events: list[Event]
) -> None:
    """An application's mistake does not lose a page's events."""
    analytics.user_id(lambda: 1 / 0)

    assert send({"events": [custom()]}).status_code == 204
    assert [event.user_id for event in events] == [None]
