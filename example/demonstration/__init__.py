"""A dashboard full of life: the shop as it might be after two months, and as it goes on.

Everything in it is generated. It is an application of its own with a store of its own, in a folder
that goes with the process, so that no event of it is ever among real ones. Its page says so, by
the template ``banner.html``, which replaces the extension's empty one.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, redirect
from werkzeug.wrappers import Response

from flask_analytics import Analytics, Event
from flask_analytics.event import encode

from .history import History

#: Events of one call of the store.
BATCH = 2_000

#: Seconds between two visits once it runs.
PAUSE = 4.0

#: Seconds that the end waits for the batch that is under way.
PATIENCE = 5.0


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build it; its history grows in the background. Whoever is on this machine may read.

    :param config: settings that win over those of the environment, for tests.
    """
    app = Flask(__name__)
    app.name = "Paper & ink"
    app.config.from_prefixed_env()
    folder = tempfile.mkdtemp(prefix="demonstration-")
    app.config.update(ANALYTICS_DIR=folder, ANALYTICS_COLLECTORS=[], DEBUG=True)
    app.config.from_mapping(config)

    analytics = Analytics(app)
    app.add_url_rule("/", "home", analytics.exempt(to_dashboard))
    live(app, folder)
    return app


def to_dashboard() -> Response:
    """There is nothing else to see."""
    return redirect("/analytics/")


def live(app: Flask, folder: str) -> None:
    """Let it go on for as long as the process lives, and leave nothing behind."""
    over = threading.Event()

    def go_on() -> None:
        history = History()
        fill(app, history.past(), over)
        while not over.wait(PAUSE):
            fill(app, history.moment(), over)

    def end() -> None:
        over.set()
        thread.join(PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    atexit.register(end)


def fill(app: Flask, events: Sequence[Event], over: threading.Event) -> None:
    """Put events into the store, batch by batch."""
    store = app.extensions["analytics"].store()
    for first in range(0, len(events), BATCH):
        if not over.is_set():
            store.append([encode(event) for event in events[first : first + BATCH]])
