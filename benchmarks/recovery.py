"""How long a new process takes to take over 100,000 events that a killed one has left.

Times from the start of the new process. A lane reads on as it delivers, so that memory stays small;
what the reading of all of it takes is therefore measured by itself, in a process that does nothing
else: the records with their checksums, then the JSON of each event as it will be sent.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sink import MARK, counted, running
from variants import durable, trivial

EVENTS = 100_000
ROUNDS = 3

PROPERTIES = {"order": 5, "plan": "pro", "total": 29.99, "new": True}


def set_up(url: str) -> Any:
    from flask_analytics import Analytics

    app = trivial()
    app.config["ANALYTICS_STORE"] = None
    app.config["ANALYTICS_COLLECTORS"] = [f"webhook+{url}"]
    durable(app, has_journal=True)
    return Analytics(app)


def leave(sink: str) -> None:
    """The process that is killed: its destination never answers."""
    analytics = set_up(f"{sink}/hang")
    for number in range(EVENTS):
        analytics.track("page_view", {MARK: number, **PROPERTIES}, user_id="user")
    os.kill(os.getpid(), signal.SIGKILL)


def take_over(sink: str, began: float) -> None:
    """The process that comes next."""
    analytics = set_up(f"{sink}/events")
    times: dict[str, float] = {}
    analytics.track("page_view", {"next": True})
    while not analytics.stats()["journal"]["adopted"]:
        time.sleep(0.001)
    times["adopted"] = time.time() - began
    while not analytics.stats()["collectors"]["webhook"]["delivered"]:
        time.sleep(0.001)
    times["first delivered"] = time.time() - began
    while True:
        analytics.flush(10)
        counts = analytics.stats()["collectors"]["webhook"]
        if counts["accepted"] > EVENTS and not counts["pending"]:
            break
    times["all delivered"] = time.time() - began
    print(json.dumps(times), flush=True)
    os._exit(0)


def read(sink: str, began: float) -> None:
    """Only read: every record with its checksum; then make each the JSON that a lane holds."""
    from flask_analytics.delivery.segment import Segment
    from flask_analytics.event import encode
    from flask_analytics.record import thaw

    pipeline = set_up(f"{sink}/events")._state().pipeline
    times = {"imported": time.time() - began}
    folder = Path(os.environ["BENCHMARK_FOLDER"], "journal")
    segments = [Segment.adopt(path) for path in sorted(folder.glob("*.j"))]
    bodies = [r.body for s in segments if s is not None for r in s.read(0, s.end) if r.body]
    assert len(bodies) == EVENTS, len(bodies)
    times["read"] = time.time() - began
    ready = [encode(pipeline.complete(thaw(body))) for body in bodies]
    times["ready"] = time.time() - began
    print(json.dumps(times), flush=True)
    os._exit(len(ready) != EVENTS)


def play(sink: str) -> dict[str, float]:
    """One process that dies, one that only reads, and one that delivers."""
    subprocess.run([sys.executable, __file__, "leave", sink], stderr=subprocess.DEVNULL)
    before = counted(sink)
    times = ask("read", sink) | ask("take_over", sink)
    assert counted(sink) - before >= EVENTS, counted(sink) - before
    return times


def ask(what: str, sink: str) -> dict[str, float]:
    command = [sys.executable, __file__, what, sink, repr(time.time())]
    times: dict[str, float] = json.loads(
        subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    )
    return times


def main() -> None:
    with running() as sink:
        rounds = [play(sink) for _ in range(ROUNDS)]
    print(f"{f'{EVENTS} events left':34}{'seconds':>9}")
    names = {
        "imported": "an application, set up",
        "read": "... all records read and checked",
        "ready": "... all of them ready to be sent",
        "adopted": "a server has adopted the files",
        "first delivered": "... has delivered the first ones",
        "all delivered": "... has delivered all of them",
    }
    for key, name in names.items():
        print(f"{name:34}{statistics.median(times[key] for times in rounds):9.2f}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["leave", sink]:
            leave(sink)
        case ["take_over", sink, began]:
            take_over(sink, float(began))
        case ["read", sink, began]:
            read(sink, float(began))
        case _:
            main()
