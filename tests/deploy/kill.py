"""Kills workers at random while they emit, and counts: ``python tests/deploy/kill.py --kills 100``.

Four processes emit as fast as they can to two collectors. Each writes the number of an event into
a pipe when ``track`` has returned: from then on the event is accepted, and must arrive. A worker
that is killed is replaced at once. In the end all are killed, and fresh processes run until the
journal is empty. This script is the master that forks them all, as a preloading server does.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NoReturn

from flask import Flask

import flask_analytics.collectors.http  # noqa: F401  once here, not in each worker
from flask_analytics import Analytics
from flask_analytics.collectors import WebhookCollector

WORKERS = 4
COLLECTORS = ("first", "second")

#: Events in one request: what a kill may double, once for each collector.
BATCH = 100

#: Seconds between two kills.
PAUSE = (0.05, 0.25)

#: Seconds that the fresh processes have to deliver what is left.
PATIENCE = 240.0


@dataclass
class Worker:
    """A process that emits, and what it has told."""

    name: str
    pid: int
    pipe: int
    last: int = 0
    rest: bytes = b""

    def read(self) -> None:
        """Take what is in the pipe. A number that was cut off was not told."""
        try:
            while data := os.read(self.pipe, 1 << 20):
                lines = (self.rest + data).split(b"\n")
                self.rest = lines.pop()
                self.last = int(lines[-1]) if lines else self.last
        except BlockingIOError:
            pass


@dataclass
class Arrived:
    """What one collector's destination has."""

    lost: int
    doubled: int
    #: Arrived although ``track`` had not returned: killed between the two.
    unasked: int


@dataclass
class Report:
    """The whole run."""

    kills: int = 0
    accepted: int = 0
    seconds: float = 0.0
    drained_in: float = 0.0
    fresh: int = 0
    arrived: dict[str, Arrived] = field(default_factory=dict)
    #: Files of the journal that are still there.
    left: list[str] = field(default_factory=list)
    dead: int = 0
    corrupt: int = 0
    #: Ledgers of fresh processes that do not add up.
    unbalanced: list[Any] = field(default_factory=list)
    #: Exit codes of fresh processes that were not 0.
    failed: list[int] = field(default_factory=list)

    def doubled_at_most(self) -> int:
        """One batch for each kill, those of the end included."""
        return (self.kills + WORKERS) * BATCH


def application(url: str, folder: Path) -> Analytics:
    """The application that every worker is a copy of."""
    app = Flask("kill")
    app.config["ANALYTICS_STORE"] = None
    app.config["ANALYTICS_COLLECTORS"] = [
        WebhookCollector(f"{url}/{name}", name=name, batch_size=BATCH, flush_interval=0.05)
        for name in COLLECTORS
    ]
    app.config["ANALYTICS_DIR"] = str(folder)
    app.config["ANALYTICS_DURABILITY"] = "journal"
    return Analytics(app)


def emit(analytics: Analytics, name: str, pipe: int, pause: float) -> NoReturn:
    """A worker's whole life: it ends when somebody kills it."""
    number = 0
    while True:
        number += 1
        analytics.track("tick", {"id": f"{name}:{number}", "filling": "x" * 100})
        os.write(pipe, b"%d\n" % number)
        if pause:
            time.sleep(pause)


def deliver(analytics: Analytics, name: str, folder: Path) -> None:
    """A fresh process's life: adopt what others left, deliver it, leave as processes do."""
    analytics.track("tick", {"id": f"{name}:1"})
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        is_done = analytics.flush(1.0)
        if is_done and not any(map(is_orphan, (folder / "journal").glob("*.j"))):
            break
        time.sleep(0.01)
    stats = analytics.stats()
    (folder / f"{name}.json").write_text(json.dumps(stats))


def is_orphan(path: Path) -> bool:
    """Whether the process that made a journal is gone; its name has the pid."""
    try:
        os.kill(int(path.name.rsplit("-", 2)[1]), 0)
    except ProcessLookupError:
        return True
    return False


