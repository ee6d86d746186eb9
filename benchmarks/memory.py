"""Memory of an event that waits: 50,000 of them in a process whose destination never answers.

Resident memory of the whole process, before and after, divided by the events that still wait.
Each library is a process of its own. The events come with small pauses, as they do in production:
a burst would show the memory of the burst. Mixpanel's library has no queue.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from sink import running
from variants import (
    VARIANTS,
    our_client,
    our_journaled_client,
    posthog_client,
    segment_client,
)

EVENTS = 50_000

#: Events between two pauses of so many seconds.
BURST, PAUSE = 50, 0.004

PROPERTIES = {"order": 5, "plan": "pro", "total": 29.99, "new": True}

CALLS: dict[str, Any] = {
    "flask_analytics": our_client,
    "flask_analytics, journal": our_journaled_client,
    "segment": segment_client,
    "posthog": posthog_client,
}

REQUESTS = {
    "flask_analytics": "flask_analytics",
    "flask_analytics, journal": "flask_analytics, journal",
    "segment": "segment, same facts",
    "posthog": "posthog, same facts",
}

HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140 Safari/537.36",
    "Accept-Language": "de-DE,de;q=0.9,en;q=0.8",
    "Referer": "http://search.example/results?q=shop",
}


def work(kind: str, name: str, sink: str) -> None:
    """A process: bytes of memory before and after, and how many events wait in it."""
    emit = caller(name, sink) if kind == "call" else visitor(name, sink)
    for number in range(200):
        emit(number)
    time.sleep(1.0)
    gc.collect()
    before = resident()
    for number in range(EVENTS):
        emit(number)
        if number % BURST == 0:
            time.sleep(PAUSE)
    time.sleep(1.0)
    gc.collect()
    print(json.dumps((before, resident(), EVENTS)), flush=True)
    os._exit(0)


def caller(name: str, sink: str) -> Callable[[int], object]:
    """One call with five properties."""
    tell, _ = CALLS[name](f"{sink}/hang")
    return lambda number: tell({"number": number, **PROPERTIES})


def visitor(name: str, sink: str) -> Callable[[int], object]:
    """One request, of which each library is told the same facts."""
    from werkzeug.test import EnvironBuilder

    app, _ = VARIANTS[REQUESTS[name]](f"{sink}/hang")
    environ = EnvironBuilder("/item/3?q=1&utm_source=mail", headers=HEADERS).get_environ()

    def visit(number: int) -> None:
        each = {**environ, "PATH_INFO": f"/item/{number}"}
        b"".join(app.wsgi_app(each, lambda status, headers: None))

    return visit


def resident() -> int:
    """Bytes of this process that are in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def measure(kind: str, name: str, sink: str) -> tuple[float, float]:
    """Bytes for one event, and MB of the process at the end."""
    command = [sys.executable, __file__, kind, name, sink]
    answer = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True
    ).stdout
    before, after, events = json.loads(answer)
    return (after - before) / events, after / 1e6


def main() -> None:
    with running() as sink:
        for kind, title in (("call", "a call, 5 properties"), ("request", "an automatic event")):
            sizes = {name: measure(kind, name, sink) for name in CALLS}
            report(title, sizes)
    print("ours is, journal is: our bytes for an event that waits, as a part of its")


def report(title: str, sizes: dict[str, tuple[float, float]]) -> None:
    mine = ("flask_analytics", "flask_analytics, journal")
    print(f"{title:25}{'an event':>10}{'ours is':>9}{'journal is':>12}{'process':>10}")
    for name, (size, process) in sizes.items():
        shares = ["" if name in mine else f"1/{size / sizes[m][0]:.1f}" for m in mine]
        print(f"{name:25}{size:8.0f} B{shares[0]:>9}{shares[1]:>12}{process:7.1f} MB")


if __name__ == "__main__":
    work(*sys.argv[1:]) if len(sys.argv) > 1 else main()
