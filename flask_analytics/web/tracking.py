"""The tracking API: Segment's own clients, in whatever language, send here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Flask, Response, request

from ..enrich import best_language, header_text
from ..errors import DropEvent
from ..event import Event
from ..record import State
from . import body, headers, senders
from .payload import Payload, Unreadable
from .problem import json_response, problem
from .senders import Senders
from .tracking_calls import read_batch, read_call, write_key
from .tracking_messages import TYPES

#: Browsers' clients send text, and some name no type at all.
_JSON = frozenset({"application/json", "text/plain", ""})

#: Headers that clients send, and that a page has to be allowed to.
_HEADERS = "Authorization, Content-Type, Content-Encoding, X-Retry-Count"

#: Seconds that a browser may remember what it was allowed; Chromium remembers no longer
#: (https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Access-Control-Max-Age).
_REMEMBERED = "7200"

#: Status -> the word for programs of an answer about the whole body.
_WORDS = {400: "malformed", 413: "too_large", 415: "content_type"}

Read = Callable[[bytes, datetime], Payload]


def _call(type_: str) -> Read:
    return lambda content, now: read_call(content, type_, now)


#: The routes.
READERS: Mapping[str, Read] = MappingProxyType(
    {
        **{name: _call(name) for name in TYPES},
        "batch": read_batch,
        "import": partial(read_batch, is_exact=True),
    }
)


def install(app: Flask, state: State) -> None:
    """Register the routes, closed to all without a write key.

    :raises ConfigurationError: a key of ANALYTICS_WRITE_KEYS is a hash that is none.
    """
    known = Senders(state.settings)
    blueprint = Blueprint(
        "flask_analytics_tracking", __name__, url_prefix=f"{state.settings.url_prefix}/v1"
    )
    blueprint.before_request(lambda: _foreign(known))
    blueprint.after_request(headers.dress)
    blueprint.after_request(lambda response: _readable(known, response))
    other = partial(_other_method, known)
    for name, read in READERS.items():
        view = _view(state, known, read)
        # By its first letter alone Segment's client for browsers calls each.
        for path in (name,) if name == "import" else (name, name[0]):
            add = partial(blueprint.add_url_rule, f"/{path}", provide_automatic_options=False)
            add(endpoint=path, view_func=view, methods=["POST"])
            add(endpoint=f"no_{path}", view_func=other, methods=[*senders.WRONG_METHODS, "OPTIONS"])
    app.register_blueprint(blueprint)


def _view(state: State, known: Senders, read: Read) -> Callable[[], Response]:
    def view() -> Response:
        if not state.settings.enabled:  # not 410, as elsewhere: these clients try again after it
            return _no(403, "switched_off", "Analytics is switched off here.")
        try:
            content = _content(known)
            if isinstance(content, Response):
                return content
            now = datetime.fromtimestamp(state.pipeline.clock(), UTC)
            return _take(state, read(content, now))
        except Unreadable as error:
            return _no(error.status, _WORDS[error.status], error.detail, error.field)

    return view


def _content(known: Senders) -> bytes | Response:
    """The body of somebody whose key is known, else what to answer. A key may stand in the body,
    which is read only where there are keys at all."""
    shown = senders.shown(request)
    if shown is not None or not known.has_keys:
        return _unknown(known, shown) or body.read(request, _JSON)
    content = body.read(request, _JSON)
    return _unknown(known, write_key(content)) or content


# -- who may


def _foreign(known: Senders) -> Response | None:
    """What to answer to a page of somebody else's, or None."""
    unwelcome = known.foreign(request)
    return None if unwelcome is None else _no(unwelcome.status, "origin", unwelcome.detail)


def _unknown(known: Senders, key: bytes | None) -> Response | None:
    """What to answer to those whose key is not known, or None."""
    unwelcome = known.unknown(key)
    if unwelcome is None:
        return None
    response = _no(unwelcome.status, "write_key", unwelcome.detail)
    if unwelcome.status == 401:
        # Not Basic: browsers would ask their user for a password.
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _other_method(known: Senders) -> Response:
    """Everything but POST: a browser asks whether a page may send, or it is a mistake."""
    if request.method == "OPTIONS" and "Origin" in request.headers:
        return _asked()
    refusal = _unknown(known, senders.shown(request))
    if refusal is None:
        refusal = _no(405, "method", "Calls are sent by POST.")
        refusal.headers["Allow"] = "POST, OPTIONS"
    return refusal


def _asked() -> Response:
    """It may: ``_foreign`` has refused the others already. Browsers send no key with this."""
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = _HEADERS
    response.headers["Access-Control-Max-Age"] = _REMEMBERED
    return response


def _readable(known: Senders, response: Response) -> Response:
    """Pages of the configured origins may read what they are answered."""
    origin = request.headers.get("Origin")
    if origin is not None and known.allows(origin):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    response.vary.add("Origin")
    return response


# -- what becomes of it


def _take(state: State, payload: Payload) -> Response:
    try:
        _accept(state, payload.events)
    except DropEvent as drop:  # before the first of them
        for _ in payload.events:
            state.pipeline.count_dropped(drop.reason)
    if not payload.refused:
        return json_response(200, {"success": True})
    if payload.events:
        return json_response(200, {"success": True, **payload.summary()})
    first: Any = payload.refused[0]
    detail = f"Nothing was taken. {first.detail}"
    return _no(400, first.code, detail, first.field, payload.summary())


def _accept(state: State, events: list[Event]) -> None:
    """Take them in; of those that a page sends, its visitor is asked.

    :raises DropEvent: the visitor cannot be asked.
    """
    is_page = "Origin" in request.headers
    consent = state.permission.of(request.environ) if is_page and events else None
    for event in events:
        if is_page:
            _add_visitor(event)
            event.consent = dict(consent or {})
        senders.accept(state.pipeline, event)


def _add_visitor(event: Event) -> None:
    """A browser's request tells who sent it; one of a server would tell of that server."""
    if event.client_ip is None:
        event.client_ip = request.remote_addr
    if event.user_agent is None and (agent := request.headers.get("User-Agent")):
        event.user_agent = header_text(agent)
    if event.locale is None and (languages := request.headers.get("Accept-Language")):
        event.locale = best_language(languages[:512])


def _no(
    status: int,
    code: str,
    detail: str,
    field: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """A problem document that also says what Segment's clients read: ``code``, ``message``."""
    own = {"success": False, "code": code, "message": detail, **(more or {})}
    return problem(status, "The events were not taken.", detail, field, own)
