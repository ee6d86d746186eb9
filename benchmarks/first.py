"""The dashboard as the first question of a process: what somebody waits for after a restart.

A fresh process for each time, the engines in turns. What an application has anyway is imported
before the clock starts (``flask_analytics``, and that the store is there); the engine, numpy and
whatever they import are not. The minimum is what the machine can do when others leave it alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from asking import ASKERS

#: Seconds of the clock and of the processor.
Took = tuple[float, float]


def ask(engine: str, folder: Path) -> Took:
    """In a process that has done nothing yet."""
    has_store = engine == "embedded"
    ours = ASKERS[engine](folder) if has_store else None
    begin, cpu = time.perf_counter(), time.process_time()
    (ours or ASKERS[engine](folder))("dashboard")
    return time.perf_counter() - begin, time.process_time() - cpu


def fresh(engine: str, folder: Path) -> Took:
    """The same, of a process of its own."""
    command = [sys.executable, __file__, "--ask", engine, "--folder", str(folder)]
    wall, cpu = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return wall, cpu


def report(engines: Iterable[str], folder: Path, times: int) -> None:
    """Minimum and median of each engine, beside those of the first."""
    names = [name for name in engines if name != "sqlite"]  # it takes seconds, started or not
    found: dict[str, list[Took]] = {name: [] for name in names}
    for _ in range(times):
        for name in names:
            found[name].append(fresh(name, folder))
    print(f"the dashboard, first question of each of {times} processes, ms (CPU ms), ratios:")
    own = [_figures(found[names[0]], middle) for middle in (min, statistics.median)]
    for name in names:
        each = [_figures(found[name], middle) for middle in (min, statistics.median)]
        cells = [
            f"{label} {wall * 1e3:.0f} ({cpu * 1e3:.0f}) {wall / ours[0]:.2f} {cpu / ours[1]:.2f}"
            for label, (wall, cpu), ours in zip(("minimum", "median"), each, own, strict=True)
        ]
        print(f"  {name:10} " + "   ".join(cells))


def _figures(times: list[Took], middle: object) -> Took:
    assert callable(middle)
    wall, cpu = (middle(kind) for kind in zip(*times, strict=True))
    return wall, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="what questions.py has kept")
    parser.add_argument("--engines", default="embedded,duckdb,chdb")
    parser.add_argument("--processes", type=int, default=9)
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ask:
        print(json.dumps(ask(given.ask, given.folder)))
        return
    report(given.engines.split(","), given.folder, given.processes)


if __name__ == "__main__":
    main()
