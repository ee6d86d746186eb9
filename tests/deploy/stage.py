"""Where the scripts of test_fork.py, test_exit.py and their like play: ``from stage import *``.

``DESTINATION`` is the base address of ``destination.py``, ``FOLDER`` where the journal is. With
``PATCHED`` gevent patches the process before anything else is imported, as gunicorn's gevent worker
does. ``CLOCK_JUMPS`` makes the wall clock one that a script may set.
"""

from __future__ import annotations

import os

if os.environ.get("PATCHED"):
    from gevent import monkey

    monkey.patch_all()

import json
import logging
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, NoReturn

# No test may set the machine's own clock, so where jumps are asked for, time.time becomes one
# that can jump, before anybody has looked at it.
if os.environ.get("CLOCK_JUMPS"):
    _wall_clock = time.time
    time.time = lambda: _wall_clock() + _jumped

from flask import Flask

from flask_analytics import Analytics, Collector
from flask_analytics.collectors import WebhookCollector

__all__ = [
    "Collector",
    "Path",
    "WebhookCollector",
    "destination",
    "die",
    "emit",
    "hanging",
    "jump",
    "leave",
    "os",
    "set_up",
    "signal",
    "sys",
    "take_over",
    "tell",
    "threading",
    "time",
    "wait_for_children",
]

destination = os.environ["DESTINATION"]

app = Flask("stage")
analytics = Analytics()

_emitted: Counter[str] = Counter()

#: Seconds that ``jump`` has put the wall clock forward.
_jumped = 0.0


def set_up(*collectors: Collector, timeout: float = 5.0, **settings: Any) -> Analytics:
    """An application whose first collector delivers only when it is told to, or at the end.

    Our own log goes to standard output, so that standard error shows only what got away.
    ``settings`` are ANALYTICS_* without the prefix.
    """
    logging.basicConfig(stream=sys.stdout)
    quiet = WebhookCollector(f"{destination}/events", batch_size=1000, flush_interval=60)
    app.config["ANALYTICS_STORE"] = None
    app.config["ANALYTICS_COLLECTORS"] = [quiet, *collectors]
    app.config["ANALYTICS_SHUTDOWN_TIMEOUT"] = timeout
    app.config["ANALYTICS_DIR"] = os.environ["FOLDER"]
    app.config["ANALYTICS_DURABILITY"] = os.environ.get("DURABILITY")
    app.config.update({f"ANALYTICS_{name}": value for name, value in settings.items()})
    analytics.init_app(app)
    return analytics


def hanging() -> Collector:
    """A collector whose destination takes every event at once and never answers."""
    return WebhookCollector(f"{destination}/hang", name="hanging", flush_interval=0.01)


def emit(who: str, count: int = 1) -> None:
    """Events that are told apart by who emitted them, and a number."""
    for _ in range(count):
        _emitted[who] += 1
        analytics.track("tick", {"who": who, "number": _emitted[who]})


def die() -> NoReturn:
    """End as a process does that runs out of memory: at once, and nothing of ours runs."""
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
    raise SystemExit("unreachable")


def jump(seconds: float) -> None:
    """Put the wall clock forward, or back."""
    global _jumped
    _jumped += seconds


def tell(what: str, facts: Any) -> None:
    """Print facts for the test to read, see ``Ended.told``."""
    print(f"told {what} {json.dumps(facts)}", flush=True)


def take_over(timeout: float = 10.0) -> None:
    """Be the process that comes after one that was killed: emit one event, and stay until no
    journal of another process is left."""
    emit("successor")
    journal = Path(os.environ["FOLDER"]) / "journal"
    mine = f"-{os.getpid()}-"
    deadline = time.monotonic() + timeout
    while any(mine not in path.name for path in journal.glob("*.j")):
        if time.monotonic() > deadline:
            print(f"still there: {sorted(p.name for p in journal.iterdir())}", file=sys.stderr)
            break
        analytics.flush(0.5)
        time.sleep(0.02)
    analytics.flush(5)
    tell("stats", analytics.stats())
    leave()


def wait_for_children(*pids: int) -> None:
    """Wait for forked children; say so if one did not end well."""
    for pid in pids:
        _, status = os.waitpid(pid, 0)
        if status:
            print(f"child {pid} ended with {status}", file=sys.stderr)


def leave() -> None:
    """Say when the script has nothing left to do: the rest is the end of the process."""
    print(f"leaving {time.monotonic()}", flush=True)
