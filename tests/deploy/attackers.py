"""Those who mean harm, for ``mixed.py``: each a function that tries once, and says how it ended."""

from __future__ import annotations

import gzip
import json
import random
import socket
import string
import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

#: Of honest programs, and of those that read. An attacker has the first.
KEY, TOKEN = "a-write-key", "a-read-token"

#: Where all of them sit; honest people have other addresses.
ADDRESS = "127.0.0.66"

#: Every place that takes something, and some that do not.
PATHS = [
    "/_a/e", "/analytics/v1/track", "/analytics/v1/batch", "/analytics/v1/import", "/analytics/",
    "/analytics/api/events", "/analytics/api/identify", "/analytics/api/volume",
    "/analytics/health", "/analytics/live/stream", "/page/x", "/_a/a.js", "/nowhere",
]  # fmt: skip

#: 20 MB of zeros in 20 KB, and brackets that never close.
BOMB = gzip.compress(b'{"batch":[' + b"0" * 20_000_000)
DEEP = b"[" * 60_000

#: Seconds that a slow one keeps a connection.
SLOW = 4.0


@dataclass
class Attacker:
    """Where to, and dice that are the same each time."""

    port: int
    dice: random.Random

    def word(self, length: int = 12) -> str:
        return "".join(self.dice.choices(string.printable + "é🎉\u202e\0", k=length))

    def send(self, path: str, body: Any = None, method: str = "POST", **headers: str) -> str:
        """One request; the answer's status."""
        told = {"Content-Type": "application/json"}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = HTTPConnection("127.0.0.1", self.port, timeout=15, source_address=(ADDRESS, 0))
        try:
            connection.request(method, path, body, told)
            answer = connection.getresponse()
            answer.read(100_000)
            return str(answer.status)
        finally:
            connection.close()

    def open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 15, source_address=(ADDRESS, 0))

    def drip(self, head: bytes, piece: bytes) -> str:
        """Say a little of a request now and then, and never the end of it."""
        with self.open() as sock:
            sock.sendall(head)
            end = time.monotonic() + SLOW
            while time.monotonic() < end:
                time.sleep(0.5)
                sock.sendall(piece)
        return "left"

    # -- what they try

    def slowloris(self) -> str:
        return self.drip(b"GET /page/slow HTTP/1.1\r\nHost: a\r\n", b"X-A: b\r\n")

    def slow_body(self) -> str:
        head = b"POST /_a/e HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
        return self.drip(head + b"Content-Length: 60000\r\n\r\n{", b" ")

    def bomb(self) -> str:
        return self.send(self.dice.choice(PATHS[1:4]), BOMB, Content_Encoding="gzip",
                         Authorization=f"Bearer {KEY}")  # fmt: skip

    def depth(self) -> str:
        return self.send(self.dice.choice(PATHS[:6]), DEEP, Authorization=f"Bearer {KEY}")

    def huge(self) -> str:
        """A body of a gigabyte, which nobody should read to its end."""
        with self.open() as sock:
            path = self.dice.choice(PATHS[:6]).encode()
            sock.sendall(b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                         b"Content-Length: 1000000000\r\n\r\n" % path)  # fmt: skip
            for _ in range(64):
                sock.sendall(b"x" * 65536)
            return sock.recv(12).decode("latin-1")[9:] or "closed"

    def endless(self) -> str:
        """Chunks without a last one."""
        with self.open() as sock:
            sock.sendall(b"POST /_a/e HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
                         b"Transfer-Encoding: chunked\r\n\r\n")  # fmt: skip
            for _ in range(64):
                sock.sendall(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            return sock.recv(12).decode("latin-1")[9:] or "closed"

    def garbage(self) -> str:
        with self.open() as sock:
            sock.sendall(self.dice.randbytes(self.dice.randint(1, 3000)) + b"\r\n\r\n")
            sock.settimeout(2)
            return sock.recv(12).decode("latin-1")[9:] or "closed"

    def nonsense(self) -> str:
        """JSON at random."""
        body = json.dumps(self.value(4)).encode("utf-8", "surrogatepass")
        return self.send(self.dice.choice(PATHS), body, Authorization=f"Bearer {KEY}")

    def value(self, depth: int) -> Any:
        fields = ["events", "event_name", "batch", "properties", "timestamp", "type", self.word(5)]
        kind = self.dice.randrange(7 if depth else 5)
        if kind == 5:
            return [self.value(depth - 1) for _ in range(self.dice.randrange(5))]
        if kind == 6:
            return {name: self.value(depth - 1) for name in self.dice.sample(fields, 4)}
        return [None, float("nan"), 10**40, self.word(), -1][kind]

    def wrong_key(self) -> str:
        return self.send(
            self.dice.choice(PATHS[1:9]), b"{}", Authorization=f"Bearer {self.dice.random()}"
        )

    def visit(self) -> str:
        """Pages that are not there, by browsers that are none."""
        tame = "".join(filter(str.isalnum, self.word(30).encode("ascii", "ignore").decode()))
        return self.send(f"/{tame}?utm_source={tame}", None, "GET", User_Agent=f"<script>{tame}",
                         Referer=f"javascript:{tame}")  # fmt: skip

    def flood(self) -> str:
        """Events with a new name, a new property and a new page each, as fast as they are taken."""
        events = [{"event_name": self.word(), "properties": {self.word(): self.word(200)},
                   "url": f"http://a/{n}{self.dice.random()}"} for n in range(5)]  # fmt: skip
        return self.send("/_a/e", json.dumps({"events": events}))

    def questions(self) -> str:
        """Expensive questions by somebody who may not ask any."""
        query = f"step=a&step=b&from=1970-01-01&x={self.dice.random()}"
        return self.send(f"/analytics/api/funnel?{query}", None, "GET")

    def once(self, name: str) -> str:
        """Try, and say how it ended: a status, or an error of the connection."""
        try:
            found: str = getattr(self, name)()
        except (OSError, HTTPException) as error:
            return type(error).__name__
        return found


#: Name -> how many at a time, and seconds between two tries of one.
ATTACKS: dict[str, tuple[int, float]] = {
    "slowloris": (3, 0.0), "slow_body": (3, 0.0), "bomb": (1, 0.5), "depth": (1, 0.3),
    "huge": (1, 0.3), "endless": (1, 0.3), "garbage": (1, 0.1), "nonsense": (1, 0.05),
    "wrong_key": (1, 0.05), "visit": (1, 0.1), "flood": (1, 0.05), "questions": (1, 0.2),
}  # fmt: skip
