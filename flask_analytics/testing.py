"""For the tests of your application: see its events, and what a destination gets of them.

Set ``TESTING`` before the first event; then there is no thread, no network and no file.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from flask import Flask

from .collectors.base import Collector, check
from .event import Event
from .signals import event_accepted


@contextmanager
def capture_events(app: Flask) -> Iterator[list[Event]]:
    """Collect what the application accepts while the block runs.

    >>> from flask import Flask
    >>> from flask_analytics import Analytics
    >>> app = Flask("shop")
    >>> app.testing = True
    >>> analytics = Analytics(app)
    >>> with capture_events(app) as events:
    ...     response = app.test_client().get("/")
    >>> [(event.type.value, event.path) for event in events]
    [('pageview', '/')]

    :raises RuntimeError: the application has no Analytics.
    """
    if "analytics" not in app.extensions:
        raise RuntimeError(
            "capture_events: this application has no Analytics. Call Analytics(app), or "
            "analytics.init_app(app) in its factory"
        )
    events: list[Event] = []

    def receive(sender: Flask, event: Event) -> None:
        events.append(event)

    with event_accepted.connected_to(receive, sender=app):
        yield events


def deliver(collector: Collector, *events: Event, timeout: float = 20.0) -> dict[str, Any]:
    """Take events through a real lane into one collector: batches, retry, breaker, verdicts.

    >>> from flask_analytics.collectors import WebhookCollector
    >>> with FakeDestination() as destination:
    ...     collector = WebhookCollector(destination.url, flush_interval=0.01)
    ...     counts = deliver(collector, Event(event_name="signup"))
    >>> counts["delivered"], destination.events[0]["event_name"]
    (1, 'signup')

    :param events: message ids and times are made up where they have none.
    :param timeout: seconds after which the lane is ended.
    :returns: the collector's part of ``analytics.stats()``.
    """
    from .delivery.dispatcher import Dispatcher

    check(collector)
    dispatcher = Dispatcher({collector.name: collector}, complete=lambda item: item)
    for number, event in enumerate(events):
        event.message_id = event.message_id or f"test-{number}"
        event.timestamp = event.timestamp or datetime.now(UTC)
        dispatcher.put(event)
    try:
        dispatcher.flush(timeout)
        counts: dict[str, Any] = dispatcher.stats()["collectors"][collector.name]
        return counts
    finally:
        dispatcher.close(1.0)


@dataclass(frozen=True, slots=True)
class Received:
    """One request that a destination got."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a destination says next. ``body`` comes in pieces, ``pause`` seconds apart."""

    status: int = 200
    headers: Mapping[str, str] | None = None
    body: bytes = b""
    pieces: int = 1
    pause: float = 0.0
    is_silent: bool = False


class FakeDestination:
    """A real HTTP server on this machine that remembers what it got.

    >>> with FakeDestination() as destination:
    ...     address = f"webhook+{destination.url}"

    ``answers`` are given in order, then 200. ``requests`` and ``events`` are what has come.

    :param certificate: what TLS is spoken with, such as ``trustme.CA().issue_cert("127.0.0.1")``:
        anything with a method ``configure_cert(ssl_context)``. None: no TLS.
    """

    def __init__(self, certificate: Any = None) -> None:
        self.requests: list[Received] = []
        self.answers: deque[Answer] = deque()
        #: How many requests were under way at the same time, at most.
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._scheme = "http"
        if certificate is not None:
            self._scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            # The handshake is the connection's own: one that fails must not end the server.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}/"

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of every JSON array that came, in order."""
        return [event for request in self.requests for event in json.loads(request.body)]

    def __enter__(self) -> FakeDestination:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _receive(self, request: Received) -> Answer:
        with self._lock:
            self.requests.append(request)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            return self.answers.popleft() if self.answers else Answer()

    def _finish(self) -> None:
        with self._lock:
            self._at_once -= 1


def _handler(destination: FakeDestination) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:  # the sender died in the middle
                self.close_connection = True
                return
            received = Received(self.path, dict(self.headers.items()), body)
            answer = destination._receive(received)
            try:
                self._answer(answer)
            except OSError:  # the client went away
                self.close_connection = True
            finally:
                destination._finish()

        def _answer(self, answer: Answer) -> None:
            if answer.is_silent:
                destination._end.wait()
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in (answer.headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) * answer.pieces))
            self.end_headers()
            for _ in range(answer.pieces):
                self.wfile.write(answer.body)
                if answer.pause and destination._end.wait(answer.pause):
                    return

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return Handler
