"""A destination in a process of its own: ``python tests/deploy/destination.py PORT``.

``POST /events`` takes a JSON array of events and ``GET /events`` gives all of them back.
``POST /hang`` is read and never answered, ``/401`` refuses us, ``/500`` fails, ``/drip`` answers
a byte at a time. ``GET /arrivals`` counts the requests of each path. Port 0 takes a free one; the
first line of the output is the port.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: Seconds between two bytes of ``/drip``, and how many bytes it promises.
DRIP_PAUSE, DRIP_LENGTH = 0.2, 100_000

EVENTS: list[Any] = []
ARRIVALS: Counter[str] = Counter()
LOCK = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """One connection. Answers leave in one packet: two would wait for a delayed ACK."""

    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """What has arrived so far."""
        with LOCK:
            known = {"/events": list(EVENTS), "/arrivals": dict(ARRIVALS)}
        self._answer(200, known[self.path])

    def do_POST(self) -> None:
        """Take a body, then behave as the path says."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with LOCK:
            ARRIVALS[self.path] += 1
        ways = {
            "/events": self._record,
            "/hang": self._hang,
            "/401": self._forbid,
            "/500": self._fail,
            "/drip": self._drip,
        }
        ways[self.path](body)

    def _record(self, body: bytes) -> None:
        events = json.loads(body)
        with LOCK:
            EVENTS.extend(events)
        self._answer(200, {})

    def _hang(self, body: bytes) -> None:
        threading.Event().wait()

    def _fail(self, body: bytes) -> None:
        self._answer(500, {"error": "always"})

    def _forbid(self, body: bytes) -> None:
        self._answer(401, {"error": "who are you?"})

    def _drip(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(DRIP_LENGTH))
        self.end_headers()
        for _ in range(DRIP_LENGTH):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(DRIP_PAUSE)

    def _answer(self, status: int, data: Any) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Many connections at once; one that breaks off is no news."""

    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


if __name__ == "__main__":
    server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
