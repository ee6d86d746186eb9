"""The write API: other programs send events, with a write key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Flask, Response, request

from ..record import State
from . import body, headers, senders
from .batch import read_events, read_identify
from .payload import Payload, Unreadable
from .problem import json_response, problem
from .senders import Senders


def install(app: Flask, state: State) -> None:
    """Register the routes, closed to all without a write key.

    :raises ConfigurationError: a key of ANALYTICS_WRITE_KEYS is a hash that is none.
    """
    known = Senders(state.settings)
    blueprint = Blueprint(
        "flask_analytics_write", __name__, url_prefix=f"{state.settings.url_prefix}/api"
    )
    blueprint.before_request(lambda: _refusal(known))
    blueprint.after_request(headers.dress)
    routes: dict[str, Callable[[bytes, datetime], Payload]] = {
        "events": read_events,
        "identify": _identify,
    }
    for name, read in routes.items():
        blueprint.add_url_rule(f"/{name}", name, _view(state, read), methods=["POST"])
        blueprint.add_url_rule(f"/{name}", f"no_{name}", _only_post, methods=senders.WRONG_METHODS)
    app.register_blueprint(blueprint)


def _refusal(known: Senders) -> Response | None:
    """What to answer to those who may not write, or None."""
    unwelcome = known.unknown(senders.shown(request))
    if unwelcome is None:
        return None
    response = _no(unwelcome.status, unwelcome.detail)
    if unwelcome.status == 401:
        # Not Basic: browsers would ask their user for a password.
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _view(state: State, read: Callable[[bytes, datetime], Payload]) -> Callable[[], Response]:
    def view() -> Response:
        if not state.settings.enabled:
            return _no(410, "Analytics is switched off here.")
        try:
            now = datetime.fromtimestamp(state.pipeline.clock(), UTC)
            return _take(state, read(body.read(request), now))
        except Unreadable as error:
            return _no(error.status, error.detail, error.field)

    return view


def _identify(content: bytes, now: datetime) -> Payload:
    return Payload([read_identify(content, now)], [])


def _take(state: State, payload: Payload) -> Response:
    for event in payload.events:
        senders.accept(state.pipeline, event)
    if payload.events:
        return json_response(202, payload.summary())
    first = payload.refused[0]
    return _no(400, f"No event was taken. {first.detail}", first.field, payload.summary())


def _only_post() -> Response:
    response = _no(405, "Events are sent by POST.")
    response.headers["Allow"] = "POST, OPTIONS"
    return response


def _no(status: int, detail: str, field: str | None = None, more: Any = None) -> Response:
    return problem(status, "The events were not taken.", detail, field, more)
