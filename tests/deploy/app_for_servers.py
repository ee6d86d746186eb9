"""A small application for servers to run. The environment says what it is like.

``DESTINATION``: the base address of ``destination.py``. ``FOLDER``: where the journal is.
``EARLY``: events emitted while the module is imported. ``HANG``: set to have a second collector
that is never answered; ``RECOVERED``: it is, after all; ``FORBIDDEN``: one whose key is wrong.
``STORE``: the store, if any. ``SIGTERM``: set for ANALYTICS_SIGTERM. ``TOKEN``: what a reader of
the counters and of the store shows; ``WRITE_KEY``: a writer. ``TRUSTED_HOSTS``: the only
ones. ``INGEST_RATE``: of one address; empty for any.
"""

from __future__ import annotations

import os

from flask import Flask

from flask_analytics import Analytics
from flask_analytics.collectors import WebhookCollector

destination = os.environ["DESTINATION"]

# Nothing leaves before the process ends: the flush at shutdown has to deliver everything.
collectors = [WebhookCollector(f"{destination}/events", batch_size=1000, flush_interval=60)]
if "HANG" in os.environ:
    path = "/events" if "RECOVERED" in os.environ else "/hang"
    collectors.append(WebhookCollector(destination + path, flush_interval=0.01))
if "FORBIDDEN" in os.environ:
    collectors.append(WebhookCollector(f"{destination}/401", name="forbidden", flush_interval=0.01))

app = Flask(__name__)
app.config["ANALYTICS_STORE"] = os.environ.get("STORE")
app.config["ANALYTICS_COLLECTORS"] = collectors
app.config["ANALYTICS_SHUTDOWN_TIMEOUT"] = float(os.environ.get("SHUTDOWN_TIMEOUT", "5"))
app.config["ANALYTICS_EXCLUDE"] = ["/ready"]
app.config["ANALYTICS_DIR"] = os.environ["FOLDER"]
app.config["ANALYTICS_SIGTERM"] = "SIGTERM" in os.environ
if "TOKEN" in os.environ:
    app.config["ANALYTICS_READ_TOKENS"] = {"test": os.environ["TOKEN"]}
if "WRITE_KEY" in os.environ:
    app.config["ANALYTICS_WRITE_KEYS"] = {"test": os.environ["WRITE_KEY"]}
app.config["ANALYTICS_TRUSTED_HOSTS"] = os.environ.get("TRUSTED_HOSTS")
app.config["ANALYTICS_INGEST_RATE"] = os.environ.get("INGEST_RATE", "10/second burst 50")
analytics = Analytics(app)


@app.get("/page/<int:number>")
def page(number: int) -> str:
    """Each request is told apart by its path, each answer by the process that gave it."""
    return f"<p>{number}</p> {os.getpid()}"


@app.get("/ready")
def ready() -> str:
    """Which process answers; excluded from analytics."""
    return str(os.getpid())


for number in range(int(os.environ.get("EARLY", "0"))):
    analytics.track("early", {"number": number})
