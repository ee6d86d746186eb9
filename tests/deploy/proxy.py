"""A small reverse proxy: ``python proxy.py PORT APPLICATION_PORT``. Like nginx it passes headers on
(forged ones, too), appends who asked to X-Forwarded-For, and drops names with an underscore."""

from __future__ import annotations

import sys
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Of one connection, and no business of the next.
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "content-length"})


class Proxy(BaseHTTPRequestHandler):
    application = 0

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = HTTPConnection("127.0.0.1", self.application, timeout=20)
        connection.putrequest(self.command, self.path, skip_host=True)
        for name, value in self.headers.items():
            if name.lower() not in (*_HOP, "x-forwarded-for") and "_" not in name:
                connection.putheader(name, value)
        told = self.headers.get_all("X-Forwarded-For", [])
        connection.putheader("X-Forwarded-For", ", ".join([*told, self.client_address[0]]))
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Proxy.application = int(sys.argv[2])
    ThreadingHTTPServer(("", int(sys.argv[1])), Proxy).serve_forever()
