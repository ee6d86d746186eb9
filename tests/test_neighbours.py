"""Other extensions of the application: whom they let through, and whom they let in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import flask_login
import pytest
from flask import Flask, g
from flask_wtf import CSRFProtect

from flask_analytics import Analytics, Event, EventType
from flask_analytics.event import encode
from flask_analytics.metrics.person import Traits
from flask_analytics.store.memory import MemoryStore
from flask_analytics.testing import capture_events
from flask_analytics.visitor import _session


class User(flask_login.UserMixin):
    def __init__(self, id: str = "u1") -> None:
        self.id = id


def enter() -> str:
    flask_login.login_user(User())
    flask_login.login_user(User())
    return "in"


@pytest.fixture
def login_app(app: Flask) -> Flask:
    """An application with a login. Its manager comes after Analytics, as in many factories."""
    manager = flask_login.LoginManager(app)
    manager.user_loader(User)
    app.add_url_rule("/login", "login", enter, methods=["POST"])
    return app


def test_a_login_joins_the_visitor_with_the_user(login_app: Flask, events: list[Event]) -> None:
    """One identify event, however often the user is logged in, with the id of the visitor's day;
    the store then knows that what came before was the same person."""
    client = login_app.test_client()

    client.get("/")
    client.post("/login")

    view, identify, action = events
    assert (view.user_id, identify.type, action.type) == (None, EventType.IDENTIFY, "action")
    assert (identify.user_id, identify.anonymous_id) == ("u1", view.anonymous_id)
    store = MemoryStore()
    store.append([encode(event) for event in events])
    assert store.answer(Traits("u1")).ids == tuple(sorted(["u1", str(view.anonymous_id)]))


def test_also_in_the_very_first_request(login_app: Flask, events: list[Event]) -> None:
    """Nothing has to have happened before."""
    login_app.test_client().post("/login")

    assert [event.name for event in events] == ["identify", "login"]


def test_a_declared_callable_names_the_user(
    login_app: Flask, analytics: Analytics, events: list[Event]
) -> None:
    """Ids are the application's own, here as elsewhere."""
    analytics.user_id(lambda: "customer-7")

    login_app.test_client().post("/login")

    assert {event.user_id for event in events} == {"customer-7"}


def test_a_callable_that_fails_fails_no_login(
    login_app: Flask, analytics: Analytics, events: list[Event]
) -> None:
    """Analytics never stands between a user and their account."""
    analytics.user_id(lambda: 1 / 0)

    assert login_app.test_client().post("/login").text == "in"
    assert [event.name for event in events] == ["login"]


def test_without_ids_of_visitors_there_is_nobody_to_join(make_app: Callable[..., Flask]) -> None:
    """Then a login is no event of its own."""
    app = make_app(ANALYTICS_VISITOR_ID=None)
    flask_login.LoginManager(app).user_loader(User)
    app.add_url_rule("/login", "login", enter, methods=["POST"])

    with capture_events(app) as events:
        app.test_client().post("/login")

    assert [event.name for event in events] == ["login"]


def test_no_session_is_touched(login_app: Flask, events: list[Event]) -> None:
    """An answer that did not depend on the session is still good for every cache. flask-login
    touches it at a login; here only its signal is sent."""
    login_app.test_client().get("/")

    with login_app.test_request_context():
        g._login_user = User()
        flask_login.user_logged_in.send(login_app, user=User())
        assert not _session().accessed

    assert [event.name for event in events] == ["pageview", "identify"]


def test_a_login_without_a_request_is_nobodys(login_app: Flask, events: list[Event]) -> None:
    """A script that sends the signal has no visitor."""
    login_app.test_client().get("/")

    with login_app.app_context():
        flask_login.user_logged_in.send(login_app, user=User())

    assert [event.name for event in events] == ["pageview"]


