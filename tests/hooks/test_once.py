"""Whatever else happens in a request, exactly one event, before the response leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Response, request, stream_with_context
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from flask_analytics import Analytics, Event, EventType, add_property
from flask_analytics.testing import capture_events


def test_unhandled_exception_that_propagates_is_one_event(
    app: Flask, client: FlaskClient, events: list[Event]
) -> None:
    """In tests and debug Flask raises on, and no after_request follows."""
    app.add_url_rule("/fail", "fail", lambda: 1 / 0, methods=["GET", "POST"])

    for method in ("GET", "POST"):
        with pytest.raises(ZeroDivisionError):
            client.open("/fail", method=method)

    assert [(e.type, e.status_code, e.matched_pattern) for e in events] == [
        ("pageview", 500, "/fail"),
        ("action", 500, "/fail"),
    ]


def test_unhandled_exception_with_an_answer_is_one_event(make_app: Callable[..., Flask]) -> None:
    """In production Flask answers 500."""
    app = make_app(PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)

    with capture_events(app) as events:
        app.test_client().get("/fail")

    assert [(event.type, event.status_code) for event in events] == [("pageview", 500)]


def test_failing_json_view_is_an_event(make_app: Callable[..., Flask]) -> None:
    """A failure counts whatever its answer looks like, with the status of that answer."""
    app = make_app(PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.register_error_handler(500, lambda error: ({"error": "x"}, 503))

    with capture_events(app) as events:
        app.test_client().get("/fail")

    assert [(event.type, event.status_code) for event in events] == [("pageview", 503)]


def test_handled_exception_is_one_event(
    app: Flask, client: FlaskClient, events: list[Event]
) -> None:
    """An error handler's answer is the answer."""
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.register_error_handler(ZeroDivisionError, lambda error: ("sorry", 400))

    client.get("/fail")

    assert [(event.type, event.status_code) for event in events] == [("pageview", 400)]


def test_another_hook_that_always_fails_loses_nothing(make_app: Callable[..., Flask]) -> None:
    """An after_request of the application that raises even for the error page."""
    app = make_app(PROPAGATE_EXCEPTIONS=False)

    @app.after_request
    def fail(response: Response) -> Response:
        raise RuntimeError("always")

    with capture_events(app) as events:
        app.test_client().get("/")

    assert [event.status_code for event in events] == [500]


def test_earlier_hook_that_answers_is_one_timed_event(events: list[Event], app: Flask) -> None:
    """A before_request registered before ours may answer; the event is the same."""

    @app.before_request
    def closed() -> tuple[str, int] | None:
        return ("closed", 503) if request.path == "/" else None

    app.test_client().get("/")

    (event,) = events
    assert (event.type, event.status_code) == ("pageview", 503)
    assert event.duration is not None


def test_hook_registered_before_the_extension_that_answers() -> None:
    """Even a hook from before Analytics(app) does not hide the request or its duration."""
    app = Flask("shop")
    app.testing = True

    @app.before_request
    def closed() -> str:
        return "closed"

    Analytics(app)
    with capture_events(app) as events:
        app.test_client().get("/nowhere")

    (event,) = events
    assert event.type == EventType.PAGEVIEW
    assert event.duration is not None


def test_the_final_answer_counts() -> None:
    """What a hook from before Analytics(app) makes of the response is what the event says."""
    app = Flask("shop")
    app.testing = True
    app.add_url_rule("/", "home", lambda: {"json": 1})

    @app.after_request
    def change(response: Response) -> Response:
        response.status_code = 418
        response.content_type = "text/html"
        return response

    Analytics(app)
    with capture_events(app) as events:
        app.test_client().get("/")

    assert [(event.type, event.status_code) for event in events] == [("pageview", 418)]


def test_streaming_response_is_one_event(
    app: Flask, client: FlaskClient, events: list[Event]
) -> None:
    """The event is there when the response starts, and the stream adds none."""

    def pieces() -> Iterator[str]:
        yield from "abc"

    app.add_url_rule("/stream", "stream", lambda: Response(stream_with_context(pieces())))

    response = client.get("/stream")

    assert len(events) == 1
    assert response.text == "abc"
    assert [event.type for event in events] == [EventType.PAGEVIEW]


def test_async_view_is_one_event(
    app: Flask, client: FlaskClient, events: list[Event], in_thread: Callable[..., Any]
) -> None:
    """An async view shapes its event as any other."""

    async def view() -> str:
        add_property("a", 1)
        return "x"

    app.add_url_rule("/async", "async", view)

    in_thread(lambda: client.get("/async"))

    assert [(event.type, event.properties) for event in events] == [("pageview", {"a": 1})]


def test_error_page_that_fails_is_one_event(make_app: Callable[..., Flask]) -> None:
    """The page for a dead database needs the database."""
    app = make_app(PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.register_error_handler(500, lambda error: 1 / 0)

    with capture_events(app) as events, pytest.raises(ZeroDivisionError):
        app.test_client().get("/fail")

    assert [event.status_code for event in events] == [500]


def test_event_is_accepted_before_the_response_leaves(app: Flask, events: list[Event]) -> None:
    """A server that starts the response finds the event accepted."""
    seen: list[int] = []

    def start(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
        seen.append(len(events))
        return lambda data: None

    environ = EnvironBuilder("/").get_environ()
    list(app.wsgi_app(environ, start))

    assert seen == [1]


def test_failure_inside_analytics_never_reaches_the_view(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever breaks in here, the response stands."""
    pipeline = app.extensions["analytics"].pipeline
    monkeypatch.setattr(pipeline, "accept", lambda draft: 1 / 0)

    assert client.get("/").status_code == 200
