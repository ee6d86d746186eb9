"""kill -9 at 2,000 events a second: how many of the events that a library had taken are lost.

A process emits at that rate and writes each number down when the call has returned, then it is
killed without warning. Where a library leaves something for the next process, that one runs; then
what was taken is compared with what the destination has had.
"""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sink import MARK, counted, running
from variants import CLIENTS

ROUNDS = 5

#: Events a second, and the seconds until the kill; each round a little more, so that it does not
#: come at the same moment of a flush interval.
RATE = 2_000
SECONDS = 3.0
MORE = 0.37

#: Seconds between two bursts of events.
TICK = 0.005

PROPERTIES = {"order": 5, "plan": "pro", "total": 29.99, "new": True}


def emit(name: str, sink: str, tally: str) -> None:
    """Emit until somebody kills us. The tally is shared memory: the kernel keeps it."""
    tell, _ = CLIENTS[name](sink)
    with open(tally, "r+b") as file:
        taken = mmap.mmap(file.fileno(), 8)
    number = 0
    began = time.perf_counter()
    while True:
        while number < (time.perf_counter() - began) * RATE:
            number += 1
            tell({MARK: number, **PROPERTIES})
            taken[:8] = number.to_bytes(8, "little")
        time.sleep(TICK)


def go_on(name: str, sink: str) -> None:
    """The next process: one event of its own, which is not counted, then what was left."""
    tell, flush = CLIENTS[name](sink)
    tell(PROPERTIES)
    journal = Path(os.environ["BENCHMARK_FOLDER"], "journal")
    mine = f"-{os.getpid()}-"
    end = time.monotonic() + 20
    while any(mine not in path.name for path in journal.glob("*.j")) and time.monotonic() < end:
        flush()
        time.sleep(0.01)
    flush()


def play(name: str, sink: str, seconds: float) -> tuple[int, int]:
    """One kill: events taken, and those that arrived."""
    before = counted(sink)
    with tempfile.NamedTemporaryFile() as tally:
        tally.write(bytes(8))
        tally.flush()
        command = [sys.executable, __file__, name, sink]
        process = subprocess.Popen([*command, tally.name], stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        taken = int.from_bytes(Path(tally.name).read_bytes(), "little")
    if name.endswith("journal"):
        subprocess.run(command, stderr=subprocess.DEVNULL, check=True)
    return taken, counted(sink) - before


def main() -> None:
    print(f"{'kill -9':25}{'taken':>9}{'arrived':>9}{'lost':>8}{'a kill':>9}")
    with running() as sink:
        for name in CLIENTS:
            results = [play(name, sink, SECONDS + MORE * n) for n in range(ROUNDS)]
            taken, arrived = (sum(column) for column in zip(*results, strict=True))
            lost = sum(max(0, took - came) for took, came in results)
            print(f"{name:25}{taken:9}{arrived:9}{lost:8}{lost / ROUNDS:9.0f}")
    print(
        f"{ROUNDS} kills at {RATE} events a second (mixpanel's plain consumer may take fewer: each"
        "\ncall is a request). More arrived than taken: the kill came between the two"
    )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        emit(*sys.argv[1:])
    elif len(sys.argv) == 3:
        go_on(*sys.argv[1:])
    else:
        main()
