"""Events a second from the first call until the last one has reached a destination, on one core.

The whole process of each library runs on core 0, the destination on core 1. A library is told of
all events as fast as it takes them, then flushed; the destination counts what has come. Rounds go
round-robin, each in a new process.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time

from sink import MARK, counted, running
from variants import CLIENTS

ROUNDS = 5

#: Events of a round. Fewer for the library that makes a request of each.
EVENTS = 50_000
FEWER = {"mixpanel": 1_000, "mixpanel, buffered": 10_000}

PROPERTIES = {"order": 5, "plan": "pro", "total": 29.99, "new": True}

Result = tuple[int, float, float]


def work(name: str, sink: str) -> None:
    """A round: how many were told, seconds of wall, seconds of CPU."""
    os.sched_setaffinity(0, {0})
    tell, flush = CLIENTS[name](sink)
    tell(PROPERTIES)  # threads, connections and modules are there
    flush()
    events = FEWER.get(name, EVENTS)
    wall, cpu = time.perf_counter(), time.process_time()
    for number in range(events):
        tell({MARK: number, **PROPERTIES})
    flush()
    print(json.dumps((events, time.perf_counter() - wall, time.process_time() - cpu)), flush=True)
    os._exit(0)


def play(name: str, sink: str) -> tuple[Result, int]:
    """One round in a process of its own, and how many events arrived."""
    before = counted(sink)
    command = [sys.executable, __file__, name, sink]
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return json.loads(answer), counted(sink) - before


def main() -> None:
    if (os.cpu_count() or 1) < 2:
        sys.exit("two cores are needed: one for the library, one for the destination")
    rounds: dict[str, list[Result]] = {name: [] for name in CLIENTS}
    arrived: dict[str, int] = dict.fromkeys(CLIENTS, 0)
    with running(core=1) as sink:
        for _ in range(ROUNDS):
            for name in CLIENTS:
                result, came = play(name, sink)
                rounds[name].append(result)
                arrived[name] += came
    report(rounds, arrived)


def report(rounds: dict[str, list[Result]], arrived: dict[str, int]) -> None:
    rate = {name: statistics.median(r[0] / r[1] for r in of) for name, of in rounds.items()}
    cpu = {name: statistics.median(r[2] / r[0] for r in of) for name, of in rounds.items()}
    mine = ("flask_analytics", "flask_analytics, journal")
    print(
        f"{'one core':25}{'events/s':>10}{'ours is':>9}{'journal is':>12}{'CPU':>9}{'arrived':>18}"
    )
    for name, of in rounds.items():
        shares = ["" if name in mine else f"{rate[m] / rate[name]:.1f} x" for m in mine]
        told = sum(r[0] for r in of)
        print(
            f"{name:25}{rate[name]:10.0f}{shares[0]:>9}{shares[1]:>12}{cpu[name] * 1e6:7.1f}us"
            f"{f'{arrived[name]}/{told}':>18}"
        )
    print("ours is, journal is: our rate as a multiple of its; CPU: of the process, for one event")


if __name__ == "__main__":
    work(*sys.argv[1:]) if len(sys.argv) > 1 else main()
