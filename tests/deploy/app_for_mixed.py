"""The application of ``mixed.py``: a shop with the embedded store, a write key and a read token."""

from __future__ import annotations

import os

from attackers import KEY, TOKEN  # type: ignore[import-not-found]
from flask import Flask

from flask_analytics import Analytics

app = Flask(__name__)
app.config["ANALYTICS_DIR"] = os.environ["FOLDER"]
app.config["ANALYTICS_WRITE_KEYS"] = {"honest": KEY}
app.config["ANALYTICS_READ_TOKENS"] = {"reader": TOKEN}
app.config["ANALYTICS_EXCLUDE"] = ["/ready"]
analytics = Analytics(app)


@app.get("/page/<name>")
def page(name: str) -> str:
    return f"<p>{name}</p>"


@app.get("/ready")
def ready() -> str:
    """Which process answers."""
    return str(os.getpid())
