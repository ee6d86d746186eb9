"""Which request is which event, and which is none."""

from __future__ import annotations

import pytest
from flask import Flask, Response, abort, redirect, render_template_string
from flask.testing import FlaskClient

from flask_analytics import Event, EventType


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
        {"X-Sec-Purpose": "prefetch"},
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


@pytest.mark.parametrize("status", [400, 401, 404, 405])
def test_aborted_page_is_one_page_view(
    app: Flask, client: FlaskClient, events: list[Event], status: int
) -> None:
    """abort() in a view is an answer like any other."""
    app.add_url_rule("/abort", "abort", lambda: abort(status))

    client.get("/abort")

    assert [(event.status_code, event.matched_pattern) for event in events] == [(status, "/abort")]


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


def test_a_page_for_a_script_tells_its_view(client: FlaskClient, events: list[Event]) -> None:
    """A script that swaps the page in has no snippet run; a load, and an action, need no header."""
    fetched = client.get("/", headers={"Sec-Fetch-Dest": "empty"})
    loaded = client.get("/", headers={"Sec-Fetch-Dest": "document"})
    acted = client.post("/buy", headers={"Sec-Fetch-Dest": "empty"})

    assert fetched.headers["Server-Timing"] == f'view;desc="{events[0].view_id}"'
    assert "Server-Timing" not in loaded.headers
    assert "Server-Timing" not in acted.headers
