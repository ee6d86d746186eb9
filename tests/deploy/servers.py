"""Real servers, and a visit to them: what test_servers.py and benchmarks/servers.py share."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .actors import Process, free_port, get, wait_until

#: Where the commands of this environment are.
BIN = Path(sys.executable).parent

REQUESTS, CLIENTS = 40, 4


@dataclass(frozen=True)
class Server:
    """How to start a server, and the signal that lets it clean up."""

    name: str
    command: tuple[str, ...]
    signal: signal.Signals = signal.SIGTERM

    @property
    def preloads(self) -> bool:
        """Whether the application is imported once, before the workers are forked."""
        return "--preload" in self.command

    def start(self, log: Path, **environ: str) -> tuple[Process, int]:
        """A server that is coming up, and its port."""
        port = free_port()
        words = [word.replace("PORT", str(port)) for word in self.command]
        words[0] = str(BIN / words[0])
        return Process(words, log, **environ), port


def gunicorn(name: str, *options: str) -> Server:
    """gunicorn with two workers of a kind."""
    fixed = ("gunicorn", "--bind=127.0.0.1:PORT", "--workers=2", "--no-control-socket")
    return Server(f"gunicorn {name}", (*fixed, *options, "app_for_servers:app"))


def _gunicorns() -> Sequence[Server]:
    kinds = {
        "sync": ("--worker-class=sync",),
        "gthread": ("--worker-class=gthread", "--threads=8"),
        "gevent": ("--worker-class=gevent",),
    }
    return [
        gunicorn(" ".join((kind, *preload)), *options, *preload)
        for kind, options in kinds.items()
        for preload in ((), ("--preload",))
    ]


GUNICORNS = _gunicorns()

#: These two die of SIGTERM at once, without cleaning up; Ctrl-C is their proper end.
FLASK_RUN = Server(
    "flask run", ("flask", "--app=app_for_servers", "run", "--port=PORT"), signal.SIGINT
)
WAITRESS = Server(
    "waitress", ("waitress-serve", "--listen=127.0.0.1:PORT", "app_for_servers:app"), signal.SIGINT
)

UWSGI = Server(
    "uwsgi",
    (
        "uwsgi",
        "--http-socket=127.0.0.1:PORT",
        "--module=app_for_servers:app",
        f"--virtualenv={sys.prefix}",
        "--master",
        "--processes=2",
        "--enable-threads",
        "--die-on-term",
    ),
)


def visit(process: Process, port: int) -> set[str]:
    """Wait for the server, then ask for 40 pages from 4 threads; the answer is their paths."""
    wait_until(lambda: _is_ready(process, port), "the server did not start")
    paths = [f"/page/{number}" for number in range(REQUESTS)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(lambda path: get(port, path), paths))
    return set(paths)


def _is_ready(process: Process, port: int) -> bool:
    assert process.is_running(), process.output()
    try:
        return get(port, "/ready") == b"ready"
    except OSError:
        return False
