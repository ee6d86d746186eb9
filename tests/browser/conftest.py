"""The actors of these tests: a Chromium, a page in it, and a site of its own for each test.

A site per test keeps them apart: a beacon that comes late goes to a server that is gone.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from itertools import count
from typing import Any, TypeVar

import pytest
from flask import Flask, render_template_string
from werkzeug.serving import WSGIRequestHandler, make_server

from flask_analytics import Analytics
from flask_analytics.collectors import MemoryCollector

T = TypeVar("T")

#: Seconds until a test gives up on something that should happen.
DEADLINE = 20.0

#: What the module promises to work under. Nothing here allows inline code.
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title>
{% for _ in range(snippets) %}{% include "flask_analytics/snippet.html" %}{% endfor %}
{{ head|safe }}</head><body><a id="next" href="/next">next</a><button id="button">go</button>
{{ body|safe }}</body></html>"""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: drives a real browser")


@pytest.fixture(scope="session")
def tabs() -> list[Any]:
    """Pages that no test uses at the moment: to open one takes longer than most tests."""
    return []


@pytest.fixture
def page(browser: Any, site: Site, tabs: list[Any]) -> Iterator[Any]:
    """A page that is nowhere, and has left the site before that goes. The port, and with it the
    origin, is another one for each test: nothing that a page keeps is there for the next."""
    page = tabs.pop() if tabs else browser.new_context().new_page()
    page.set_default_timeout(DEADLINE * 1000)
    yield page
    if page.is_closed():
        page.context.close()
        return
    page.context.set_offline(False)
    page.goto("about:blank")
    tabs.append(page)


@pytest.fixture
def at_start(page: Any) -> Iterator[Callable[[str], None]]:
    """Run a script before all others of each document. No other test gets the page then."""
    yield lambda script: page.add_init_script(script)
    page.close()


@pytest.fixture
def console(page: Any) -> Iterator[list[str]]:
    """What the page writes to its console as a warning or an error, and what it never caught."""
    lines: list[str] = []
    heard = {
        "console": lambda m: lines.append(m.text) if m.type in ("warning", "error") else None,
        "pageerror": lambda error: lines.append(str(error)),
    }
    for event, listener in heard.items():
        page.on(event, listener)
    yield lines
    for event, listener in heard.items():
        page.remove_listener(event, listener)


