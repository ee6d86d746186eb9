"""Under real servers: what was accepted arrives, once, however the process ends.

The collector waits 60 seconds for more events, so what arrives is what the end delivered.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from .actors import Destination, Process
from .servers import BIN, FLASK_RUN, GUNICORNS, UWSGI, WAITRESS, Server, visit

pytestmark = pytest.mark.deploy

#: Events that the module emits while a preloading master imports it.
EARLY = 5

#: Seconds that the end of a server may take.
SOON = 3.0

TROUBLE = re.compile(r"Traceback|Warning|Error|ERROR|CRITICAL|Fatal|Exception")

without_uwsgi = pytest.mark.skipif(
    not (BIN / "uwsgi").exists(), reason="uWSGI is not installed: pip install uwsgi"
)


@pytest.mark.parametrize(
    "server",
    [*GUNICORNS, FLASK_RUN, WAITRESS, pytest.param(UWSGI, marks=without_uwsgi)],
    ids=lambda server: server.name,
)
def test_everything_arrives_once_when_the_server_stops(
    server: Server, destination: Destination, tmp_path: Path
) -> None:
    """Each of 40 requests is one event at the destination, as is each of the master's own."""
    early = EARLY if server.preloads else 0

    process, port = server.start(
        tmp_path / "server.log", DESTINATION=destination.url, EARLY=str(early)
    )
    with process:
        paths = visit(process, port)
        seconds = process.stop(server.signal)

        assert told(destination) == {path: 1 for path in paths} | early_names(early)
        assert destination.duplicates() == 0
        assert seconds < SOON
        assert trouble(process) == []


@pytest.mark.parametrize(
    "server",
    [server for server in GUNICORNS if "sync" not in server.name],
    ids=lambda server: server.name,
)
def test_a_hanging_destination_holds_up_neither_requests_nor_the_end(
    server: Server, destination: Destination, tmp_path: Path
) -> None:
    """The other collector's events all arrive, and the server stops within the deadline."""
    timeout = 1.0

    process, port = server.start(
        tmp_path / "server.log",
        DESTINATION=destination.url,
        HANG="1",
        SHUTDOWN_TIMEOUT=str(timeout),
    )
    with process:
        paths = visit(process, port)
        seconds = process.stop(server.signal)

        assert told(destination) == {path: 1 for path in paths}
        assert seconds < timeout + SOON


def told(destination: Destination) -> Counter[str]:
    """How often each page was told, by its path, and each early event, by its number."""
    return Counter(
        event.get("path") or f"early {event['properties']['number']}"
        for event in destination.events()
    )


def early_names(count: int) -> dict[str, int]:
    return {f"early {number}": 1 for number in range(count)}


def trouble(process: Process) -> list[str]:
    """The lines of a server's output that nobody wants to see."""
    return [line for line in process.output().splitlines() if TROUBLE.search(line)]
