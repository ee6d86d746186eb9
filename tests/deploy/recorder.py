"""A destination that keeps no events but their numbers: ``python tests/deploy/recorder.py PORT``.

``POST /<name>`` takes a JSON array of events whose property ``id`` is a text without spaces;
every fiftieth request is refused with 503 before anything of it is taken. ``GET /<name>`` gives
the ids in the order of arrival, one a line. Port 0 takes a free one; the first line of the output
is the port.
"""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler

import msgspec

if __package__:
    from .destination import Server
else:
    from destination import Server  # type: ignore[no-redef, import-not-found]

#: One request of so many is refused.
REFUSED = 50


class Properties(msgspec.Struct):
    id: str


class Event(msgspec.Struct):
    """The only part of an event that is looked at; the rest must be JSON all the same."""

    properties: Properties


IDS: defaultdict[str, list[str]] = defaultdict(list)
LOCK = threading.Lock()
decode = msgspec.json.Decoder(list[Event]).decode


class Handler(BaseHTTPRequestHandler):
    """One connection. Answers leave in one packet: two would wait for a delayed ACK."""

    protocol_version = "HTTP/1.1"
    wbufsize = 64 * 1024
    requests = 0

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """What has arrived so far."""
        with LOCK:
            text = "\n".join(IDS[self.path])
        self._answer(200, text.encode())

    def do_POST(self) -> None:
        """Take a batch. A client that was killed half-way has sent nothing."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if len(body) < int(self.headers["Content-Length"]):
            self.close_connection = True
            return
        ids = [event.properties.id for event in decode(body)]
        with LOCK:
            Handler.requests += 1
            is_refused = Handler.requests % REFUSED == 0
            if not is_refused:
                IDS[self.path] += ids
        self._answer(503 if is_refused else 200, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()