@pytest.fixture
def site() -> Iterator[Site]:
    """A small site with the extension, served on a free port."""
    site = Site()
    server = make_server("127.0.0.1", 0, site, threaded=True, request_handler=QuietHandler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield site
    site.over.set()
    server.shutdown()
    thread.join()
    server.server_close()
    site.close()


class QuietHandler(WSGIRequestHandler):
    """Keeps the access log out of the test report."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@dataclass
class Post:
    """One try of the browser to reach the endpoint, answered by whom ever."""

    raw: bytes
    content_type: str
    #: The browser's Sec-Fetch-Mode: ``no-cors`` tells a beacon from a fetch.
    mode: str
    at: float
    #: What was answered; empty until then.
    status: str = ""
    body: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.body = json.loads(self.raw)

    @property
    def names(self) -> list[str]:
        return [event.get("event_name") or event["type"] for event in self.body["events"]]

    @property
    def events(self) -> str:
        """The events as text, without the envelope."""
        return json.dumps(self.body["events"])

    @property
    def ids(self) -> set[str]:
        return {event["message_id"] for event in self.body["events"]}


class Site:
    """A WSGI application: the Flask site behind a door that can be slow or shut."""

    def __init__(self) -> None:
        self.url = ""
        self.posts: list[Post] = []
        #: What the script tag says in the pages served from now on. A flush a minute: nothing
        #: leaves a page before the test wants it.
        self.tag: dict[str, Any] = {"flush": 60}
        #: Answers (status, headers) that the endpoint gives instead of the application's, in turn;
        #: without a status the connection is cut.
        self.faults: list[tuple[str, dict[str, str]]] = []
        #: Seconds that the endpoint takes.
        self.delay = 0.0
        #: What else a page has in its body, and in its head.
        self.body = self.head = ""
        self.status = 200
        #: How often a page includes the snippet.
        self.snippets = 1
        self.over = threading.Event()
        self.collector = MemoryCollector()
        self.flask, self._analytics = self._build()

    def _build(self) -> tuple[Flask, Analytics]:
        app = Flask("site")
        # Not TESTING: what arrives shall have come the way it comes in production.
        app.config.update(
            ANALYTICS_COLLECTORS=[self.collector],
            ANALYTICS_STORE=None,
            ANALYTICS_DURABILITY="memory",
            ANALYTICS_EXCLUDE=["/favicon.ico"],
        )

        @app.get("/")
        @app.get("/<path:title>")
        def show(title: str = "home") -> Any:
            html = render_template_string(
                PAGE, title=title, snippets=self.snippets, head=self.head, body=self.body
            )
            tag = "".join(f'data-{name}="{value}" ' for name, value in self.tag.items())
            policy = {"Content-Security-Policy": POLICY}
            return html.replace("<script type=", f"<script {tag}type=", 1), self.status, policy

        @app.get("/favicon.ico")
        def favicon() -> Any:
            return "", 204

        return app, Analytics(app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/_a/e":
            return self._ingest(environ, start_response)
        if environ["PATH_INFO"] == "/elsewhere":
            self.over.wait(DEADLINE)
        return self.flask(environ, start_response)

    def _ingest(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raw = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = BytesIO(raw)
        post = Post(raw, environ["CONTENT_TYPE"], environ["HTTP_SEC_FETCH_MODE"], time.monotonic())
        self.posts.append(post)
        self.over.wait(self.delay)

        def answer(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            post.status = status
            return start_response(status, headers, *rest)

        if not self.faults:
            return self.flask(environ, answer)
        status, headers = self.faults.pop(0)
        if not status:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        answer(status or "500 Cut", list(headers.items()))
        return []

    def close(self) -> None:
        self._analytics.close(1.0)

    def events(self, name: str | None = None, source: str = "browser") -> list[Any]:
        """What arrived behind the endpoint: custom events by name, page views as ``pageview``.

        In the order they happened: bodies are carried side by side, and may overtake each other.
        """
        events = [event for event in list(self.collector.events) if str(event.source) == source]
        events.sort(key=happened)
        return [event for event in events if name in (None, event.name)]

    def wait_for_events(self, least: int, name: str | None = None) -> list[Any]:
        """Wait for at least so many; more than asked for is the test's business to see."""
        return wait_until(
            lambda: [] if len(self.events(name)) < least else self.events(name),
            lambda: f"{least} x {name or 'anything'}, have {self.events()} of {self.posts}",
        )

    def has_all(self) -> bool:
        """Whether every try was answered, and what was taken has come to the collector."""
        taken = {id for post in self.posts if post.status.startswith("2") for id in post.ids}
        arrived = {event.message_id for event in self.events()}
        return all(post.status for post in self.posts) and taken <= arrived

    def wait_for_posts(self, least: int) -> list[Post]:
        """Wait for so many tries, whoever answers them."""
        return wait_until(
            lambda: [] if len(self.posts) < least else self.posts,
            lambda: f"{least} tries, have {self.posts}",
        )


def happened(event: Any) -> datetime:
    """When, by the browser's clock: what the server makes of it counts the way as well."""
    told = event.context.get("original_timestamp")
    return datetime.fromisoformat(told) if told else event.timestamp


def wait_until(condition: Callable[[], T], wanted: Callable[[], str]) -> T:
    """Poll until the condition holds, and return what it returned."""
    end = time.monotonic() + DEADLINE
    while not (result := condition()):
        if time.monotonic() > end:
            pytest.fail(f"waited {DEADLINE} s for {wanted()}")
        time.sleep(0.01)
    return result


@pytest.fixture
def module(page: Any) -> Callable[..., Any]:
    """Run JavaScript in the page with the module's exports at hand; returns what it returns."""

    def run(script: str, argument: Any = None) -> Any:
        names = "{hooks, track, flush, setConsent}"
        loaded = f"import('/_a/a.js').then(({names}) => {{ {script} }})"
        return page.evaluate(f"(argument) => {loaded}", argument)

    return run


@pytest.fixture
def everything_sent(module: Callable[..., Any], site: Site) -> Callable[[], list[Any]]:
    """Send all that the page has noticed, and return it; only then is "no more" a fact."""
    markers = (f"marker {number}" for number in count())

    def send() -> list[Any]:
        marker = next(markers)
        module("track(argument); flush();", marker)
        site.wait_for_events(1, marker)
        wait_until(site.has_all, lambda: f"all of {site.posts}, have {site.events()}")
        return [event for event in site.events() if not event.name.startswith("marker")]

    return send
