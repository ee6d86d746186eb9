"""Honest and hostile load together: ``python tests/deploy/mixed.py --seconds 600``.

gunicorn with two workers serves a shop. Honest people look at pages, their pages post events, a
program sends with Segment's messages, somebody reads: each of their events has a number. Beside
them attackers do what ``attackers.py`` lists. In the end the honest events are in the store, each
once, and memory, descriptors and the honest requests' latency are in the last third what they were
in the first.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from actors import free_port  # type: ignore[import-not-found]
from attackers import ATTACKS, KEY, TOKEN, Attacker  # type: ignore[import-not-found]
from kill import is_orphan, journals  # type: ignore[import-not-found]

#: Threads of a worker: more than there are slow connections, which keep one each.
THREADS = 16

#: Seconds between two requests of an honest thread, and how many threads each kind has.
PAUSE, HONEST = 0.05, {"page": 2, "post": 2, "segment": 1}

#: Seconds that a request may take, and that the store may take to have everything in the end.
PATIENCE = 60.0

#: By how much memory (bytes), descriptors and latency (seconds) may grow: a factor and a sum.
BOUNDS = {"rss": (1.4, 60e6), "descriptors": (1.2, 40), "median": (3, 0.2), "p95": (3, 0.5)}


@dataclass
class Report:
    """The whole run."""

    seconds: float = 0.0
    #: Honest requests by kind, those that failed, and how.
    honest: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0
    #: Events in the store, whoever sent them.
    stored: int = 0
    #: Attack -> how its tries ended.
    attacks: dict[str, dict[str, int]] = field(default_factory=dict)
    #: What is measured -> in the first third and in the last.
    measures: dict[str, tuple[float, float]] = field(default_factory=dict)
    #: Workers that are gone, and lines of the server's log that tell of a failure.
    ended: int = 0
    failures: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def grown(self) -> list[str]:
        """What is not flat."""
        return [
            name for name, (first, last) in self.measures.items()
            if last > first * BOUNDS[name][0] + BOUNDS[name][1]
        ]  # fmt: skip

    def is_good(self) -> bool:
        """Whether it is as promised."""
        wrong = (self.lost, self.doubled, self.failed, self.ended, self.failures, self.left)
        return not any(wrong) and not self.grown() and all(self.honest.values())


class Honest:
    """Somebody of another address each time, as rate limits are by address."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.accepted: list[str] = []
        self.failed: list[str] = []
        self.counts: Counter[str] = Counter()
        #: When, and how long it took.
        self.latencies: list[tuple[float, float]] = []
        self._numbers = iter(range(10**9))
        self._lock = threading.Lock()

    def once(self, kind: str) -> None:
        """One request, which must be answered well."""
        with self._lock:
            number = next(self._numbers)
        id = f"{kind}-{number}"
        address = f"127.0.{1 + number // 250 % 250}.{1 + number % 250}"
        connection = HTTPConnection("127.0.0.1", self.port, PATIENCE, source_address=(address, 0))
        began = time.monotonic()
        try:
            connection.request(*getattr(self, kind)(id))
            answer = connection.getresponse()
            answer.read()
            if answer.status not in (200, 204):
                self.failed.append(f"{id}: {answer.status}")
                return
        except (OSError, HTTPException) as error:
            self.failed.append(f"{id}: {error!r}")
            return
        finally:
            connection.close()
        self.latencies.append((began, time.monotonic() - began))
        self.counts[kind] += 1
        if kind != "read":
            self.accepted.append(id)

    def page(self, id: str) -> tuple[Any, ...]:
        agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        return "GET", f"/page/{id}", None, {"User-Agent": agent}

    def post(self, id: str) -> tuple[Any, ...]:
        body = {"events": [{"event_name": "honest", "properties": {"id": id}}], "url": "http://a/b"}
        headers = {"Content-Type": "text/plain", "Sec-Fetch-Site": "same-origin"}
        return "POST", "/_a/e", json.dumps(body), headers

    def segment(self, id: str) -> tuple[Any, ...]:
        body = {"event": "honest", "userId": "u", "properties": {"id": id}, "messageId": id}
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {KEY}"}
        return "POST", "/analytics/v1/track", json.dumps(body), headers

    def read(self, id: str) -> tuple[Any, ...]:
        question = "/analytics/api/top?days=1&bots=1" if id.endswith("5") else "/analytics/health"
        return "GET", question.replace("days=1&", ""), None, {"Authorization": f"Bearer {TOKEN}"}


