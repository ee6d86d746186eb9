"""A stand-in for a ClickHouse server: its HTTP interface, as far as the driver speaks it, in front
of the real engine inside this process.

It is no server: no users but one, no roles, no compression, one statement at a time. What it shows
is that our store works by the driver's HTTP way: statements and values in forms, inserts as bodies,
settings in the address, answers in ClickHouse's native format, errors with their codes.
"""

from __future__ import annotations

import base64
import os
import re
import tempfile
import threading
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb

USER, PASSWORD = "analytics", "hunter2"

#: Parameters of the address that are no settings of the engine.
_OWN = re.compile(
    "query|database|default_format|param_.*|session_.*|client_protocol_version|compress|decompress|"
    "enable_http_compression|wait_end_of_query|send_progress.*|http_.*|user|password|role|query_id"
)

_INSERT = re.compile(r"(?s)INSERT INTO .* FORMAT \w+\s*\Z")


class StandIn(ThreadingHTTPServer):
    """Listens on a port of its own."""

    daemon_threads = True

    def __init__(self, folder: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._engine = chdb.connect(folder)
        self._lock = threading.Lock()
        self.statements: list[tuple[str, dict[str, str]]] = []

    def run(self, sql: str, parameters: dict[str, str], data: bytes) -> bytes:
        """One statement, in its database, with its settings."""
        settings = {k: v for k, v in parameters.items() if not _OWN.fullmatch(k)}
        values = {k[6:]: v for k, v in parameters.items() if k.startswith("param_")}
        with self._lock:
            self.statements.append((sql, settings))
            self._engine.query(f"USE {parameters.get('database') or 'default'}")
            for name, value in settings.items():
                self._engine.query(f"SET {name} = '{value}'")
            return self._insert(sql, data) if data else self._ask(sql, values)

    def _ask(self, sql: str, values: dict[str, str]) -> bytes:
        found: bytes = self._engine.query(sql, "TabSeparated", params=values).bytes() or b""
        return found

    def _insert(self, sql: str, data: bytes) -> bytes:
        head, _, form = sql.strip().rpartition(" FORMAT ")
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(data)
        try:
            self._engine.query(f"{head} FROM INFILE '{file.name}' FORMAT {form}")
        finally:
            os.unlink(file.name)
        return b""

    def close(self) -> None:
        """Stop listening."""
        self.shutdown()
        self.server_close()
        self._engine.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandIn

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        body = self._body()
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            self._say(403, b"Code: 516. DB::Exception: Authentication failed", "516")
            return
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        sql, data = self._taken_apart(parameters, body)
        try:
            self._say(200, self.server.run(sql, parameters, data))
        except Exception as error:
            code = re.search(r"Code: (\d+)", str(error))
            self._say(500, str(error).encode(), code[1] if code else "1000")

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _taken_apart(self, parameters: dict[str, str], body: bytes) -> tuple[str, bytes]:
        kind = self.headers.get("Content-Type") or ""
        if kind.startswith("multipart/form-data"):
            parameters.update(_form(kind, body))
            body = b""
        if "query" not in parameters:
            head, _, rest = body.partition(b"\n")
            if _INSERT.match(head.decode(errors="replace")):
                return head.decode(), rest
            return body.decode(), b""
        sql = parameters["query"]
        return (sql, body) if _INSERT.match(sql) else (sql + body.decode(), b"")

    def _say(self, status: int, body: bytes, code: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-ClickHouse-Summary", '{"written_rows":"0"}')
        if code:
            self.send_header("X-ClickHouse-Exception-Code", code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Nothing on the terminal."""


def _form(kind: str, body: bytes) -> dict[str, str]:
    message: Any = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body
    )
    found = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        found[name] = part.get_payload(decode=True).decode()
    return found
