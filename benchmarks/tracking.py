"""Events a second that one gunicorn sync worker takes by Segment's batch call, on one core.

    python benchmarks/tracking.py
    python benchmarks/tracking.py --gzip

A hundred events a batch, as Segment's own libraries send them; worker, delivery and store share
core 0, the client has core 1. Beside ours, in interleaved rounds, what one writes by hand: an
endpoint with ``request.get_json()`` and an INSERT for each event. *each* commits every event, as
SQLite does by itself; *WAL* too, with the settings of a careful author, who may lose the last ones
when the power fails; *together* commits once a request. None of them checks anything.

*taken* is events a second until the last answer, *kept* until all are in the store. *processor* is
what the worker itself took of the core for an event, *alone* the rate that comes of it where
nothing else runs there: other programs make the first two smaller, not these. The goals: 10,000
events/s with the journal on, and three times *each*.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from flask import Flask, request

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

BATCH = 100

#: Batches that come before the clock runs.
WARM = 5

GOAL_RATE, GOAL_RATIO = 10_000, 3
KEY = "benchmark"
AUTHORIZATION = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()

#: Those that would take minutes.
SLOW = ("by hand, each", "by hand, WAL")

#: Seconds that anything may take to come up or go down.
PATIENCE = 60


def message(number: int) -> dict[str, Any]:
    """What Segment's library for Python makes of a call with five properties."""
    return {
        "type": "track",
        "messageId": f"{os.getpid()}-{time.time_ns()}-{number}",
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "userId": f"user-{number % 1000}",
        "anonymousId": None,
        "event": "Order Completed",
        "properties": {"plan": "pro", "items": number % 9, "path": "/p/1", "ok": True, "p": 9.99},
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
        "integrations": {},
    }


def body(start: int) -> bytes:
    """A batch."""
    batch = [message(start + n) for n in range(BATCH)]
    sent_at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    return json.dumps({"batch": batch, "sentAt": sent_at, "writeKey": KEY}).encode()


# -- what is measured, each in a process of its own


def ours(store: str | None = "embedded:") -> Flask:
    """Everything as it is by default, and a key."""
    from flask_analytics import Analytics

    app = Flask("ours")
    app.config["ANALYTICS_WRITE_KEYS"] = {"benchmark": KEY}
    app.config["ANALYTICS_READ_TOKENS"] = {"benchmark": KEY}
    app.config["ANALYTICS_DURABILITY"] = "journal"
    app.config["ANALYTICS_DIR"] = os.environ["FOLDER"]
    app.config["ANALYTICS_STORE"] = store
    if store is None:
        app.config["ANALYTICS_COLLECTORS"] = ["memory:"]
    analytics = Analytics(app)
    app.add_url_rule("/flush", "flush", lambda: str(analytics.flush(PATIENCE)))
    app.add_url_rule("/cpu", "cpu", lambda: str(time.process_time()))
    return app


def by_hand(commit: str = "each") -> Flask:
    """What the tutorial says: JSON, a loop, an INSERT."""
    app = Flask("by_hand")
    isolation: Any = "" if commit == "together" else None
    db = sqlite3.connect(Path(os.environ["FOLDER"]) / "events.db", isolation_level=isolation)
    if commit == "WAL":
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
    db.execute(
        "CREATE TABLE events (id TEXT PRIMARY KEY, at TEXT, user TEXT, name TEXT, body TEXT)"
    )

    @app.post("/analytics/v1/batch")
    def batch() -> Any:
        for event in request.get_json()["batch"]:
            row = (event["messageId"], event["timestamp"], event["userId"], event["event"])
            content = json.dumps(event["properties"])
            db.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?)", (*row, content))
        if commit == "together":
            db.commit()
        return {"success": True}

    app.add_url_rule("/flush", "flush", lambda: "True")
    app.add_url_rule("/cpu", "cpu", lambda: str(time.process_time()))
    return app


VARIANTS: dict[str, Callable[[], Flask]] = {
    "flask_analytics": ours,
    "flask_analytics, no store": lambda: ours(None),
    "by hand, each": by_hand,
    "by hand, WAL": lambda: by_hand("WAL"),
    "by hand, together": lambda: by_hand("together"),
}


def app() -> Flask:
    """What gunicorn serves."""
    return VARIANTS[os.environ["VARIANT"]]()


# -- the client


