"""Events that several processes can append to one folder, pinned to one core.

    python benchmarks/ingest.py
    python benchmarks/ingest.py --without-keepers

Four processes, batches of 100, ids and shapes of real events; keepers start as they do in life,
on the same core, unless they are left out. *processor* is what the four themselves took of it, so
it says what else the machine had to do: other programs make it wait, and the rate smaller. The
goals: 50,000 events/s together, p99 of a batch below 50 ms, and a process
that only ingests stays below 40 MB more than bare Flask.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

BATCH = 100
GOAL_RATE, GOAL_P99 = 50_000, 0.050


def events(count: int, seed: int) -> list[bytes]:
    """300,000 people, 200 names, 5 properties; ids of one process."""
    from flask_analytics import ids

    rng = random.Random(seed)
    own = ids.Ids()
    start = time.time()
    made = []
    for n in range(count):
        at = start + n / 10_000
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1e6):06d}Z"
        price = round(rng.gammavariate(2, 20), 2)
        made.append(
            b'{"message_id":"%s","type":"custom","event_name":"event_%03d","timestamp":"%s",'
            b'"source":"server","user_id":"u%d","properties":{"plan":"pro","path":"/p/%d",'
            b'"browser":"b%d","price":%s,"source":"s%d"}}'
            % (
                own.write(own.draw(), at).encode(), rng.randrange(200), stamp.encode(),
                int(300_000 * rng.random() ** 1.7), rng.randrange(1000), rng.randrange(6),
                str(price).encode(), rng.randrange(50),
            )
        )  # fmt: skip
    return made


def memory() -> float:
    """MB of this process that are resident now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def work(folder: str, count: int, seed: int, is_kept: bool) -> None:
    """One process: waits for the start, appends, tells how long each batch took."""
    import flask

    flask.Flask("bare")
    bare = memory()
    from flask_analytics.store.embedded.catalog import Catalog
    from flask_analytics.store.embedded.hot import Hot
    from flask_analytics.store.embedded.keeper import Keeper

    catalog = Catalog(Path(folder))
    hot = Hot(catalog, Keeper(catalog).look) if is_kept else Hot(catalog)
    hot.append(events(BATCH, -seed))
    more = memory() - bare
    bodies = events(count, seed)
    print("ready", flush=True)
    sys.stdin.readline()
    took = []
    cpu = time.process_time()
    for n in range(0, count, BATCH):
        began = time.perf_counter()
        hot.append(bodies[n : n + BATCH])
        took.append(time.perf_counter() - began)
    cpu = time.process_time() - cpu
    print(json.dumps({"took": took, "memory": more, "cpu": cpu}), flush=True)


def main() -> None:
    """Start them, let them go, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--events", type=int, default=50_000, help="of each process")
    parser.add_argument("--without-keepers", action="store_true", help="nothing is sealed")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        folder, count, seed = options.work
        work(folder, int(count), int(seed), not options.without_keepers)
        return
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        measure(folder, options)


def measure(folder: str, options: argparse.Namespace) -> None:
    """All processes at once, on the core that they inherit."""
    processes, count = options.processes, options.events
    command = [sys.executable, __file__, *["--without-keepers"] * options.without_keepers]
    workers = [
        subprocess.Popen(
            [*command, "--work", folder, str(count), str(n + 1)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(processes)
    ]
    for worker in workers:
        assert worker.stdout
        worker.stdout.readline()
    began = time.perf_counter()
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    told = [json.loads(worker.stdout.readline()) for worker in workers if worker.stdout]
    seconds = time.perf_counter() - began
    for worker in workers:
        worker.communicate()
    took = sorted(one for each in told for one in each["took"])
    rate, p50, p99 = processes * count / seconds, took[len(took) // 2], took[len(took) * 99 // 100]
    print(f"{processes} processes, batches of {BATCH}, one core")
    print(f"events/s  {rate:10,.0f}   goal {GOAL_RATE:,}")
    cpu = sum(each["cpu"] for each in told) / processes / count
    print(f"processor {cpu * 1e6:8.1f} us an event")
    print(f"p50       {p50 * 1000:8.1f} ms")
    print(f"p99       {p99 * 1000:8.1f} ms   goal {GOAL_P99 * 1000:.0f} ms")
    print(f"slowest   {took[-1] * 1000:8.1f} ms")
    print(f"memory    {max(each['memory'] for each in told):8.1f} MB more than bare Flask, goal 40")


if __name__ == "__main__":
    main()
