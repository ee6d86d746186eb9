"""Who the visitor is and which language they get, as the application knows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask_login
import pytest
from flask import Flask, session
from flask.testing import FlaskClient
from flask_babel import Babel

from flask_analytics import Analytics, Event, EventType, track
from flask_analytics.visitor import id_text


class User(flask_login.UserMixin):
    id = "u1"


@pytest.fixture
def loaded() -> list[str]:
    """The ids that flask-login asked the application to load."""
    return []


@pytest.fixture
def login_app(app: Flask, loaded: list[str]) -> Flask:
    manager = flask_login.LoginManager(app)

    @manager.user_loader
    def load(user_id: str) -> User:
        loaded.append(user_id)
        return User()

    app.add_url_rule("/login", "login", lambda: str(flask_login.login_user(User())))
    app.add_url_rule("/logout", "logout", lambda: str(flask_login.logout_user()))
    app.add_url_rule("/who", "who", lambda: str(flask_login.current_user.is_authenticated))
    return app


def test_flask_logins_user_is_taken(login_app: Flask, events: list[Event]) -> None:
    """Installed and set up is enough; login and logout count from their own request on."""
    client = login_app.test_client()

    for path in ("/who", "/login", "/", "/who", "/logout", "/"):
        client.get(path)

    views = [event for event in events if event.type == EventType.PAGEVIEW]
    assert [event.user_id for event in views] == [None, "u1", "u1", "u1", None, None]


def test_no_user_is_loaded_for_analytics(
    login_app: Flask, events: list[Event], loaded: list[str]
) -> None:
    """A view that does not ask for its user costs no query."""
    client = login_app.test_client()
    client.get("/login")

    client.get("/")

    assert events[-1].user_id == "u1"
    assert loaded == []


def test_session_does_not_count_as_touched(app: Flask, events: list[Event]) -> None:
    """Reading the id adds no Vary: Cookie, which would end all caching of the page.

    flask-login touches the session itself, so only its mark and its key stand here.
    """
    app.login_manager = object()  # type: ignore[attr-defined]
    app.add_url_rule("/enter", "enter", lambda: session.update(_user_id="u1") or "x")
    client = app.test_client()
    client.get("/enter")

    response = client.get("/")

    assert events[-1].user_id == "u1"
    assert "Vary" not in response.headers


def test_tracked_events_have_the_user(login_app: Flask, events: list[Event]) -> None:
    """track() inside a request belongs to its user, unless the caller names another."""

    def view() -> str:
        track("a")
        track("b", user_id="other")
        return "x"

    login_app.add_url_rule("/view", "view", view)
    client = login_app.test_client()
    client.get("/login")

    client.get("/view")

    assert [(e.name, e.user_id) for e in events[2:]] == [
        ("a", "u1"),
        ("b", "other"),
        ("pageview", "u1"),
    ]


def test_declared_callable_wins(
    login_app: Flask, analytics: Analytics, events: list[Event], in_thread: Callable[..., Any]
) -> None:
    """@analytics.user_id replaces flask-login; it may be async, and give a number."""

    @analytics.user_id
    async def user() -> int:
        return 42

    client = login_app.test_client()
    in_thread(lambda: client.get("/login"))

    assert [(event.name, event.user_id) for event in events] == [
        ("identify", "42"),
        ("pageview", "42"),
    ]


def test_failing_callable_costs_only_the_id(
    analytics: Analytics, client: FlaskClient, events: list[Event]
) -> None:
    """An application's mistake never costs the event."""
    analytics.user_id(lambda: 1 / 0)

    assert client.get("/").status_code == 200
    assert [event.user_id for event in events] == [None]


def test_language_of_flask_babel_wins(app: Flask, events: list[Event]) -> None:
    """What the application answers in beats what the browser asks for."""
    Babel(app, locale_selector=lambda: "zh_Hans_CN")

    app.test_client().get("/", headers={"Accept-Language": "de-DE"})

    assert [event.locale for event in events] == ["zh-Hans-CN"]


def test_language_does_not_touch_the_session(app: Flask, events: list[Event]) -> None:
    """A selector that looks into the session adds no Vary: Cookie on our account."""
    Babel(app, locale_selector=lambda: session.get("language", "fr"))

    response = app.test_client().get("/")

    assert [event.locale for event in events] == ["fr"]
    assert "Vary" not in response.headers


@pytest.mark.parametrize(
    ("value", "text"), [(5, "5"), ("a", "a"), ("", None), (None, None), ("\ud800", "\ufffd" * 3)]
)
def test_ids_are_text(value: Any, text: str | None) -> None:
    """Numbers and texts are ids; nothing is nobody."""
    assert id_text(value) == text


@pytest.mark.parametrize("value", [True, [1], {"a": 1}, b"x"])
def test_strange_ids_are_refused(value: Any) -> None:
    """What cannot be an id is a TypeError."""
    with pytest.raises(TypeError, match="id must be"):
        id_text(value)


def test_session_of_another_kind(make_app: Callable[..., Flask]) -> None:
    """Without flask-login nothing looks at the session at all."""
    app = make_app()
    app.add_url_rule("/view", "view", lambda: session.setdefault("a", "x"))

    assert app.test_client().get("/view").status_code == 200
