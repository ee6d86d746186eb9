"""Strangers attack the endpoints of a real server, with bytes that no test client sends."""

from __future__ import annotations

import gzip
import json
import re
import select
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from .actors import PATIENCE, Destination, Process, get, wait_until
from .servers import Server, gunicorn

pytestmark = pytest.mark.deploy

KEY = "a-long-random-key"

#: gunicorn with one worker, whose memory can be looked at.
SERVER: Server = gunicorn("attacked", "--worker-class=gthread", "--threads=4", "--workers=1")

#: Bytes that an attack may cost a worker: far from what a bomb or an endless body has, and more
#: than threads and whatever is loaded late.
ROOM = 24 * 1024 * 1024

GOOD = json.dumps({"events": [{"event_name": "good"}]}).encode()

#: 50 MB that take 50 KB on the way.
BOMB = gzip.compress(b" " * 50_000_000)


class Answer(NamedTuple):
    """What came back, and how many bytes of the body the server let us send."""

    status: int
    headers: str
    body: bytes
    sent: int


class Target:
    """A server under attack."""

    def __init__(self, port: int, process: Process) -> None:
        self.port, self._process = port, process
        self.pid = int(wait_until(self._first_answer, "gunicorn did not start"))

    def _first_answer(self) -> bytes:
        assert self._process.is_running(), self._process.output()
        try:
            return get(self.port, "/ready")
        except OSError:
            return b""

    def memory(self) -> int:
        """The most bytes that the worker ever had."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024

    def send(self, path: str, pieces: Iterator[bytes] | list[bytes], *headers: str) -> Answer:
        """Post a body piece by piece, until there is an answer or no more to send."""
        told = {"Host": f"127.0.0.1:{self.port}", "Content-Type": "application/json"}
        lines = [f"{name}: {value}" for name, value in told.items()
                 if not any(header.startswith(f"{name}:") for header in headers)]  # fmt: skip
        head = "\r\n".join([f"POST {path} HTTP/1.1", *lines, *headers, "Connection: close"])
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as connection:
            connection.sendall(head.encode() + b"\r\n\r\n")
            sent = 0
            for piece in pieces:
                if select.select([connection], [], [], 0)[0]:
                    break
                try:
                    connection.sendall(piece)
                except OSError:  # the server has closed its half
                    break
                sent += len(piece)
            return _read(connection, sent)


def _read(connection: socket.socket, sent: int) -> Answer:
    content = b""
    try:
        while more := connection.recv(65_536):
            content += more
    except ConnectionResetError:  # it closed with bytes of ours unread
        pass
    head, _, body = content.partition(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1]) if head else 0
    return Answer(status, head.decode("latin-1"), body, sent)


def chunks(content: bytes, times: int = 1) -> Iterator[bytes]:
    """A body without a length."""
    for _ in range(times):
        yield b"%x\r\n%s\r\n" % (len(content), content)
    yield b"0\r\n\r\n"


def length(content: bytes) -> str:
    return f"Content-Length: {len(content)}"


CHUNKED = "Transfer-Encoding: chunked"


@pytest.fixture(scope="module")
def destination(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Destination]:
    with Destination(tmp_path_factory.mktemp("destination")) as started:
        yield started


@pytest.fixture(scope="module")
def target(destination: Destination, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The server of all attacks. What arrives is looked at when it has ended."""
    log = tmp_path_factory.mktemp("server") / "server.log"
    environ = {"WRITE_KEY": KEY, "TRUSTED_HOSTS": "127.0.0.1", "INGEST_RATE": ""}
    process, port = SERVER.start(log, DESTINATION=destination.url, **environ)
    with process:
        target = Target(port, process)
        for path in ("/_a/e", "/analytics/api/events", "/analytics/v1/batch"):
            # What a first event loads is loaded now.
            target.send(path, [GOOD], length(GOOD), f"Authorization: Bearer {KEY}")
        yield target


@pytest.fixture(autouse=True)
def nothing_breaks(target: Target) -> Iterator[None]:
    """After each attack the same worker still answers, and has not grown."""
    before = target.memory()
    yield
    assert int(get(target.port, "/ready")) == target.pid
    assert target.memory() - before < ROOM


def test_a_body_without_a_length_is_taken(target: Target) -> None:
    """Some proxies send chunks."""
    assert target.send("/_a/e", chunks(GOOD), CHUNKED).status == 204
    bearer = f"Authorization: Bearer {KEY}"
    assert target.send("/analytics/api/events", chunks(GOOD), CHUNKED, bearer).status == 202


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/_a/e", []),
        ("/analytics/api/events", [f"Authorization: Bearer {KEY}"]),
        ("/analytics/v1/batch", [f"Authorization: Bearer {KEY}"]),
    ],
)
def test_a_body_without_an_end_is_cut(target: Target, path: str, headers: list[str]) -> None:
    """100 MB in chunks: the answer comes after the limit, not at the end."""
    answer = target.send(path, chunks(b" " * 65_536, 1600), CHUNKED, *headers)

    assert answer.status in (413, 0)  # 0: the answer was overtaken by the reset of the connection
    assert answer.sent < 50_000_000


