"""Ten million events, the same questions: the embedded store beside a native DuckDB file, SQLite
alone and ClickHouse (chdb). Prints milliseconds and ratios of one run, and compares the answers.

Each engine is a process of its own with two threads; they take turns, question by question.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import first
from asking import ASKERS, QUESTIONS
from builders import ENGINES
from generator import make
from generator import store as write_history

#: Answers of these cannot be compared: SQLite has no quantile, ClickHouse ranks another way.
INCOMPARABLE = {("latency, 7 days", "sqlite"), ("latency, 7 days", "chdb")}

#: Seconds after which an engine is asked a question only once.
SLOW = 5.0


def work(engine: str, folder: Path) -> None:
    """A worker: answers a question for each line it reads."""
    ask = ASKERS[engine](folder)
    for line in sys.stdin:
        name = line.strip()
        begin, cpu = time.perf_counter(), time.process_time()
        answer = ask(name)
        took = time.perf_counter() - begin, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps([took, answer, peak]), flush=True)


class Worker:
    """The process of an engine."""

    def __init__(self, engine: str, folder: Path) -> None:
        command = [sys.executable, __file__, "--work", engine, "--folder", str(folder)]
        self.process = subprocess.Popen(command, stdin=-1, stdout=-1, text=True)
        self.peak = 0.0

    def ask(self, name: str) -> tuple[tuple[float, float], Any]:
        """Seconds, of the clock and of the processor; and the answer."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        took, answer, self.peak = json.loads(self.process.stdout.readline())
        return took, answer

    def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait()


def build(engines: list[str], count: int, folder: Path) -> None:
    """Make what is not there yet."""
    missing = [name for name in engines if not (folder / ENGINES[name][1]).exists()]
    if not missing:
        return
    history = make(count)
    master = folder / "history.parquet"
    write_history(history, master)
    for name in missing:
        begin = time.perf_counter()
        ENGINES[name][0](master, history, folder)
        print(f"built {name} in {time.perf_counter() - begin:.0f} s", flush=True)
    master.unlink()


def bytes_of(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else path.parent.glob(path.name + "*")
    return sum(file.stat().st_size for file in files if file.is_file())


def measure(workers: dict[str, Worker], name: str, rounds: int) -> dict[str, list[float]]:
    """The medians of each engine, of the clock and of the processor, in milliseconds; says so
    where answers differ."""
    times: dict[str, list[tuple[float, float]]] = {engine: [] for engine in workers}
    answers = {}
    for _ in range(rounds + 1):  # the first is not counted
        for engine, worker in workers.items():
            if times[engine] and times[engine][0][0] > SLOW and engine == "sqlite":
                continue
            took, answers[engine] = worker.ask(name)
            times[engine].append(took)
    _compare(name, answers)
    return {
        engine: [statistics.median(kind) * 1e3 for kind in zip(*(took[1:] or took), strict=True)]
        for engine, took in times.items()
    }


def _compare(name: str, answers: dict[str, Any]) -> None:
    expected = next(iter(answers.values()))
    for engine, answer in answers.items():
        if answer != expected and (name, engine) not in INCOMPARABLE:
            print(f"!! {name}: {engine} answers\n   {answer}\n   not {expected}"[:600])


def report(engines: list[str], folder: Path, count: int, rounds: int, part: str) -> None:
    """The table."""
    first.report(engines, folder, rounds)
    workers = {engine: Worker(engine, folder) for engine in engines}
    print(f"{'ms, CPU ms (ratios)':22}" + "".join(f"{engine:>28}" for engine in engines))
    for name in (name for name in QUESTIONS if part in name):
        found = measure(workers, name, rounds)
        ours = found[engines[0]]
        print(f"{name:22}" + "".join(f"{_cell(ms, ours):>28}" for ms in found.values()), flush=True)
    if "embedded" in workers:
        again = [workers["embedded"].ask("again: dashboard")[0][0] for _ in range(rounds)]
        print(f"the dashboard again, from the cache: {statistics.median(again) * 1e3:.2f} ms")
    for engine, worker in workers.items():
        size = bytes_of(folder / ENGINES[engine][1]) / count
        print(f"{engine}: {size:.1f} bytes an event, {worker.peak:.0f} MB at most")
        worker.close()


def _cell(took: list[float], ours: list[float]) -> str:
    """Both times, and how often ours go into them."""
    ratios = " ".join(f"{one / own:.2f}" for one, own in zip(took, ours, strict=True))
    return f"{took[0]:.0f} {took[1]:.0f} ({ratios})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--folder", type=Path, help="kept, and used again if it is there")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="questions with this in their name")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.work, given.folder)
        return
    with TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        build(given.engines.split(","), given.events, folder)
        report(given.engines.split(","), folder, given.events, given.rounds, given.only)


if __name__ == "__main__":
    main()
