"""One automatic event for each page view and each action, exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import (
    Blueprint,
    Flask,
    Response,
    redirect,
    render_template_string,
    request,
    stream_with_context,
)
from flask.testing import FlaskClient
from flask.views import MethodView

from flask_analytics import Analytics, Event, EventType, add_property, set_event_name
from flask_analytics.testing import capture_events


def test_html_get_is_a_page_view(client: FlaskClient, events: list[Event]) -> None:
    """A page is one event, with its route, status and duration."""
    client.get("/blog/first")

    (event,) = events
    assert event.type == EventType.PAGEVIEW
    assert event.matched_pattern == "/blog/<slug>"
    assert event.endpoint == "post"
    assert event.path == "/blog/first"
    assert event.method == "GET"
    assert event.status_code == 200
    assert event.action_name is None
    assert 0 < (event.duration or 0) < 5


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_acting_methods_are_actions(client: FlaskClient, events: list[Event], method: str) -> None:
    """What changes something is an action, called by its endpoint."""
    client.open("/buy", method=method)

    (event,) = events
    assert event.type == EventType.ACTION
    assert event.action_name == "buy"
    assert event.method == method


def test_patch_is_an_action(app: Flask, client: FlaskClient, events: list[Event]) -> None:
    """PATCH counts with POST, PUT and DELETE."""
    app.add_url_rule("/patch", "patch", dict, methods=["PATCH"])

    client.patch("/patch")

    assert [event.type for event in events] == [EventType.ACTION]


def test_redirect_after_action_is_an_action(
    app: Flask, client: FlaskClient, events: list[Event]
) -> None:
    """Post, redirect, get: the post is the action, the get the page view."""
    app.add_url_rule("/go", "go", lambda: redirect("/"), methods=["POST"])

    client.post("/go", follow_redirects=True)

    assert [(event.type, event.status_code) for event in events] == [
        ("action", 302),
        ("pageview", 200),
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("HEAD", "/"),
        ("OPTIONS", "/"),
        ("HEAD", "/nowhere"),
        ("GET", "/api"),
        ("POST", "/nowhere"),
        ("POST", "/blog/first"),
        ("GET", "/static/missing.css"),
        ("GET", "/_a/a.js"),
        ("POST", "/_a/e"),
        ("GET", "/_a/e"),
        ("GET", "/_a/a.0123456789abcdef.js"),
    ],
)
def test_no_event(client: FlaskClient, events: list[Event], method: str, path: str) -> None:
    """JSON, HEAD, OPTIONS, static files, our own pages and acts on nothing are no events."""
    client.open(path, method=method)

    assert events == []


def test_get_redirect_is_no_event(app: Flask, client: FlaskClient, events: list[Event]) -> None:
    """A redirect is seen by nobody; nor is a missing slash."""
    app.add_url_rule("/old", "old", lambda: redirect("/"))
    app.add_url_rule("/folder/", "folder", lambda: "x")

    client.get("/old")
    client.get("/folder")

    assert events == []


def test_missing_icon_is_no_page_view(client: FlaskClient, events: list[Event]) -> None:
    """A browser says that it asks for an image; nobody has seen a page."""
    client.get("/favicon.ico", headers={"Sec-Fetch-Dest": "image"})
    client.get("/nowhere", headers={"Sec-Fetch-Dest": "document"})

    assert [event.path for event in events] == ["/nowhere"]


def test_action_belongs_to_no_view_unless_it_shows_one(
    app: Flask, client: FlaskClient, events: list[Event]
) -> None:
    """A POST that redirects shows nothing; one that answers with a page has that page's view."""
    page = '{% include "flask_analytics/snippet.html" %}'
    app.add_url_rule("/form", "form", lambda: render_template_string(page), methods=["POST"])

    client.post("/buy")
    client.post("/form")

    assert [event.view_id is None for event in events] == [True, False]


def test_unknown_address_is_one_page_view_without_pattern(
    client: FlaskClient, events: list[Event]
) -> None:
    """A GET that no route takes is seen by a person."""
    client.get("/nowhere")

    (event,) = events
    assert event.type == EventType.PAGEVIEW
    assert event.status_code == 404
    assert event.matched_pattern is None
    assert event.endpoint is None
    assert event.path == "/nowhere"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
        {"HX-Request": "true"},
    ],
)
def test_what_nobody_sees_is_no_page_view(
    client: FlaskClient, events: list[Event], headers: dict[str, str]
) -> None:
    """Prefetches, prerenders and htmx fragments are no page views, nor on unknown addresses."""
    client.get("/", headers=headers)
    client.get("/nowhere", headers=headers)

    assert events == []


@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true", "HX-Boosted": "true"},
        {"HX-Request": "true", "HX-History-Restore-Request": "true"},
        {"Sec-Purpose": "other"},
    ],
)
def test_boosted_and_restored_pages_are_page_views(
    client: FlaskClient, events: list[Event], headers: dict[str, str]
) -> None:
    """With htmx, a boosted link and a restored history entry show a whole page."""
    client.get("/", headers=headers)

    assert [event.type for event in events] == [EventType.PAGEVIEW]


def test_htmx_action_is_an_action(client: FlaskClient, events: list[Event]) -> None:
    """A fragment that answers a POST is still an action."""
    client.post("/buy", headers={"HX-Request": "true"})

    assert [event.type for event in events] == [EventType.ACTION]


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


@pytest.mark.parametrize("status", [400, 401, 404, 405])
def test_aborted_page_is_one_page_view(
    app: Flask, client: FlaskClient, events: list[Event], status: int
) -> None:
    """abort() in a view is an answer like any other."""
    from flask import abort

    app.add_url_rule("/abort", "abort", lambda: abort(status))

    client.get("/abort")

    assert [(event.status_code, event.matched_pattern) for event in events] == [(status, "/abort")]


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


def test_error_page_that_fails_is_one_event(make_app: Callable[..., Flask]) -> None:
    """The page for a dead database needs the database."""
    app = make_app(PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.register_error_handler(500, lambda error: 1 / 0)

    with capture_events(app) as events, pytest.raises(ZeroDivisionError):
        app.test_client().get("/fail")

    assert [event.status_code for event in events] == [500]


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


def test_event_is_accepted_before_the_response_leaves(app: Flask, events: list[Event]) -> None:
    """A server that starts the response finds the event accepted."""
    seen: list[int] = []

    def start(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
        seen.append(len(events))
        return lambda data: None

    from werkzeug.test import EnvironBuilder

    environ = EnvironBuilder("/").get_environ()
    list(app.wsgi_app(environ, start))

    assert seen == [1]


def test_view_that_answers_with_explicit_html_type(
    app: Flask, client: FlaskClient, events: list[Event]
) -> None:
    """The content type is found wherever it stands, in any case."""

    def view() -> Response:
        response = Response("x")
        del response.headers["Content-Type"]
        response.headers["X-First"] = "1"
        response.headers["content-type"] = "Text/HTML; charset=utf-8"
        return response

    app.add_url_rule("/odd", "odd", view)

    client.get("/odd")

    assert len(events) == 1


def test_failure_inside_analytics_never_reaches_the_view(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever breaks in here, the response stands."""
    pipeline = app.extensions["analytics"].pipeline
    monkeypatch.setattr(pipeline, "accept", lambda draft: 1 / 0)

    assert client.get("/").status_code == 200
