"""What one call with five properties costs: ours inside a request, beside Segment's and PostHog's.

Each library is a process of its own, rounds go round-robin, delivery goes to loopback.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from sink import running
from variants import journaled, ours, posthog_client, segment_client

ROUNDS = 40
CALLS = 200
PROPERTIES = {"order": 5, "plan": "pro", "total": 29.99, "new": True, "coupon": None}
OURS = {"flask_analytics": ours, "flask_analytics, journal": journaled}
NAMES = (*OURS, "segment", "posthog")


def work(name: str, sink: str) -> None:
    """A worker: a round for each line it reads."""
    if name in OURS:
        from flask_analytics import track

        app, _ = OURS[name](sink)
        with app.test_request_context("/"):
            answer_rounds(lambda: track("checkout", PROPERTIES))
    else:
        tell, _ = {"segment": segment_client, "posthog": posthog_client}[name](sink)
        answer_rounds(lambda: tell(PROPERTIES))
    os._exit(0)


def answer_rounds(call: Callable[[], Any]) -> None:
    for _ in range(300):
        call()
    for line in sys.stdin:
        if line.strip() == "end":
            return
        print(json.dumps(play(call)), flush=True)


def play(call: Callable[[], Any]) -> tuple[float, float]:
    """CPU of this thread for one call on average, and the median wall time, in microseconds."""
    walls = []
    cpu = time.thread_time()
    for _ in range(CALLS):
        begin = time.perf_counter()
        call()
        walls.append(time.perf_counter() - begin)
    cpu = time.thread_time() - cpu
    return cpu / CALLS * 1e6, statistics.median(walls) * 1e6


def main() -> None:
    with running() as sink:
        workers = {name: start(name, sink) for name in NAMES}
        rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in NAMES}
        for _ in range(ROUNDS):
            for name, worker in workers.items():
                assert worker.stdin is not None
                assert worker.stdout is not None
                worker.stdin.write("round\n")
                worker.stdin.flush()
                rounds[name].append(json.loads(worker.stdout.readline()))
        for worker in workers.values():
            worker.communicate("end\n")
    report(rounds)


def start(name: str, sink: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, name, sink],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def report(rounds: dict[str, list[tuple[float, float]]]) -> None:
    cpu = {name: statistics.median(r[0] for r in of) for name, of in rounds.items()}
    wall = {name: statistics.median(r[1] for r in of) for name, of in rounds.items()}
    shares = f"{'ours is':>9}{'journal is':>12}"
    print(f"{'':25}{'CPU':>9}{shares}{'wall p50':>10}{shares}")
    for name in rounds:
        told = []
        for values in (cpu, wall):
            parts = [f"1/{values[name] / values[mine]:.1f}" for mine in OURS]
            told.append(f"{parts[0]:>9}{parts[1]:>12}" if name not in OURS else " " * 21)
        print(f"{name:25}{cpu[name]:7.1f}us{told[0]}{wall[name]:8.1f}us{told[1]}")


if __name__ == "__main__":
    work(*sys.argv[1:]) if len(sys.argv) > 1 else main()
