"""The actors of the stories that the tests tell."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import flask
import pytest
from flask import Flask
from flask.testing import FlaskClient
from gevent import monkey
from hypothesis import settings

from flask_analytics import Analytics, Event
from flask_analytics.testing import FakeDestination, capture_events

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Not a page's own locale: requests that outlive their page would not know it.
    "--accept-lang=de-DE",
]

# A busy machine is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_app(tmp_path: Path) -> Callable[..., Flask]:
    """Build an application with a page, an action and Analytics. TESTING, no store, unless said."""
    own = {
        "TESTING": True,
        "SECRET_KEY": "x",
        "ANALYTICS_DIR": str(tmp_path / "analytics"),
        "ANALYTICS_STORE": None,
    }

    def make(analytics: Analytics | None = None, **config: Any) -> Flask:
        app = Flask("shop")
        app.config.update({**own, **config})
        (analytics or Analytics()).init_app(app)
        app.add_url_rule("/", "home", lambda: "<p>home</p>")
        app.add_url_rule("/blog/<slug>", "post", lambda slug: f"<p>{slug}</p>")
        app.add_url_rule("/buy", "buy", lambda: "bought", methods=["POST", "PUT", "DELETE"])
        app.add_url_rule("/api", "api", lambda: {"a": 1})
        return app

    return make


@pytest.fixture
def analytics() -> Analytics:
    return Analytics()


@pytest.fixture
def app(make_app: Callable[..., Flask], analytics: Analytics) -> Flask:
    return make_app(analytics)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def events(app: Flask) -> Iterator[list[Event]]:
    """What the application accepts, oldest first."""
    with capture_events(app) as captured:
        yield captured


@pytest.fixture(autouse=True)
def leaves_no_context() -> Iterator[None]:
    """Fails a test that leaves an application context pushed."""
    yield
    assert not flask.has_app_context(), "a context is still pushed"


@pytest.fixture
def in_thread() -> Callable[[Callable[[], Any]], Any]:
    """Run a function in a thread of its own and give its result.

    Async views need it: the browser tests leave an event loop in the main thread, and Flask
    refuses to run an async view beside one.
    """

    def run(function: Callable[[], Any]) -> Any:
        if monkey.is_module_patched("threading"):  # there the browser tests run by themselves
            return function()
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(function).result()

    return run


@pytest.fixture
def destination() -> Iterator[FakeDestination]:
    """A real HTTP server on this machine that remembers what it got."""
    with FakeDestination() as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for the whole run; a page's context keeps the tests apart.

    One, because Playwright's event loop takes its thread for itself, and in a process that gevent
    has patched all threads are one.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        unavailable("there is no chromium on the PATH")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable("playwright is not installed")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable,
            args=CHROMIUM_ARGUMENTS,
            # Playwright switches the cache off that one of the tests is about.
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield chromium
        chromium.close()


def unavailable(reason: str) -> NoReturn:
    """Skip on a developer's machine; where CI is set, a browser that is missing is a failure."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