class Master:
    """Forks workers, kills them, hears what they have accepted."""

    def __init__(self, url: str, folder: Path, seed: int, pause: float) -> None:
        self.analytics = application(url, folder)
        self.url, self.folder = url, folder
        self.dice = random.Random(seed)
        self.pause = pause
        self.workers: list[Worker] = []
        self.gone: list[Worker] = []
        self._names = iter(range(10**9))

    def hire(self) -> None:
        """One more worker."""
        name = f"w{next(self._names)}"
        reading, writing = os.pipe()
        pid = fork(lambda: emit(self.analytics, name, writing, self.pause))
        os.close(writing)
        os.set_blocking(reading, False)
        self.workers.append(Worker(name, pid, reading))

    def kill(self, worker: Worker) -> None:
        """SIGKILL, then read the last of its words."""
        os.kill(worker.pid, signal.SIGKILL)
        _, status = os.waitpid(worker.pid, 0)
        assert os.WIFSIGNALED(status), f"{worker.name} was gone before: {status}"
        worker.read()
        os.close(worker.pipe)
        self.workers.remove(worker)
        self.gone.append(worker)

    def listen(self, seconds: float) -> None:
        """Keep the pipes empty for a while: a worker must not wait for us."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            ready, _, _ = select.select([worker.pipe for worker in self.workers], [], [], left)
            for worker in self.workers:
                if worker.pipe in ready:
                    worker.read()
            time.sleep(0.002)

    def storm(self, kills: int) -> None:
        """So many kills at random moments, then everybody."""
        for _ in range(WORKERS):
            self.hire()
        for _ in range(kills):
            self.listen(self.dice.uniform(*PAUSE))
            self.kill(self.dice.choice(self.workers))
            self.hire()
        for worker in list(self.workers):
            self.kill(worker)

    def drain(self, report: Report) -> None:
        """Fresh processes, four at a time, until nothing is left."""
        deadline = time.monotonic() + PATIENCE
        while not report.fresh or (journals(self.folder) and time.monotonic() < deadline):
            names = [f"fresh{report.fresh + n}" for n in range(WORKERS)]
            started = [self.start_fresh(name) for name in names]
            codes = [process.wait() for process in started]
            report.failed += [code for code in codes if code]
            report.fresh += len(started)
            for path in self.folder.glob("fresh*.json"):
                audit(report, json.loads(path.read_text()))
                path.unlink()

    def start_fresh(self, name: str) -> subprocess.Popen[bytes]:
        """A process that is no copy of anybody."""
        command = [sys.executable, __file__, f"--fresh={name}"]
        return subprocess.Popen([*command, f"--dir={self.folder}", f"--url={self.url}"])


def fork(life: Callable[[], NoReturn]) -> int:
    """A child that lives this life and never comes back here."""
    pid = os.fork()
    if pid == 0:
        try:
            life()
        except BaseException as error:
            print(f"{os.getpid()}: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)
    return pid


def audit(report: Report, stats: dict[str, Any]) -> None:
    """Every accepted event is in exactly one counter of a fresh process."""
    report.corrupt += stats["journal"]["corrupt"]
    for name, counts in stats["collectors"].items():
        ended = sum(counts["rejected"].values()) + sum(counts["dropped"].values())
        if counts["accepted"] != counts["delivered"] + ended + counts["pending"] or ended:
            report.unbalanced.append((name, counts))


def journals(folder: Path) -> list[str]:
    """What is left of the journal, but for dead letters and the counts of processes."""
    names = [path.name for path in (folder / "journal").iterdir()]
    return sorted(name for name in names if re.search(r"\.j(\.ack|\.new)?$", name))


def compare(report: Report, master: Master, url: str) -> None:
    """What was accepted beside what has arrived."""
    accepted = {f"{w.name}:{n}" for w in master.gone for n in range(1, w.last + 1)}
    report.accepted = len(accepted)
    for name in COLLECTORS:
        ids = Counter(get(f"{url}/{name}").split())
        told = {id for id in ids if not id.startswith("fresh")}
        report.arrived[name] = Arrived(
            lost=len(accepted - told),
            doubled=sum(ids.values()) - len(ids),
            unasked=len(told - accepted),
        )
    report.left = journals(master.folder)
    dead = master.folder / "journal" / "dead.jsonl"
    report.dead = len(dead.read_bytes().splitlines()) if dead.exists() else 0


def get(url: str) -> str:
    host, _, path = url.removeprefix("http://").partition("/")
    connection = HTTPConnection(host, timeout=60)
    connection.request("GET", f"/{path}")
    return connection.getresponse().read().decode()


@contextmanager
def recorder() -> Iterator[str]:
    """The destination, a process of its own; gives its address."""
    command = [sys.executable, str(Path(__file__).with_name("recorder.py")), "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()


def run(kills: int, seed: int, pause: float, folder: Path) -> Report:
    """One whole run."""
    report = Report(kills=kills)
    with recorder() as url:
        master = Master(url, folder, seed, pause)
        began = time.monotonic()
        master.storm(kills)
        report.seconds = time.monotonic() - began
        master.drain(report)
        report.drained_in = time.monotonic() - began - report.seconds
        compare(report, master, url)
    return report


def show(report: Report) -> None:
    """The report for people, then as one line of JSON."""
    rate = report.accepted / report.seconds
    print(
        f"{report.kills} kills in {report.seconds:.1f} s, {report.accepted} events accepted"
        f" ({rate:.0f}/s), the rest delivered by {report.fresh} fresh processes in"
        f" {report.drained_in:.1f} s"
    )
    print(f"{'collector':12}{'lost':>8}{'doubled':>9}{'allowed':>9}{'unasked':>9}")
    for name, arrived in report.arrived.items():
        print(
            f"{name:12}{arrived.lost:8}{arrived.doubled:9}{report.doubled_at_most():9}"
            f"{arrived.unasked:9}"
        )
    print(
        f"files left {report.left}, dead {report.dead}, corrupt {report.corrupt},"
        f" ledgers that do not add up {report.unbalanced}, bad exits {report.failed}"
    )
    allowed = {"allowed": report.doubled_at_most()}
    print(json.dumps(report.__dict__ | allowed, default=lambda value: value.__dict__))


def is_good(report: Report) -> bool:
    """Whether it is as promised."""
    return not (
        report.left
        or report.dead
        or report.unbalanced
        or report.failed
        or report.corrupt > report.kills  # half a record of an event that nobody was told of
    ) and all(
        not arrived.lost and arrived.doubled <= report.doubled_at_most()
        for arrived in report.arrived.values()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two events")
    parser.add_argument("--fresh", metavar="NAME", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--dir", type=Path, help="keep the journal here and do not delete it")
    options = parser.parse_args()
    if options.fresh:
        deliver(application(options.url, options.dir), options.fresh, options.dir)
        return
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.dir or Path(temporary)
        report = run(options.kills, options.seed, options.pause, folder)
    show(report)
    sys.exit(not is_good(report))


if __name__ == "__main__":
    main()
