"""Where pages send events: who may, what is taken, what is answered."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_analytics import Analytics, Event
from flask_analytics.testing import capture_events
from flask_analytics.web.payload import MAX_BODY

from .conftest import Send, custom


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
    assert (event.traits, event.revenue) == ({}, None)
    assert event.anonymous_id not in (None, "x")
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
        ('{"view_id": "a", "view\\u005fid": "b", "events": [{"event_name": "x"}]}', 400, "view_id"),
        (
            '{"events": [{"message\\u005fid": "a", "message_id": "b", "event_name": "x"}]}',
            400,
            "message_id",
        ),
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


def test_failing_user_callable_costs_only_the_id(
    analytics: Analytics, send: Send, events: list[Event]
) -> None:
    """An application's mistake does not lose a page's events."""
    analytics.user_id(lambda: 1 / 0)

    assert send({"events": [custom()]}).status_code == 204
    assert [event.user_id for event in events] == [None]
