"""A site that a tracker is on, and that remembers what the tracker has sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from flask import Flask, render_template_string
from trackers import Tracker, scripts
from werkzeug.serving import WSGIRequestHandler, make_server

from flask_analytics import Analytics

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>first</title>{{ tags }}
</head><body><a id="next" href="/next" {{ link }}>next</a></body></html>"""

SNIPPET = '{% include "flask_analytics/snippet.html" %}'


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@dataclass
class Site:
    """A WSGI application: the pages, and an endpoint that takes whatever is posted."""

    tracker: Tracker
    url: str = ""
    #: How often a page has the tag.
    tags: int = 1
    #: Seconds that the endpoint takes.
    delay: float = 0.0
    #: Bodies with a page view that are refused with a 503 from now on.
    refuse: int = 0
    #: The titles of the page views that were taken.
    views: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.over = threading.Event()
        self._scripts = dict(scripts())
        self._flask = self._build()

    def _build(self) -> Flask:
        app = Flask("visited")
        app.config.update(
            ANALYTICS_COLLECTORS=["memory:"], ANALYTICS_STORE=None, ANALYTICS_DURABILITY="memory"
        )

        @app.get("/")
        @app.get("/next")
        def show() -> str:
            tag = self.tracker.tag or SNIPPET
            page = PAGE.replace("{{ tags }}", tag * self.tags)
            return render_template_string(page.replace("{{ link }}", self.tracker.link))

        @app.get("/peers/<name>")
        def script(name: str) -> Any:
            return self._scripts[name], {"Content-Type": "text/javascript"}

        self.analytics = Analytics(app)
        return app

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return self._flask(environ, start_response)
        return self._take(environ, start_response)

    def _take(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        views = self.tracker.views(environ["PATH_INFO"], body)
        if views and self.refuse:
            self.refuse -= 1
            start_response("503 Service Unavailable", [])
            return []
        self.over.wait(self.delay)
        self.views += views
        if self.tracker.key == "ours":
            return self._flask({**environ, "wsgi.input": BytesIO(body)}, start_response)
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"status": 1}).encode()]


@contextmanager
def served(tracker: Tracker) -> Iterator[Site]:
    """The site on a free port of the loopback interface."""
    site = Site(tracker)
    server = make_server("127.0.0.1", 0, site, threaded=True, request_handler=Quiet)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
        site.analytics.close(1.0)
