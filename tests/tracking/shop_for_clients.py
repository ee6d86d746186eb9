"""A shop that clients send to, for a real server to run. The environment says what it is like.

``FOLDER``: where journal and store are. ``KEY``, ``TOKEN``: of a sender, and of a reader.
``ORIGINS``: whose pages may send. Faults are ordered by ``POST /faults``, a list of ``[status,
headers]``: so many next calls are answered so, instead of by us. ``GET /arrivals`` tells of each
call that came.
"""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, jsonify, request

from flask_analytics import Analytics

app = Flask(__name__)
app.config["ANALYTICS_DIR"] = os.environ["FOLDER"]
app.config["ANALYTICS_WRITE_KEYS"] = {"client": os.environ["KEY"]}
app.config["ANALYTICS_READ_TOKENS"] = {"test": os.environ["TOKEN"]}
app.config["ANALYTICS_CORS_ORIGINS"] = os.environ.get("ORIGINS", "").split()
app.config["ANALYTICS_EXCLUDE"] = ["*"]
analytics = Analytics(app)

faults: list[tuple[int, dict[str, str]]] = []
arrivals: list[dict[str, Any]] = []


@app.before_request
def come() -> Any:
    """Note each call, and be out of order where that was asked for."""
    if not request.path.startswith("/analytics/v1/") or request.method == "OPTIONS":
        return None
    arrivals.append(
        {"path": request.path, "encoding": request.headers.get("Content-Encoding"), "status": 0}
    )
    if not faults:
        return None
    status, headers = faults.pop(0)
    return "out of order", status, headers


@app.after_request
def note(response: Any) -> Any:
    """How it was answered; the worker has one thread, so it is the last that came."""
    if request.path.startswith("/analytics/v1/") and request.method == "POST":
        arrivals[-1]["status"] = response.status_code
    return response


@app.post("/faults")
def order() -> Any:
    """Be out of order for some calls."""
    faults[:] = request.get_json()
    return "", 204


@app.get("/arrivals")
def tell() -> Any:
    """All calls so far."""
    return jsonify(arrivals)


@app.get("/flush")
def flush() -> str:
    """Wait until the store has everything."""
    return str(analytics.flush(20))
