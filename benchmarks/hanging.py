"""What a destination that never answers does to requests, and to the end of the process.

Three processes, round-robin: no collector, one that answers, one that hangs. Each serves requests
in its main thread at a rate of its own choosing: what is measured is how long each took.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

from sink import running
from variants import durable, trivial

ROUNDS = 60
REQUESTS = 200

#: Seconds that the end of the process may wait for deliveries.
DEADLINE = 2.0


def work(path: str, sink: str) -> None:
    """A worker: a round for each line it reads; its end is the interpreter's own."""
    from werkzeug.test import EnvironBuilder

    from flask_analytics import Analytics

    app = trivial()
    if path != "none":
        app.config["ANALYTICS_STORE"] = None
        app.config["ANALYTICS_COLLECTORS"] = [f"webhook+{sink}/{path}?flush_interval=0.1"]
    app.config["ANALYTICS_SHUTDOWN_TIMEOUT"] = DEADLINE
    durable(app, has_journal=True)
    Analytics(app)
    environ = EnvironBuilder("/item/3").get_environ()
    play(app.wsgi_app, environ)
    for line in sys.stdin:
        if line.strip() == "end":
            return
        print(json.dumps(play(app.wsgi_app, environ)), flush=True)


def play(wsgi_app: Any, environ: dict[str, Any]) -> list[float]:
    """Answer requests with a pause between, as visitors do; microseconds of each."""
    walls = []
    for _ in range(REQUESTS):
        each = environ.copy()
        begin = time.perf_counter()
        b"".join(wsgi_app(each, lambda status, headers: None))
        walls.append((time.perf_counter() - begin) * 1e6)
        time.sleep(0.0005)
    return walls


def main() -> None:
    with running() as sink:
        workers = {path: start(path, sink) for path in ("none", "events", "hang")}
        walls: dict[str, list[float]] = {path: [] for path in workers}
        for _ in range(ROUNDS):
            for path, worker in workers.items():
                assert worker.stdin is not None
                assert worker.stdout is not None
                worker.stdin.write("round\n")
                worker.stdin.flush()
                walls[path] += json.loads(worker.stdout.readline())
        exits = {path: end(worker) for path, worker in workers.items()}
    report(walls, exits)


def start(path: str, sink: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, path, sink],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it says which events were lost at the end
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def end(worker: subprocess.Popen[str]) -> float:
    began = time.monotonic()
    worker.communicate("end\n")
    return time.monotonic() - began


def report(walls: dict[str, list[float]], exits: dict[str, float]) -> None:
    names = {"none": "no collector", "events": "it answers", "hang": "it hangs"}
    print(f"{'destination':14}{'p50':>9}{'p99':>9}{'p99 x':>8}{'exit':>8}")
    base = quantile(walls["events"])
    for path, of in walls.items():
        p99 = quantile(of)
        print(
            f"{names[path]:14}{statistics.median(of):7.0f}us{p99:7.0f}us"
            f"{p99 / base:8.2f}{exits[path]:6.1f} s"
        )
    print(f"p99 x: as a multiple of a destination that answers. Deadline of the exit: {DEADLINE} s")


def quantile(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


if __name__ == "__main__":
    work(*sys.argv[1:]) if len(sys.argv) > 1 else main()
