"""Processes of one application that show what they count."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.delivery.board import Board
from flask_analytics.delivery.census import Total

#: A process that shows the stats it is told, one JSON line each, and answers when it has.

SCRIPT = """
import itertools, json, sys
from pathlib import Path
from flask_analytics.delivery.board import Board

told = {}
time = itertools.count(1000, 10)
board = Board(Path(sys.argv[1]), sys.argv[2], lambda: told, clock=lambda: next(time))
for line in sys.stdin:
    told = json.loads(line)
    print(board.write(), flush=True)
board.close()
"""

#: Where this process finds its modules, another one does, too.
ENVIRON = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def ledger(accepted: int, delivered: int, **more: Any) -> dict[str, Any]:
    """The stats of a process with one collector."""
    counts = {"accepted": accepted, "delivered": delivered, "pending": accepted - delivered}
    return {"collectors": {"webhook": {**counts, **more}}}


class Worker:
    """Another process of the application."""

    def __init__(self, folder: Path, app: str = "shop") -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(folder), app],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRON,
        )

    def show(self, stats: dict[str, Any]) -> None:
        """Write these stats, and wait until that is done."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.write(json.dumps(stats) + "\n")
        self._popen.stdin.flush()
        assert self._popen.stdout.readline() == "True\n"

    def kill(self) -> None:
        """As the kernel does when there is no memory left."""
        self._popen.send_signal(signal.SIGKILL)
        self.__exit__()

    def end(self) -> None:
        """In good order."""
        self._popen.communicate()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._popen.kill()
        self._popen.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the journals would be. It does not exist yet."""
    return tmp_path / "analytics" / "journal"


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Worker]]:
    """Start workers that do not outlive the test."""
    with ExitStack() as stack:
        yield lambda app="shop": stack.enter_context(Worker(folder, app))


class Own:
    """This process's board, with counts that a test sets."""

    def __init__(self, folder: Path | None, clock: Callable[[], float], app: str = "shop") -> None:
        self.stats: dict[str, Any] = {}
        self.board = Board(folder, app, lambda: self.stats, clock=clock)


@pytest.fixture
def own(folder: Path, clock: Callable[[], float]) -> Iterator[Own]:
    """This process, among the others."""
    one = Own(folder, clock)
    yield one
    one.board.close()


def counts(total: Total) -> tuple[int, int, int]:
    """Accepted, delivered and pending of the sum."""
    webhook = total.stats.collectors["webhook"]
    return webhook.accepted, webhook.delivered, webhook.pending


def names(folder: Path, ending: str = "") -> list[str]:
    found = (path.name for path in folder.iterdir() if path.name.endswith(ending))
    return sorted(name for name in found if name != ".gitignore")