class Served:
    """A variant behind one sync worker on a core, with a folder of its own."""

    def __init__(self, variant: str, core: int, folder: str) -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port: int = sock.getsockname()[1]
        place = Path(folder)
        words = ["-m", "gunicorn", "--workers=1", "--worker-class=sync", "--no-control-socket"]
        self._popen = subprocess.Popen(
            [sys.executable, *words, f"--bind=127.0.0.1:{self.port}", "tracking:app()"],
            cwd=Path(__file__).parent,
            env={**os.environ, "VARIANT": variant, "FOLDER": folder, "PYTHONPATH": str(ROOT)},
            stderr=(place / "log").open("wb"),
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            start_new_session=True,
        )

    def __enter__(self) -> Served:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.ask("GET", "/flush")
                return self
            except OSError:
                assert time.monotonic() < deadline, "the server did not start"
                time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        self._popen.terminate()
        try:
            self._popen.wait(PATIENCE)
        finally:
            if self._popen.poll() is None:
                os.killpg(self._popen.pid, signal.SIGKILL)

    def ask(self, method: str, path: str, content: bytes | None = None, **headers: str) -> bytes:
        """The body of an answer that has to be good. A sync worker closes each connection."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            told = answer.read()
            assert answer.status == 200, (answer.status, told[:200])
            return told
        finally:
            connection.close()

    def send(self, content: bytes, **headers: str) -> None:
        """A batch."""
        own = {"Authorization": AUTHORIZATION, "Content-Type": "application/json", **headers}
        self.ask("POST", "/analytics/v1/batch", content, **own)


def measure(variant: str, batches: int, is_packed: bool) -> tuple[float, float, float]:
    """Events a second, taken and kept, and microseconds of the processor for each."""
    headers = {"Content-Encoding": "gzip"} if is_packed else {}
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        Served(variant, min(os.sched_getaffinity(0)), folder) as server,
        ThreadPoolExecutor(2) as clients,  # so that the worker never waits for one
    ):

        def send(first: int, count: int) -> float:
            bodies = [body(n * BATCH) for n in range(first, first + count)]
            packed = map(gzip.compress, bodies) if is_packed else bodies
            ready = list(packed)
            began = time.perf_counter()
            list(clients.map(lambda one: server.send(one, **headers), ready))
            return time.perf_counter() - began

        send(0, WARM)
        assert server.ask("GET", "/flush") == b"True"
        cpu = float(server.ask("GET", "/cpu"))
        taken = send(WARM, batches)
        began = time.perf_counter()
        assert server.ask("GET", "/flush") == b"True"
        kept = taken + time.perf_counter() - began
        cpu = float(server.ask("GET", "/cpu")) - cpu
        if variant == "flask_analytics":
            check(server, (WARM + batches) * BATCH)
    count = batches * BATCH
    return count / taken, count / kept, cpu / count * 1e6


def check(server: Served, count: int) -> None:
    """The store has each event, once."""
    told = json.loads(server.ask("GET", "/analytics/api/dashboard", Authorization=f"Bearer {KEY}"))
    assert told["total_events"] == count, told


def main() -> None:
    """Interleaved rounds, the medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", type=int, default=300, help="of a round")
    parser.add_argument("--gzip", action="store_true", help="bodies are packed")
    options = parser.parse_args()
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in VARIANTS}
    for _ in range(options.rounds):
        for name, rounds in found.items():
            few = max(5, options.batches // 20) if name in SLOW else options.batches
            rounds.append(measure(name, few, options.gzip))
    print(f"batches of {BATCH}, one sync worker, one core{', gzip' * options.gzip}")
    print(f"{'':27}{'taken':>9}{'kept':>9}{'ratio':>8}{'processor':>12}{'alone':>9}{'ratio':>8}")
    medians = {name: [*map(statistics.median, zip(*of, strict=True))] for name, of in found.items()}
    own_rate, _, own_cpu = medians["flask_analytics"]
    for name, (taken, kept, cpu) in medians.items():
        print(
            f"{name:27}{taken:9,.0f}{kept:9,.0f}{own_rate / taken:7.1f}x"
            f"{cpu:9.1f} us{1e6 / cpu:9,.0f}{cpu / own_cpu:7.1f}x"
        )
    print(f"goals: {GOAL_RATE:,} events/s, and {GOAL_RATIO}x by hand, each")


if __name__ == "__main__":
    main()