class Server:
    """gunicorn, and what its workers take."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.log = folder / "gunicorn.log"
        command = [str(Path(sys.executable).parent / "gunicorn"), f"--bind=127.0.0.1:{self.port}",
                   "--workers=2", "--worker-class=gthread", f"--threads={THREADS}",
                   "--no-control-socket", "--timeout=120", "app_for_mixed:app"]  # fmt: skip
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=environment(folder),
                start_new_session=True,
            )  # fmt: skip
        self.workers: set[int] = set()
        self.samples: list[tuple[float, int, int]] = []

    def wait(self) -> None:
        """Until both workers answer."""
        deadline = time.monotonic() + PATIENCE
        while len(self.workers) < 2:
            assert time.monotonic() < deadline, self.log.read_text()
            try:
                connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/ready")
                self.workers.add(int(connection.getresponse().read()))
            except OSError:
                time.sleep(0.1)

    def sample(self) -> None:
        """Resident bytes and open descriptors of the workers."""
        rss = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.workers)
        descriptors = sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.workers)
        self.samples.append((time.monotonic(), rss * os.sysconf("SC_PAGE_SIZE"), descriptors))

    def ended(self) -> int:
        """Workers that are no more."""
        return sum(not Path(f"/proc/{pid}").exists() for pid in self.workers)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE)
        finally:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def failures(self) -> list[str]:
        """What should not be in a log: tracebacks, and answers that a view did not give."""
        lines = self.log.read_text(errors="replace").splitlines()
        words = ("Traceback", "Exception on", "[CRITICAL]", "Worker failed", "timed out")
        return [line[:300] for line in lines if any(word in line for word in words)][:20]


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    own = {"FOLDER": str(folder / "analytics"), "PYTHONPATH": str(Path(__file__).parent)}
    return {**kept, **own, "PYTHONUNBUFFERED": "1"}


def run(seconds: float, seed: int, folder: Path) -> Report:
    """One whole run."""
    report = Report(seconds=seconds)
    server = Server(folder)
    try:
        server.wait()
        honest = Honest(server.port)
        for _ in range(20):  # what is loaded once is loaded now
            for kind in (*HONEST, "read"):
                honest.once(kind)
        honest.latencies.clear()
        end = time.monotonic() + seconds
        tries: defaultdict[str, Counter[str]] = defaultdict(Counter)
        threads = [
            repeat(lambda kind=kind: honest.once(kind), PAUSE, end)
            for kind, count in HONEST.items() for _ in range(count)
        ]  # fmt: skip
        threads.append(repeat(lambda: honest.once("read"), 1.0, end))
        for place, (name, (count, pause)) in enumerate(ATTACKS.items()):
            for nth in range(count):
                attacker = Attacker(server.port, random.Random(seed + 100 * place + nth))
                threads.append(repeat(
                    lambda a=attacker, n=name: tries[n].update([a.once(n)]), pause, end
                ))  # fmt: skip
        began = time.monotonic()
        while time.monotonic() < end:
            server.sample()
            time.sleep(0.5)
        for thread in threads:
            thread.join(2 * PATIENCE)
        report.ended = server.ended()
    finally:
        server.stop()
    report.failures = server.failures()
    report.honest, report.failed = dict(honest.counts), honest.failed[:20]
    report.attacks = {name: dict(counts) for name, counts in tries.items()}
    measure(report, server.samples, honest.latencies, began, seconds)
    compare(report, honest.accepted, folder)
    return report


def repeat(work: Callable[[], object], pause: float, end: float) -> threading.Thread:
    """A thread that works until the end."""

    def life() -> None:
        while time.monotonic() < end:
            work()
            time.sleep(pause)

    thread = threading.Thread(target=life, daemon=True)
    thread.start()
    return thread


def measure(
    report: Report,
    samples: list[tuple[float, int, int]],
    latencies: list[tuple[float, float]],
    began: float,
    seconds: float,
) -> None:
    """The first third beside the last."""

    def thirds(values: list[tuple[float, float]], of: Callable[[list[float]], float]) -> Any:
        first = [value for at, value in values if at < began + seconds / 3]
        last = [value for at, value in values if at >= began + seconds * 2 / 3]
        return of(first), of(last)

    report.measures = {
        "rss": thirds([(at, float(rss)) for at, rss, _ in samples], statistics.median),
        "descriptors": thirds([(at, float(count)) for at, _, count in samples], statistics.median),
        "median": thirds(latencies, statistics.median),
        "p95": thirds(latencies, lambda values: statistics.quantiles(values, n=20)[-1]),
    }


def compare(report: Report, accepted: list[str], folder: Path) -> None:
    """What was answered well beside what is in the store."""
    command = [sys.executable, __file__, "--fresh"]
    found = subprocess.run(
        command, env=environment(folder), capture_output=True, text=True, timeout=5 * PATIENCE
    )
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout.splitlines()[-1])
    ids = Counter(told["ids"])
    report.stored = told["stored"]
    report.lost = len(set(accepted) - set(ids))
    report.doubled = sum(ids.values()) - len(ids)
    report.left = journals(folder / "analytics")


def fresh() -> None:
    """The process that comes afterwards: it delivers what is left, and tells what the store has."""
    from app_for_mixed import analytics, app

    analytics.track("fresh")
    folder = Path(os.environ["FOLDER"]) / "journal"
    deadline = time.monotonic() + 4 * PATIENCE
    while time.monotonic() < deadline:
        if analytics.flush(5.0) and not any(map(is_orphan, folder.glob("*.j"))):
            break
    ids: list[str] = []
    stored = 0
    for body in app.extensions["analytics"].store().events():
        event = json.loads(body)
        stored += 1
        if event.get("event_name") == "honest":
            ids.append(event["properties"]["id"])
        elif event.get("path", "").startswith("/page/page-"):
            ids.append(event["path"].removeprefix("/page/"))
    analytics.close(30)
    print(json.dumps({"ids": ids, "stored": stored}))


def show(report: Report) -> None:
    """The report for people, then as one line of JSON."""
    count = sum(report.honest.values())
    print(f"{count} honest requests in {report.seconds:.0f} s: {report.honest}")
    print(f"lost {report.lost}, doubled {report.doubled}, failed {len(report.failed)}"
          f" {report.failed[:3]}; {report.stored} events stored")  # fmt: skip
    for name, (first, last) in report.measures.items():
        print(f"{name:12}{first:16,.4f}{last:16,.4f}  first and last third")
    for name, endings in report.attacks.items():
        print(f"{name:12}{endings}")
    print(f"grown {report.grown()}, workers ended {report.ended}, failures {report.failures},"
          f" files left {report.left}")  # fmt: skip
    print(json.dumps({**asdict(report), "grown": report.grown()}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--fresh", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fresh:
        fresh()
        return
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory() as folder:
        report = run(options.seconds, options.seed, Path(folder))
    show(report)
    sys.exit(not report.is_good())


if __name__ == "__main__":
    main()