def test_a_large_body_is_refused_by_its_length(target: Target) -> None:
    """Nothing of it is read."""
    answer = target.send("/_a/e", [], "Content-Length: 10000000")

    assert answer.status == 413
    assert b"The body is larger than 65536 bytes" in answer.body


def test_a_bomb_stays_packed(target: Target) -> None:
    """From a page nothing compressed is taken, whatever its length is said to be."""
    packed = "Content-Encoding: gzip"

    assert target.send("/_a/e", [BOMB], length(BOMB), packed).status == 415
    assert target.send("/_a/e", chunks(BOMB), CHUNKED, packed).status in (415, 0)


@pytest.mark.parametrize("path", ["/analytics/api/events", "/analytics/v1/batch"])
def test_a_bomb_is_unpacked_to_the_limit(target: Target, path: str) -> None:
    """Of a machine with a key gzip is taken, and no more than 500 KiB ever unpacked."""
    headers = f"Authorization: Bearer {KEY}", "Content-Encoding: gzip"
    good = gzip.compress(GOOD.replace(b"event_name", b"name"))

    assert target.send(path, [BOMB], length(BOMB), *headers).status == 413
    assert target.send(path, chunks(BOMB), CHUNKED, *headers).status in (413, 0)
    assert target.send("/analytics/api/events", [good], length(good), *headers).status == 202


def test_nobody_unpacks_for_a_stranger(target: Target) -> None:
    """Without a key a body is not even read."""
    answer = target.send("/analytics/api/events", [BOMB], length(BOMB), "Content-Encoding: gzip")

    assert answer.status == 401


@pytest.mark.parametrize(
    "headers",
    [
        ["Sec-Fetch-Site: cross-site"],
        ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"],
        ["Sec-Fetch-Site: SAME-ORIGIN"],
        ["Origin: null"],
        ["Origin: http://127.0.0.1:PORT@evil.example"],
        ["Origin: http://127.0.0.1:PORT.evil.example"],
        ["Origin: http://127.0.0.1:PORT", "Origin: http://evil.example"],
        ["Origin: http://127.0.0.1:PORT/"],
        ["Origin: "],
        ["Host: evil.example", "Origin: http://127.0.0.1:PORT"],
    ],
)
def test_pages_of_others_are_refused(target: Target, headers: list[str]) -> None:
    """However the headers are put."""
    told = [header.replace("PORT", str(target.port)) for header in headers]

    assert target.send("/_a/e", [GOOD], length(GOOD), *told).status == 403


@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/html",
        "text/plain2",
        ", text/plain",
    ],
)
def test_what_a_form_sends_is_refused(target: Target, kind: str) -> None:
    """Only what the module sends."""
    assert target.send("/_a/e", [GOOD], length(GOOD), f"Content-Type: {kind}").status == 415


def test_a_flood_is_told_to_wait_and_harms_nobody(destination: Destination, tmp_path: Path) -> None:
    """Most of 200 requests have to wait; every page of the server is counted."""
    environ = {"DESTINATION": destination.url, "INGEST_RATE": "1/second burst 20"}
    process, port = SERVER.start(tmp_path / "server.log", **environ)
    with process:
        target = Target(port, process)
        flood = GOOD.replace(b"good", b"flood")
        answers = [target.send("/_a/e", [flood], length(flood)) for _ in range(200)]
        for number in range(20):
            get(port, f"/page/{number}")
        process.stop(SERVER.signal)

        told = Counter(event.get("event_name") or event["type"] for event in destination.events())
        statuses = Counter(answer.status for answer in answers)
        assert set(statuses) == {204, 429}
        assert statuses[429] > 20
        assert (told["flood"], told["pageview"]) == (statuses[204], 20)
        waits = [re.findall(r"Retry-After: (\d+)", answer.headers) for answer in answers]
        assert {int(wait) for found in waits for wait in found} <= set(range(1, 21))
        assert sum(map(len, waits)) == statuses[429]


def test_an_unknown_host_is_not_told(destination: Destination, tmp_path: Path) -> None:
    """Whoever points a name of theirs at us gets no row of its own in any report."""
    environ = {"DESTINATION": destination.url, "TRUSTED_HOSTS": "shop.example"}
    process, port = SERVER.start(tmp_path / "server.log", **environ)
    with process:
        target = Target(port, process)
        body = GOOD.replace(b'"good"', b'"hosted", "url": "http://evil.example/a"')
        for host in ("evil.example", "shop.example"):
            assert target.send("/_a/e", [body], length(body), f"Host: {host}").status == 204
        process.stop(SERVER.signal)

        found = [
            (event.get("hostname"), event.get("url"))
            for event in destination.events()
            if event.get("event_name") == "hosted"
        ]
        assert found == [(None, None), ("shop.example", None)]
