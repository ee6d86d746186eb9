"""The actors of the deployment stories, each a real process: destinations, servers, scripts."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar

HERE = Path(__file__).parent

#: Seconds that anything may take to come up, or to go down in the end, on a busy machine.
PATIENCE = 20.0

T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str, timeout: float = PATIENCE) -> T:
    """The first true value of ``condition``, asked again and again until a deadline."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout} s"
        time.sleep(0.01)
    return value


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def get(port: int, path: str) -> bytes:
    """The body of a GET that must succeed, over a connection of its own."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, f"{path}: {response.status} {body[:200]!r}"
        return body
    finally:
        connection.close()


class Process:
    """A process in a group of its own. Leaving the ``with`` block kills the whole group.

    :param log: the file that its standard output and error go to.
    """

    def __init__(self, command: Sequence[str], log: Path, **environ: str) -> None:
        self._log = log
        with log.open("wb") as output:
            self._popen = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment(environ),
                start_new_session=True,
                preexec_fn=allow_interrupt,
            )

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        kill_group(self._popen)

    def output(self) -> str:
        """What it has printed so far."""
        return self._log.read_text(errors="replace")

    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._popen.poll() is None

    def kill(self) -> None:
        """SIGKILL for it and everything that it started."""
        kill_group(self._popen)

    def stop(self, number: signal.Signals) -> float:
        """Send a signal; the answer is the seconds until the process has ended."""
        began = time.monotonic()
        self._popen.send_signal(number)
        self._popen.wait(PATIENCE)
        return time.monotonic() - began


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Ours without proxies, the modules of this folder, and what a test adds."""
    kept = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    path = os.pathsep.join(filter(None, [str(HERE), kept.get("PYTHONPATH")]))
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONPATH": path, **extra}


def allow_interrupt() -> None:
    """A test run in the background ignores Ctrl-C, and its children would inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def kill_group(popen: subprocess.Popen[Any]) -> None:
    """End a process and everything that it started."""
    try:
        os.killpg(popen.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    popen.wait()


class Destination:
    """``destination.py`` as a process, and what it has received."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        command = [sys.executable, str(HERE / "destination.py"), str(port)]
        self._process = Process(command, folder / "destination.log")
        #: Of the test, for what it keeps on disk.
        self.folder = folder

    def __enter__(self) -> Destination:
        self.port = int(wait_until(self._first_line, "the destination did not start"))
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.__exit__()

    def _first_line(self) -> str | None:
        head, newline, _ = self._process.output().partition("\n")
        return head if newline else None

    def events(self) -> list[dict[str, Any]]:
        """Every event that arrived, in order, also those that arrived twice."""
        events: list[dict[str, Any]] = json.loads(get(self.port, "/events"))
        return events

    def arrivals(self) -> Counter[str]:
        """How many requests each path has had."""
        return Counter(json.loads(get(self.port, "/arrivals")))

    def duplicates(self) -> int:
        """How many events arrived more often than once."""
        ids = [event["message_id"] for event in self.events()]
        return len(ids) - len(set(ids))
