"""What pages get: the snippet, and the module behind it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Callable

import brotli
import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_analytics import Event
from flask_analytics.testing import capture_events

from .conftest import Send, custom

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


@pytest.fixture
def ask(app: Flask, client: FlaskClient) -> Callable[..., TestResponse]:
    """GET the module, or a part of it, as a browser that takes these codings."""
    with app.test_request_context():
        url = app.jinja_env.globals["analytics_module_url"]()  # type: ignore[operator]

    def get(name: str = "a", end: str = "", coding: str = "") -> TestResponse:
        headers = {"Accept-Encoding": coding} if coding else {}
        return client.get(url.replace("/a.", f"/{name}.") + end, headers=headers)

    return get


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("identity", None), ("br;q=0", None)],
)
def test_module_is_sent_in_the_shortest_form(
    ask: Callable[..., TestResponse], accepted: str, coding: str | None
) -> None:
    """A browser gets what it can read, and caches do not mix the forms up."""
    response, plain = ask(coding=accepted), ask()

    assert response.headers.get("Content-Encoding") == coding
    assert response.headers["Vary"] == "Accept-Encoding"
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[coding]
    assert unpack(response.data) == plain.data
    assert (response.headers["ETag"] == plain.headers["ETag"]) is (coding is None)


@pytest.mark.parametrize("part", ["errors", "join", "offline", "sources", "vitals"])
def test_parts_are_beside_the_module(ask: Callable[..., TestResponse], part: str) -> None:
    """Under the same hash, for ever, each with the map to its source."""
    response = ask(part)

    assert "immutable" in response.headers["Cache-Control"]
    assert response.mimetype == "text/javascript"
    assert ask(part, ".map").json["sourcesContent"]
    assert response.headers["SourceMap"].endswith(".js.map")


def test_there_are_no_other_parts(ask: Callable[..., TestResponse]) -> None:
    """Not the sources, and nothing from elsewhere."""
    assert {ask(name).status_code for name in ("core", "analytics", "..%2fcore")} == {404}
    assert ask("core", ".map").status_code == 404


def test_options_are_attributes_of_the_tag(make_app: Callable[..., Flask]) -> None:
    """What ANALYTICS_BROWSER says, each page says; what is off is not there."""
    options = {"vitals": True, "off": ["rage", "forms"], "flush": 2.5, "dnt": False}
    app = make_app(ANALYTICS_BROWSER=options)
    app.add_url_rule("/page", "page", lambda: render_template_string(PAGE))

    text = app.test_client().get("/page").text

    assert re.search(r' data-vitals data-off="rage forms" data-flush="2.5"></script>$', text), text


def test_the_core_can_be_had_alone(make_app: Callable[..., Flask]) -> None:
    """Another file, under another hash, with the same exports."""
    apps = [make_app(ANALYTICS_BROWSER={"build": build}) for build in ("full", "core")]
    doors = [app.test_client().get("/_a/a.js").text for app in apps]
    urls = ["/_a/" + re.findall(r"a\.\w+\.js", door)[0] for door in doors]
    full, core = (app.test_client().get(url).data for app, url in zip(apps, urls, strict=True))

    assert len(core) < len(full)
    assert urls[0] != urls[1]


def test_disabled_snippet_prints_nothing(make_app: Callable[..., Flask]) -> None:
    """The include may stay in the template; a page that still sends is told to stop."""
    app = make_app(ANALYTICS_ENABLED=False)
    app.add_url_rule("/page", "page", lambda: render_template_string(PAGE))

    with capture_events(app) as events:
        assert app.test_client().get("/page").text.strip() == ""
        assert app.test_client().post("/_a/e", json={"events": [custom()]}).status_code == 410
    assert events == []
