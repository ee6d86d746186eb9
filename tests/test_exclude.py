"""Whose events do not count: nothing of their requests is one, wherever it would come from."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import flask_login
import pytest
from flask import Flask, g, request, session
from flask.testing import FlaskClient

from flask_analytics import Analytics, Event, set_event_name, track
from flask_analytics.testing import capture_events

STAFF = {"X-Staff": "1"}
BODY = {"events": [{"event_name": "clicked"}]}


@pytest.fixture
def client(app: Flask, analytics: Analytics) -> FlaskClient:
    """Of a shop whose staff is known by a header."""
    analytics.exclude(lambda: "X-Staff" in request.headers)

    def sell() -> str:
        set_event_name("sold")
        track("invoice.sent", revenue=("1", "EUR"))
        g.analytics.identify("u1")
        return "sold"

    app.add_url_rule("/sell", "sell", sell, methods=["POST"])
    return app.test_client()


def test_nothing_of_them_is_an_event(
    app: Flask, client: FlaskClient, analytics: Analytics, events: list[Event]
) -> None:
    """Neither views, nor actions, nor helpers, nor what their pages send; it is counted."""
    statuses = [
        client.get("/", headers=STAFF).status_code,
        client.post("/sell", headers=STAFF).status_code,
        client.post("/_a/e", json=BODY, headers=STAFF).status_code,
        client.get("/missing", headers=STAFF).status_code,
    ]

    assert statuses == [200, 200, 204, 404]
    assert events == []
    with app.app_context():
        assert analytics.stats()["refused"] == {"excluded": 6}


def test_all_others_are(client: FlaskClient, events: list[Event]) -> None:
    """As if nothing had been declared."""
    client.get("/")
    client.post("/sell")
    client.post("/_a/e", json=BODY)

    assert [event.name for event in events] == [
        "pageview", "invoice.sent", "identify", "sold", "clicked",
    ]  # fmt: skip


def test_a_view_that_fails_is_none_either(
    make_app: Callable[..., Flask], analytics: Analytics
) -> None:
    """Also its last chance is asked."""
    app = make_app(analytics, PROPAGATE_EXCEPTIONS=False)
    analytics.exclude(lambda: True)
    app.add_url_rule("/fail", "fail", lambda: str(1 // 0))

    with capture_events(app) as events:
        assert app.test_client().get("/fail").status_code == 500

    assert events == []


def test_a_callable_that_fails_excludes_nobody(
    app: Flask,
    analytics: Analytics,
    client: FlaskClient,
    events: list[Event],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No view sees it, no event is lost, one line says so."""
    analytics.exclude(lambda: 1 // 0)

    with caplog.at_level(logging.WARNING):
        assert client.get("/").status_code == 200
        assert client.post("/sell").text == "sold"
        assert client.post("/_a/e", json=BODY).status_code == 204

    assert len(events) == 5
    assert len([line for line in caplog.messages if "exclude failed" in line]) == 1


def test_a_login_excludes_from_then_on_and_a_logout_afterwards(
    app: Flask, analytics: Analytics, events: list[Event]
) -> None:
    """Both requests are the user's; flask-login's own identify, too."""
    flask_login.LoginManager(app).user_loader(lambda id: User())
    analytics.exclude(lambda: flask_login.current_user.is_authenticated)

    def leave() -> str:
        track("left")
        flask_login.logout_user()
        return "out"

    app.add_url_rule("/in", "in", lambda: str(flask_login.login_user(User())), methods=["POST"])
    app.add_url_rule("/out", "out", leave, methods=["POST"])
    client = app.test_client()

    client.get("/")
    for path in ("/in", "/buy", "/out"):
        assert client.post(path).status_code == 200
    client.get("/")

    assert [event.name for event in events] == ["pageview", "pageview"]


class User(flask_login.UserMixin):
    id = "u1"


def test_no_session_is_touched(app: Flask, analytics: Analytics, client: FlaskClient) -> None:
    """Every cache may keep the page of those who are not excluded."""
    analytics.exclude(lambda: session.get("role") == "staff")

    assert "Cookie" not in client.get("/").headers.get("Vary", "")
    with client.session_transaction() as changed:
        changed["role"] = "staff"
    with capture_events(app) as events:
        client.get("/")
    assert events == []


def test_outside_a_request_nobody_is_asked(
    app: Flask, analytics: Analytics, events: list[Event]
) -> None:
    """A script has no visitor."""
    analytics.exclude(lambda: True)

    with app.app_context():
        track("cleaned")

    assert [event.name for event in events] == ["cleaned"]


def test_machines_are_not_asked_about(make_app: Callable[..., Flask], analytics: Analytics) -> None:
    """A write key is no member of staff."""
    app = make_app(analytics, ANALYTICS_WRITE_KEYS={"billing": "key"})
    analytics.exclude(lambda: True)
    key = {"Authorization": "Bearer key"}
    call = {"userId": "u", "event": "a"}

    with capture_events(app) as events:
        client = app.test_client()
        client.post("/analytics/api/events", json={"events": [{"name": "a"}]}, headers=key)
        client.post("/analytics/v1/track", json=call, headers=key)

    assert len(events) == 2


def test_a_coroutine_may_answer(
    app: Flask, analytics: Analytics, events: list[Event], in_thread: Callable[..., Any]
) -> None:
    """As everywhere in Flask."""

    @analytics.exclude
    async def is_staff() -> Any:
        return "X-Staff" in request.headers

    client = app.test_client()
    in_thread(lambda: client.get("/", headers=STAFF))
    in_thread(lambda: client.get("/"))

    assert len(events) == 1
