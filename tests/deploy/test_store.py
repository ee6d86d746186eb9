"""The embedded store under real servers: every worker writes it, every worker answers."""

from __future__ import annotations

import json
import os
import signal
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from .actors import PATIENCE, Destination, get, wait_until
from .servers import FLASK_RUN, PATCHED_MASTER, PLAIN, PRELOADING, REQUESTS, WAITRESS, Server, visit
from .test_health import TOKEN, ready
from .test_uwsgi import UWSGI, needs_uwsgi

pytestmark = pytest.mark.deploy

SERVERS = [
    *PLAIN,
    *PRELOADING,
    PATCHED_MASTER,
    FLASK_RUN,
    WAITRESS,
    pytest.param(UWSGI, marks=needs_uwsgi),
]


def ask(port: int, question: str) -> Any:
    """The answer of the read API. The requests of a test have no user agent: bots are asked for."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        connection.request("GET", f"/analytics/api/{question}&bots=1", headers=headers)
        response = connection.getresponse()
        body = response.read().decode()
        assert response.status == 200, body
        return json.loads(body)["results"]
    finally:
        connection.close()


def stored(port: int) -> int:
    """Page views that the store knows of."""
    return sum(point["count"] for point in ask(port, "volume?event=pageview"))


def environ(destination: Destination, folder: Path) -> dict[str, str]:
    return {
        "DESTINATION": destination.url,
        "FOLDER": str(folder / "data"),
        "TOKEN": TOKEN,
        "STORE": "embedded:",
    }


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_every_worker_knows_what_all_have_served(
    server: Server, destination: Destination, tmp_path: Path
) -> None:
    """Each of 40 page views once, whichever worker served it and whichever is asked."""
    process, port = server.start(tmp_path / "server.log", **environ(destination, tmp_path))
    with process:
        paths = visit(server, process, port)
        wait_until(lambda: stored(port) == REQUESTS, "not all events are stored")

        for _ in range(4):
            pages = ask(port, "breakdown?dimension=page&limit=100")
            assert {page["key"]: page["count"] for page in pages} == dict.fromkeys(paths, 1)
        assert "Traceback" not in process.output()


def test_workers_that_are_killed_lose_and_repeat_nothing(
    destination: Destination, tmp_path: Path
) -> None:
    """Every request that was answered is stored once, although workers die of SIGKILL."""
    server = PLAIN[0]
    process, port = server.start(tmp_path / "server.log", **environ(destination, tmp_path))
    with process:
        visit(server, process, port)
        expected = REQUESTS
        for _ in range(4):
            pids = {int(get(port, "/ready")) for _ in range(6)}
            for number in range(10):
                get(port, f"/page/{number}")
            expected += 10
            victim = min(pids)
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: ready(port) - {victim}, "no worker answers")  # noqa: B023

        # What the dead ones had in their journals is adopted half a minute after they died.
        wait_until(lambda: stored(port) >= expected, "not all events are stored", 90)
        assert stored(port) == expected


def test_numbers_outlive_the_server(destination: Destination, tmp_path: Path) -> None:
    """The same after a stop and a start."""
    server = PLAIN[0]
    for name in ("first", "second"):
        process, port = server.start(tmp_path / f"{name}.log", **environ(destination, tmp_path))
        with process:
            if name == "first":
                visit(server, process, port)
            else:
                wait_until(lambda: ready(port), "it did not start again")  # noqa: B023
                assert stored(port) == REQUESTS
            process.stop(server.signal)
