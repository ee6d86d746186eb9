"""Under real servers: what was accepted arrives, once, however the process ends.

The collector waits 60 seconds for more events, so what arrives is what the end delivered.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from .actors import Destination, Process
from .servers import FLASK_RUN, PATCHED_MASTER, PLAIN, PRELOADING, WAITRESS, Server, visit

pytestmark = pytest.mark.deploy

#: Events that the application emits while a preloading master imports it.
EARLY = 5

#: Seconds that the end of a server may take.
SOON = 10.0

TROUBLE = re.compile(r"Traceback|Warning|Error|ERROR|CRITICAL|Fatal|Exception")

name = {"ids": lambda server: server.name}


@pytest.mark.parametrize("server", [*PLAIN, *PRELOADING, FLASK_RUN, WAITRESS], **name)
def test_everything_arrives_once_when_the_server_stops(
    server: Server, destination: Destination, tmp_path: Path
) -> None:
    """Each of 40 requests is one event, the server stops soon and complains of nothing."""
    process, port = server.start(tmp_path / "server.log", DESTINATION=destination.url)
    with process:
        paths = visit(server, process, port)
        seconds = process.stop(server.signal)

        assert told(destination) == dict.fromkeys(paths, 1)
        assert destination.duplicates() == 0
        assert seconds < SOON
        assert trouble(process) == []


@pytest.mark.parametrize("server", [*PRELOADING, PATCHED_MASTER], **name)
def test_events_of_a_preloading_master_arrive_once(
    server: Server, destination: Destination, tmp_path: Path
) -> None:
    """They are the master's alone, although every worker is a copy of it."""
    process, port = server.start(
        tmp_path / "server.log", DESTINATION=destination.url, EARLY=str(EARLY)
    )
    with process:
        paths = visit(server, process, port)
        seconds = process.stop(server.signal)

        early = {f"early {number}" for number in range(EARLY)}
        assert told(destination) == dict.fromkeys(paths | early, 1)
        assert destination.duplicates() == 0
        assert seconds < SOON
        # gevent warns of whatever loaded ssl before the worker is patched. Emitting loads it;
        # the cure is gevent's own, a master that is patched from the start.
        assert [line for line in trouble(process) if "MonkeyPatchWarning" not in line] == []
        assert server is not PATCHED_MASTER or trouble(process) == []


@pytest.mark.parametrize(
    "server", [server for server in PLAIN if "sync" not in server.name], **name
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
        paths = visit(server, process, port)
        seconds = process.stop(server.signal)

        assert told(destination) == dict.fromkeys(paths, 1)
        assert seconds < timeout + SOON


def told(destination: Destination) -> Counter[str]:
    """How often each page was told, by its path, and each early event, by its number."""
    return Counter(
        event.get("path") or f"early {event['properties']['number']}"
        for event in destination.events()
    )


def trouble(process: Process) -> list[str]:
    """The lines of a server's output that nobody wants to see."""
    return [line for line in process.output().splitlines() if TROUBLE.search(line)]
