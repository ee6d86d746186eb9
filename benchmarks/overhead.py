"""What an automatic event costs a request, beside Segment's and PostHog's libraries.

Each variant is a process of its own. Rounds go round-robin, so that a machine that gets slower
gets slower for all. The request's cost is the CPU time of the thread that runs it; the cost with
delivery is that of the whole process, until the last event has reached a destination on loopback.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from sink import running
from variants import VARIANTS

ROUNDS = 40
REQUESTS = 200

HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140 Safari/537.36",
    "Accept-Language": "de-DE,de;q=0.9,en;q=0.8",
    "Referer": "http://search.example/results?q=shop",
}


def work(variant: str, sink: str) -> None:
    """A worker: a round for each line it reads, then the sum of its CPU time."""
    from werkzeug.test import EnvironBuilder

    app, flush = VARIANTS[variant](sink)
    environ = EnvironBuilder("/item/3?q=1&utm_source=mail", headers=HEADERS).get_environ()
    play(app.wsgi_app, environ, 300)
    flush()
    used = 0.0
    for line in sys.stdin:
        if line.strip() == "end":
            break
        begin = time.process_time()
        print(json.dumps(play(app.wsgi_app, environ, REQUESTS)), flush=True)
        used += time.process_time() - begin
    begin = time.process_time()
    flush()
    used += time.process_time() - begin
    print(json.dumps(used / (ROUNDS * REQUESTS) * 1e6), flush=True)
    os._exit(0)


def play(wsgi_app: Any, environ: dict[str, Any], count: int) -> tuple[float, float]:
    """Answer requests; seconds of CPU and of wall for one of them, in microseconds."""
    environs = [environ.copy() for _ in range(count)]
    cpu, wall = time.thread_time(), time.perf_counter()
    for each in environs:
        b"".join(wsgi_app(each, lambda status, headers: None))
    cpu, wall = time.thread_time() - cpu, time.perf_counter() - wall
    return cpu / count * 1e6, wall / count * 1e6


def ask(worker: subprocess.Popen[str], line: str) -> Any:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(line + "\n")
    worker.stdin.flush()
    return json.loads(worker.stdout.readline())


def main() -> None:
    with running() as sink:
        workers = {
            name: subprocess.Popen(
                [sys.executable, __file__, name, sink],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for name in VARIANTS
        }
        rounds: dict[str, list[tuple[float, float]]] = {name: [] for name in workers}
        for _ in range(ROUNDS):
            for name, worker in workers.items():
                rounds[name].append(ask(worker, "round"))
        totals = {name: ask(worker, "end") for name, worker in workers.items()}
        for worker in workers.values():
            worker.wait()
    report(rounds, totals)


def report(rounds: dict[str, list[tuple[float, float]]], totals: dict[str, float]) -> None:
    table("median of the rounds", statistics.median, rounds, totals)
    table("quietest round", min, rounds, totals)
    print(
        "request: CPU of the request's thread; ours is, journal is: what we add without and with a"
        "\njournal, as a part of what it adds; all x: CPU of the whole process with delivery, as a"
        "\nmultiple of bare Flask"
    )


def table(
    title: str,
    pick: Callable[[Iterable[float]], float],
    rounds: dict[str, list[tuple[float, float]]],
    totals: dict[str, float],
) -> None:
    cpu = {name: pick(r[0] for r in of) for name, of in rounds.items()}
    wall = {name: pick(r[1] for r in of) for name, of in rounds.items()}
    bare, bare_total = cpu["bare Flask"], totals["bare Flask"]
    mine = [cpu[name] - bare for name in ("flask_analytics", "flask_analytics, journal")]
    print(
        f"{title:25}{'request':>9}{'x bare':>8}{'added':>8}{'ours is':>9}{'journal is':>12}"
        f"{'wall x':>8}{'all x':>8}"
    )
    for name in rounds:
        more = cpu[name] - bare
        is_peer = name.startswith(("segment", "posthog"))
        shares = [f"1/{more / added:.1f}" if is_peer else "" for added in mine]
        print(
            f"{name:25}{cpu[name]:7.1f}us{cpu[name] / bare:8.2f}{more:6.1f}us{shares[0]:>9}"
            f"{shares[1]:>12}{wall[name] / wall['bare Flask']:8.2f}"
            f"{totals[name] / bare_total:8.2f}"
        )


if __name__ == "__main__":
    work(*sys.argv[1:]) if len(sys.argv) > 1 else main()
