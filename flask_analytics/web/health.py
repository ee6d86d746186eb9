"""How delivery is, for people and for machines: JSON, and Prometheus's text."""

from __future__ import annotations

import msgspec
from flask import Blueprint, Flask, Response, request

from ..delivery.diagnosis import problems
from ..delivery.exposition import CONTENT_TYPE, expose
from ..delivery.summary import describe
from ..record import State
from . import access


def install(app: Flask, state: State) -> None:
    """Register the routes, behind access control."""
    blueprint = Blueprint(
        "flask_analytics_health", __name__, url_prefix=f"{state.settings.url_prefix}/health"
    )
    access.guard(blueprint, state)
    blueprint.add_url_rule("", "summary", lambda: summary(state))
    blueprint.add_url_rule("/prometheus", "prometheus", lambda: prometheus(state))
    app.register_blueprint(blueprint)


def summary(state: State) -> Response:
    """The sum over all processes, and each of them. 200, and 503 if asked to be ``strict``."""
    total = state.board().total()
    content = describe(total)
    is_strict = request.args.get("strict") == "1"
    status = 503 if is_strict and content["status"] != "ok" else 200
    body = msgspec.json.encode(content)
    return Response(body, status=status, mimetype="application/json")


def prometheus(state: State) -> Response:
    """The same, as counters and gauges."""
    total = state.board().total()
    return Response(expose(total, bool(problems(total))), content_type=CONTENT_TYPE)
