"""A destination for benchmarks, as a process of its own: takes everything, keeps nothing.

``python benchmarks/sink.py`` prints its port. ``POST /hang...`` never answers. ``GET /count`` tells
how many events have come: how often ``MARK``, the name of a property of theirs, was in a body.
"""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: A property that no library has of itself.
MARK = "benchmarked"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one segment, or the client waits 40 ms for the second
    disable_nagle_algorithm = True
    count = 0
    lock = threading.Lock()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/hang"):
            threading.Event().wait()
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        with self.lock:
            Handler.count += body.count(MARK.encode())
        self._answer(b'{"status": 1}')  # what mixpanel's library insists on

    def do_GET(self) -> None:
        self._answer(str(Handler.count).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def running(core: int | None = None) -> Iterator[str]:
    """Start it, on a core of its own if one is named; gives its address. Journals of the time go
    into a folder that is deleted in the end."""
    process = subprocess.Popen(
        [sys.executable, __file__, *([] if core is None else [str(core)])],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["BENCHMARK_FOLDER"] = folder
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()
            process.wait()


def counted(sink: str) -> int:
    """How many events the sink has had so far."""
    connection = HTTPConnection(sink.removeprefix("http://"))
    connection.request("GET", "/count")
    count = int(connection.getresponse().read())
    connection.close()
    return count


if __name__ == "__main__":
    if len(sys.argv) > 1:
        os.sched_setaffinity(0, {int(sys.argv[1])})
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()
