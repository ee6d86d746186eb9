"""A destination that fails on purpose: ``python tests/faults/server.py PORT [CERTIFICATE]``.

``POST /TOKEN/MODE/ARGUMENT`` takes a body and fails as ``modes.py`` says; the token keeps the
tests apart that share one server. ``POST /TOKEN/script`` takes a list of answers, given one after
the other by ``POST /TOKEN/scripted``, then 200.

``GET /TOKEN/requests`` gives back every request: path, headers, body, seconds of a monotonic
clock at its arrival and its end, and the status of the answer. ``GET /TOKEN/events`` gives back
the events that were kept, in order. Port 0 takes a free one; the first line of the output is the
port. With a certificate (a PEM file with its key) the server speaks TLS only.
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from collections import defaultdict, deque
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import modes


@dataclass
class Request:
    """What came, and what was answered. ``status`` 0: no answer, or none that was whole.

    A header that came twice has both values, with a comma between.
    """

    path: str
    headers: dict[str, str]
    body: str
    at: float
    ended: float = 0.0
    status: int = 0


@dataclass
class Story:
    """What one test has seen of the server."""

    requests: list[Request] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)
    script: deque[dict[str, Any]] = field(default_factory=deque)
    #: Free for a mode that has to remember something.
    memory: dict[str, Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


STORIES: defaultdict[str, Story] = defaultdict(Story)


class Handler(BaseHTTPRequestHandler):
    """One connection. Answers leave in one packet: two would wait for a delayed ACK."""

    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024
    story: Story
    request_: Request

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """What has happened so far. Also what a client does that follows a redirect."""
        token, _, mode = self.path.strip("/").partition("/")
        story = STORIES[token]
        with story.lock:
            if mode == "requests":
                known: list[Any] = [asdict(request) for request in story.requests]
            elif mode == "events":
                known = list(story.events)
            else:
                story.requests.append(self._note(""))
                known = []
        self.answer(200, known)

    def do_POST(self) -> None:
        """Take a body, then behave as the path says."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        token, _, rest = urlsplit(self.path).path.strip("/").partition("/")
        mode, _, argument = rest.partition("/")
        self.story = STORIES[token]
        if mode == "script":
            self.story.script.extend(json.loads(body))
            self.answer(200)
            return
        self.request_ = self._note(body)
        with self.story.lock:
            self.story.requests.append(self.request_)
        try:
            modes.MODES[mode](self, argument)
        finally:
            self.request_.ended = time.monotonic()

    def _note(self, body: str) -> Request:
        headers = {name: ", ".join(self.headers.get_all(name, [])) for name in self.headers}
        return Request(self.path, headers, body, time.monotonic())

    # -- what the modes are made of

    def batch(self) -> list[Any]:
        """The events of the request."""
        events: list[Any] = json.loads(self.request_.body)
        return events

    def keep(self, *events: Any) -> None:
        """The destination has these now, whatever it answers."""
        with self.story.lock:
            self.story.events.extend(events)

    def answer(self, status: int, data: Any = None, **headers: str) -> None:
        """A whole answer. Underscores in the names of headers are hyphens."""
        if hasattr(self, "request_"):
            self.request_.status = status
        body = json.dumps(data).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def begin(self, length: int) -> None:
        """The head of a good answer with a body of that length."""
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    """Many connections at once; one that breaks off is no news."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, port: int, certificate: str | None = None) -> None:
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self._tls and certificate:
            self._tls.load_cert_chain(certificate)
        super().__init__(("127.0.0.1", port), Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's own thread: a handshake must not hold up others."""
        if self._tls:
            request = self._tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


if __name__ == "__main__":
    server = Server(int(sys.argv[1]), *sys.argv[2:])
    print(server.server_port, flush=True)
    server.serve_forever()
