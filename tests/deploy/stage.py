"""Where the scripts of test_fork.py and test_exit.py play: ``from stage import *``.

``DESTINATION`` is the base address of ``destination.py``, ``FOLDER`` where the journal is. With
``PATCHED`` gevent patches the process before anything else is imported, as gunicorn's gevent worker
does.
"""

from __future__ import annotations

import os

if os.environ.get("PATCHED"):
    from gevent import monkey

    monkey.patch_all()

import logging
import sys
import threading
import time
from collections import Counter

from flask import Flask

from flask_analytics import Analytics, Collector
from flask_analytics.collectors import WebhookCollector

__all__ = [
    "Collector",
    "WebhookCollector",
    "destination",
    "emit",
    "hanging",
    "leave",
    "os",
    "set_up",
    "sys",
    "threading",
    "time",
    "wait_for_children",
]

destination = os.environ["DESTINATION"]

app = Flask("stage")
analytics = Analytics()

_emitted: Counter[str] = Counter()


def set_up(*collectors: Collector, timeout: float = 5.0) -> Analytics:
    """An application whose first collector delivers only when it is told to, or at the end.

    Our own log goes to standard output, so that standard error shows only what got away.
    """
    logging.basicConfig(stream=sys.stdout)
    quiet = WebhookCollector(f"{destination}/events", batch_size=1000, flush_interval=60)
    app.config["ANALYTICS_COLLECTORS"] = [quiet, *collectors]
    app.config["ANALYTICS_SHUTDOWN_TIMEOUT"] = timeout
    app.config["ANALYTICS_DIR"] = os.environ["FOLDER"]
    app.config["ANALYTICS_DURABILITY"] = os.environ.get("DURABILITY")
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


def wait_for_children(*pids: int) -> None:
    """Wait for forked children; say so if one did not end well."""
    for pid in pids:
        _, status = os.waitpid(pid, 0)
        if status:
            print(f"child {pid} ended with {status}", file=sys.stderr)


def leave() -> None:
    """Say when the script has nothing left to do: the rest is the end of the process."""
    print(f"leaving {time.monotonic()}", flush=True)
