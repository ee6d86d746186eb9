"""The actors: a small shop with two months of history, its dashboard in Chromium, and axe-core."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from example.demonstration.history import History
from flask_analytics import Analytics, Event
from flask_analytics.event import encode

#: Milliseconds until a test gives up on a page: a busy machine is no failure.
PATIENCE = 60_000

#: Every page, with all that can be on it: name -> path.
PAGES = {
    "overview": "",
    "event": "events?event=purchase",
    "events": "events",
    "funnel": "funnels?step=pageview&step=shop.add_to_cart&step=purchase&breakdown=device",
    "funnel-empty": "funnels",
    "retention": "retention",
    "people": "people?days=1",
    "forget": "people?search=customer-0&id=customer-0001&confirm=forget",
    "live": "live",
    "speed": "speed",
    "delivery": "delivery",
    "wrong": "?days=x",
}

HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert(1)</script>"


class Quiet(WSGIRequestHandler):
    """Keeps the access log out of the test report."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@dataclass
class Shop:
    """A running application with a real store."""

    app: Flask
    analytics: Analytics
    url: str = ""
    #: Ids of people who have logged in.
    people: list[str] = field(default_factory=list)

    def keep(self, *events: Event) -> None:
        self.app.extensions["analytics"].store().append([encode(one) for one in events])

    def ask(self, question: Callable[[Any], Any]) -> Any:
        with self.app.app_context():
            return question(self.analytics.metrics)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One for all tests: each looks at what it needs, and none counts what another adds."""
    app = Flask("Paper & ink")
    app.config.update(ANALYTICS_DIR=str(tmp_path_factory.mktemp("shop")), ANALYTICS_COLLECTORS=[])
    analytics = Analytics(app)
    analytics.access(lambda: True)
    found = Shop(app, analytics)
    events = History(scale=0.06).past()
    found.keep(*events)
    found.people = sorted({event.user_id for event in events if event.user_id})
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    found.url = f"http://127.0.0.1:{server.server_port}/analytics/"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions["analytics"].store().close()


Open = Callable[..., Any]


@pytest.fixture
def visit(browser: Any, shop: Shop) -> Iterator[Open]:
    """Open a page in a context of its own. What the browser complains about fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def complain(message: Any) -> None:
        if message.type in ("warning", "error") and "status of 4" not in message.text:
            complaints.append(message.text)

    def go(path: str = "", **options: Any) -> Any:
        own: dict[str, Any] = {
            "base_url": shop.url,
            "timezone_id": "Europe/Berlin",
            "locale": "en-GB",
        }
        own.update(options)
        context = browser.new_context(**own)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"alert {dialog.message}"))
        page.goto(path or shop.url)
        if own.get("java_script_enabled", True):
            settle(page, own["timezone_id"])
        return page

    yield go
    for context in contexts:
        context.close()
    assert complaints == []


def settle(page: Any, zone: str) -> None:
    """The first visit loads itself again, once the script has told the zone."""
    if page.locator("body[data-zone]").count():
        page.locator(f'body[data-zone="{zone}"]').wait_for(state="attached")


@pytest.fixture(scope="session")
def axe(request: pytest.FixtureRequest) -> str:
    """axe-core's source, from npm, kept in pytest's cache."""
    folder: Path = request.config.cache.mkdir("axe-core")  # type: ignore[union-attr]
    file = folder / "node_modules" / "axe-core" / "axe.min.js"
    npm = shutil.which("npm")
    if not file.exists() and npm is None:
        pytest.skip("there is no npm to fetch axe-core with")
    if not file.exists():
        command = [str(npm), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent",
                   "--prefix", str(folder), "axe-core@4"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=110)
        if not file.exists():
            pytest.skip(f"npm cannot fetch axe-core: {done.stderr.strip()[-300:]}")
    return file.read_text()


@pytest.fixture(scope="session")
def pictures() -> Path | None:
    """Where pictures of the pages go: ``DASHBOARD_PICTURES``; None: none are kept."""
    wanted = os.environ.get("DASHBOARD_PICTURES")
    if not wanted:
        return None
    folder = Path(wanted)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
