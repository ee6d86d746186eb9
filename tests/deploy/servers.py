"""Real servers, and a visit to them: what test_servers.py and benchmarks/servers.py share."""

from __future__ import annotations

import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .actors import HERE, Process, free_port, get, wait_until

#: Where the commands of this environment are.
BIN = Path(sys.executable).parent

REQUESTS, CLIENTS = 40, 4


@dataclass(frozen=True)
class Server:
    """How to start a server, and the signal that lets it clean up."""

    name: str
    command: tuple[str, ...]
    signal: signal.Signals = signal.SIGTERM
    workers: int = 1

    def start(self, log: Path, **environ: str) -> tuple[Process, int]:
        """A server that is coming up, and its port."""
        port = free_port()
        words = [word.replace("PORT", str(port)) for word in self.command]
        words[0] = str(BIN / words[0])
        told = {"FOLDER": str(log.parent / "analytics"), **environ}
        return Process(words, log, **told), port


def gunicorn(name: str, *options: str) -> Server:
    """gunicorn with two workers of a kind."""
    fixed = ("gunicorn", "--bind=127.0.0.1:PORT", "--workers=2", "--no-control-socket")
    return Server(f"gunicorn {name}", (*fixed, *options, "app_for_servers:app"), workers=2)


KINDS = {
    "sync": ("--worker-class=sync",),
    "gthread": ("--worker-class=gthread", "--threads=8"),
    "gevent": ("--worker-class=gevent",),
}

#: Each worker imports the application for itself.
PLAIN = [gunicorn(kind, *options) for kind, options in KINDS.items()]

#: The master imports it once, before it forks the workers.
PRELOADING = [
    gunicorn(f"{kind} --preload", *options, "--preload") for kind, options in KINDS.items()
]

PATCHED_MASTER = gunicorn(
    "gevent --preload, patched master",
    *KINDS["gevent"],
    "--preload",
    f"--config={HERE / 'gunicorn_patched.py'}",
)

#: These two die of SIGTERM at once, without cleaning up; Ctrl-C is their proper end.
FLASK_RUN = Server(
    "flask run", ("flask", "--app=app_for_servers", "run", "--port=PORT"), signal.SIGINT
)
WAITRESS = Server(
    "waitress", ("waitress-serve", "--listen=127.0.0.1:PORT", "app_for_servers:app"), signal.SIGINT
)


def visit(server: Server, process: Process, port: int) -> set[str]:
    """Wait for every worker, then ask for 40 pages from 4 threads; the answer is their paths.

    gunicorn's workers lose a SIGTERM that comes before they are up, and stop 30 seconds later.
    """
    paths = [f"/page/{number}" for number in range(REQUESTS)]
    with ThreadPoolExecutor(CLIENTS) as clients:
        pids: set[bytes] = set()

        def all_answer() -> bool:
            assert process.is_running(), process.output()
            pids.update(clients.map(lambda _: _pid(port), range(CLIENTS)))
            return len(pids - {b""}) == server.workers

        wait_until(all_answer, f"{server.name} did not start")
        list(clients.map(lambda path: get(port, path), paths))
    return set(paths)


def _pid(port: int) -> bytes:
    """Which process answers, or nothing while none does."""
    try:
        return get(port, "/ready")
    except OSError:
        return b""


#: Nearly as an operator would do it: the same application once more, for as long as it takes.
NEXT_PROCESS = """
import time
import app_for_servers as app
from stage import os, Path

app.analytics.track("next")
mine = f"-{os.getpid()}-"
deadline = time.monotonic() + 10
while time.monotonic() < deadline:
    app.analytics.flush(0.5)
    if all(mine in path.name for path in (Path(os.environ["FOLDER"]) / "journal").glob("*.j")):
        break
"""


def start_again(tmp_path: Path, environ: dict[str, str]) -> None:
    """Run the next process of the application to its own end."""
    command = [sys.executable, "-c", NEXT_PROCESS]
    with Process(command, tmp_path / "next.log", **environ) as process:
        wait_until(lambda: not process.is_running(), "the next process did not end", timeout=30)
        assert process.output() == ""