@pytest.mark.parametrize("is_first", [True, False], ids=["CSRF first", "Analytics first"])
def test_flask_wtf_asks_no_sender_for_a_token(
    make_app: Callable[..., Flask], tmp_path: Any, is_first: bool
) -> None:
    """Senders show a key and pages their origin; forms of the application are protected still."""
    config = {"TESTING": True, "SECRET_KEY": "x", "ANALYTICS_STORE": None}
    app = Flask("shop")
    app.config.update(config, ANALYTICS_WRITE_KEYS={"mobile": "write-me"})
    app.add_url_rule("/buy", "buy", lambda: "bought", methods=["POST"])
    parts = [CSRFProtect().init_app, Analytics().init_app]
    for init_app in parts if is_first else reversed(parts):
        init_app(app)
    key = {"Authorization": "Bearer write-me"}
    client = app.test_client()

    track = client.post("/analytics/v1/track", json={"userId": "u", "event": "a"}, headers=key)
    write = client.post("/analytics/api/events", json={"events": [{"name": "a"}]}, headers=key)
    page = client.post("/_a/e", json={"events": [{"event_name": "a"}]})

    assert (track.status_code, write.status_code, page.status_code) == (200, 202, 204)
    assert client.post("/buy").status_code == 400


@pytest.fixture
def guarded(make_app: Callable[..., Flask], analytics: Analytics) -> Flask:
    """An application whose every form is protected by Flask-WTF."""
    app = make_app(analytics, ANALYTICS_STORE="memory:", ANALYTICS_WRITE_KEYS={"mobile": "key"})
    CSRFProtect(app)
    analytics.access(lambda: True)
    app.test_client().get("/")
    return app


def changing(app: Flask) -> list[tuple[str, str]]:
    """The blueprint and the path of each route that takes a POST."""
    return [
        (rule.endpoint.rpartition(".")[0], re.sub(r"<[^>]+>", "x", rule.rule))
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ())
    ]


def test_no_machine_is_asked_for_a_forms_token(guarded: Flask) -> None:
    """All their routes, of which each sees for itself who sends."""
    client = guarded.test_client()
    machines = {"flask_analytics", "flask_analytics_write", "flask_analytics_tracking"}
    paths = [path for blueprint, path in changing(guarded) if blueprint in machines]

    answers = {path: client.post(path, json={}) for path in paths}

    assert len(paths) > 10
    assert "/_a/e" in paths
    assert [path for path, answer in answers.items() if "CSRF" in answer.text] == []
    asked = {answer.status_code for path, answer in answers.items() if path != "/_a/e"}
    assert asked == {401}
    assert client.post("/_a/e", headers={"Origin": "https://evil.example"}).status_code == 403


def test_every_form_is_protected_still(guarded: Flask) -> None:
    """Those of the application by Flask-WTF, those of the dashboard by a token of their own."""
    client = guarded.test_client()
    forms = {path for name, path in changing(guarded) if name == "flask_analytics_dashboard"}
    forms.remove("/analytics/x")  # there is no such page

    assert len(forms) >= 5
    for path in forms:
        answer = client.post(path, data={"id": "u1"})
        assert (answer.status_code, "Nothing was changed" in answer.text) == (403, True), path
    assert client.post("/buy").status_code == 400


def test_a_form_of_the_dashboard_works_beside_flask_wtf(guarded: Flask) -> None:
    """Its own token is enough."""
    client = guarded.test_client()
    page = client.get("/analytics/").text
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token

    data = {"token": token[1], "name": "Mine", "page": "overview", "query": "days=7"}
    answer = client.post("/analytics/reports/save", data=data)

    assert answer.status_code in (302, 303)
    assert "Mine" in client.get("/analytics/").text


def test_only_what_is_ours_is_let_through(guarded: Flask) -> None:
    """By the blueprint: a view of the application with a similar name is not."""
    protection = guarded.extensions["csrf"]
    exempt = {getattr(one, "name", one) for one in protection._exempt_blueprints}

    assert protection._exempt_views == set()
    assert exempt == {
        "flask_analytics",
        "flask_analytics_write",
        "flask_analytics_tracking",
        "flask_analytics_dashboard",
    }
