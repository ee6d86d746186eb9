"""Under uWSGI, which forks its workers without Python's hooks: the pid has to be compared."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from .actors import Destination, free_port, get, wait_until
from .servers import BIN, Server, visit

#: Beside this Python, or wherever the PATH has one that was built for the same version.
PROGRAM = shutil.which("uwsgi", path=os.pathsep.join([str(BIN), os.environ.get("PATH", "")]))

needs_uwsgi = pytest.mark.skipif(
    PROGRAM is None, reason="uWSGI is not installed: pip install uwsgi"
)

pytestmark = [pytest.mark.deploy, needs_uwsgi]

STATS = free_port()

UWSGI = Server(
    "uwsgi",
    (
        PROGRAM or "uwsgi",
        "--http-socket=127.0.0.1:PORT",
        f"--stats=127.0.0.1:{STATS}",
        "--stats-http",
        "--module=app_for_servers:app",
        f"--virtualenv={sys.prefix}",
        "--master",
        "--processes=2",
        "--enable-threads",
        "--die-on-term",
    ),
    workers=2,
)


def test_workers_deliver_although_no_hook_told_them_of_the_fork(
    destination: Destination, tmp_path: Path
) -> None:
    """Each of 40 requests is one event, whichever worker answered it."""
    process, port = UWSGI.start(tmp_path / "server.log", DESTINATION=destination.url)
    with process:
        paths = visit(UWSGI, process, port)
        wait_until(workers_are_idle, "uWSGI runs no exit hooks in a worker that is busy")
        process.stop(UWSGI.signal)

        assert sorted(event["path"] for event in destination.events()) == sorted(paths)


def workers_are_idle() -> bool:
    """Whether uWSGI knows that every request has ended; that is a little after the answer."""
    return all(worker["status"] == "idle" for worker in json.loads(get(STATS, "/"))["workers"])
