"""What the application says of its own events: it renames, adds, leaves out, classifies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, redirect
from flask.testing import FlaskClient
from flask.views import MethodView

from flask_analytics import Analytics, Event, EventType, add_property, set_event_name
from flask_analytics.testing import capture_events


def test_promotion_makes_a_custom_event(
    app: Flask, client: FlaskClient, events: list[Event]
) -> None:
    """set_event_name turns the automatic event into one of its own, and adds none."""

    def view() -> str:
        set_event_name("search.submitted")
        return "x"

    app.add_url_rule("/search", "search", view, methods=["GET", "POST"])

    client.get("/search")
    client.post("/search")

    assert [(e.type, e.event_name, e.action_name) for e in events] == [
        ("custom", "search.submitted", None),
        ("custom", "search.submitted", "search"),
    ]


def shaped(answer: Callable[[], Any]) -> Callable[[], Any]:
    def view() -> Any:
        add_property("a", 1)
        return answer()

    return view


@pytest.mark.parametrize(
    ("method", "answer", "headers", "type_"),
    [
        ("GET", lambda: {"json": 1}, {}, "pageview"),
        ("GET", lambda: redirect("/"), {}, "pageview"),
        ("GET", lambda: "part", {"HX-Request": "true"}, "pageview"),
        ("POST", lambda: {"json": 1}, {}, "action"),
    ],
)
def test_view_that_shaped_its_event_always_gets_one(
    app: Flask,
    client: FlaskClient,
    events: list[Event],
    method: str,
    answer: Callable[[], Any],
    headers: dict[str, str],
    type_: str,
) -> None:
    """Who adds a property wants an event."""
    app.add_url_rule("/shaped", "shaped", shaped(answer), methods=["GET", "POST"])

    client.open("/shaped", method=method, headers=headers)

    assert [(event.type, event.properties) for event in events] == [(type_, {"a": 1})]


def test_head_of_a_shaping_view_is_no_event(
    app: Flask, client: FlaskClient, events: list[Event]
) -> None:
    """A link checker that runs the view did not search for anything."""
    app.add_url_rule("/shaped", "shaped", shaped(lambda: "x"))

    client.head("/shaped")

    assert events == []


def test_exempt_view_and_blueprint(
    app: Flask, analytics: Analytics, client: FlaskClient, events: list[Event]
) -> None:
    """@analytics.exempt leaves a view out, or all views of a blueprint."""
    blueprint = Blueprint("internal", __name__, url_prefix="/internal")
    blueprint.add_url_rule("/x", "x", lambda: "x")
    analytics.exempt(blueprint)
    app.register_blueprint(blueprint)

    @app.get("/quiet")
    @analytics.exempt
    def quiet() -> str:
        add_property("a", 1)
        return "x"

    client.get("/quiet")
    client.get("/internal/x")

    assert events == []


def test_exempt_class_and_nested_blueprint(
    app: Flask, analytics: Analytics, client: FlaskClient, events: list[Event]
) -> None:
    """A view class, a blueprint inside an exempt one, and one registered under another name."""
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    inner.add_url_rule("/in", "in", lambda: "x")
    outer.register_blueprint(inner)
    analytics.exempt(outer)
    app.register_blueprint(outer, name="renamed", url_prefix="/o")

    @analytics.exempt
    class Quiet(MethodView):
        def get(self) -> str:
            return "x"

    app.add_url_rule("/quiet", view_func=Quiet.as_view("quiet"))

    assert client.get("/o/in").status_code == client.get("/quiet").status_code == 200
    assert events == []


def test_excluded_paths(make_app: Callable[..., Flask]) -> None:
    """ANALYTICS_EXCLUDE leaves addresses out, with wildcards."""
    app = make_app(ANALYTICS_EXCLUDE=["/health", "/internal/*", "/über/*"])

    with capture_events(app) as events:
        for path in ("/health", "/internal/a/b", "/über/a", "/healthy"):
            app.test_client().get(path)

    assert [event.path for event in events] == ["/healthy"]


def test_classify_decides(
    app: Flask, analytics: Analytics, client: FlaskClient, events: list[Event]
) -> None:
    """@analytics.classify says what a request is, or that it is nothing."""

    @analytics.classify
    def classify(current: Any, response: Response) -> EventType | None:
        return EventType.PAGEVIEW if current.path == "/api" else None

    client.get("/api")
    client.get("/")
    client.head("/api")

    assert [(event.type, event.path) for event in events] == [("pageview", "/api")]


@pytest.mark.parametrize("answer", [lambda: 1 / 0, lambda: "nonsense"])
def test_broken_classify_falls_back_to_the_rules(
    app: Flask, analytics: Analytics, client: FlaskClient, events: list[Event], answer: Any
) -> None:
    """An application's mistake never costs an event, nor a response."""
    analytics.classify(lambda current, response: answer())

    assert client.get("/").status_code == 200
    assert [event.type for event in events] == [EventType.PAGEVIEW]
