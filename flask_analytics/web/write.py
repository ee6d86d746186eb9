"""The write API: other programs send events, with a write key."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import IO, Any

from flask import Blueprint, Flask, Request, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from ..event import Event
from ..pipeline import Draft
from ..record import State
from . import keys
from .batch import MAX_BATCH, read_events, read_identify
from .payload import Payload, Unreadable
from .problem import json_response, problem

#: Bytes that are read and unpacked at a time.
_CHUNK = 64 * 1024

_WRONG_METHODS = ("GET", "PUT", "PATCH", "DELETE")

_CURE = (
    'Nobody may write here: give each sender a key in ANALYTICS_WRITE_KEYS, such as {"mobile": '
    '"a-long-random-key"}, to send as "Authorization: Bearer <key>".'
)


def install(app: Flask, state: State) -> None:
    """Register the routes, closed to all without a write key.

    :raises ConfigurationError: a key of ANALYTICS_WRITE_KEYS is a hash that is none.
    """
    digests = keys.digests("ANALYTICS_WRITE_KEYS", state.settings.write_keys)
    blueprint = Blueprint(
        "flask_analytics_write", __name__, url_prefix=f"{state.settings.url_prefix}/api"
    )
    blueprint.before_request(lambda: refusal(digests, request))
    blueprint.after_request(_uncached)
    routes: dict[str, Callable[[bytes, datetime], Payload]] = {
        "events": read_events,
        "identify": _identify,
    }
    for name, read in routes.items():
        blueprint.add_url_rule(f"/{name}", name, _view(state, read), methods=["POST"])
        blueprint.add_url_rule(f"/{name}", f"no_{name}", _only_post, methods=_WRONG_METHODS)
    app.register_blueprint(blueprint)


def refusal(digests: Sequence[bytes], current: Request) -> Response | None:
    """What to answer to those who may not write, or None."""
    if not digests:
        return _no(403, _CURE)
    given = keys.bearer(current) or keys.basic(current)
    if given is not None and keys.is_known(given, digests):
        return None
    detail = (
        'Send a write key, as "Authorization: Bearer <key>" or as the user name of Basic.'
        if given is None
        else "This key is not one of ANALYTICS_WRITE_KEYS."
    )
    response = _no(401, detail)
    # Not Basic: browsers would ask their user for a password.
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _view(state: State, read: Callable[[bytes, datetime], Payload]) -> Callable[[], Response]:
    def view() -> Response:
        if not state.settings.enabled:
            return _no(410, "Analytics is switched off here.")
        try:
            now = datetime.fromtimestamp(state.pipeline.clock(), UTC)
            return _take(state, read(body(request), now))
        except Unreadable as error:
            return _no(error.status, error.detail, error.field)

    return view


def _identify(content: bytes, now: datetime) -> Payload:
    return Payload([read_identify(content, now)], [])


def _take(state: State, payload: Payload) -> Response:
    for event in payload.events:
        _accept(state, event)
    if payload.events:
        return json_response(202, payload.summary())
    first = payload.refused[0]
    return _no(400, f"No event was taken. {first.detail}", first.field, payload.summary())


def _accept(state: State, event: Event) -> None:
    # Without the facts of this request: its address and user agent are those of a machine.
    state.pipeline.accept(Draft(event, state.pipeline.clock()))


def body(current: Request) -> bytes:
    """The body, unpacked; never more than one chunk beyond the limit is in memory.

    :raises Unreadable: too large, no JSON, or not what it says.
    """
    if current.mimetype != "application/json":
        raise Unreadable(415, "Send JSON, as application/json.", "Content-Type")
    packing = current.headers.get("Content-Encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip"):
        raise Unreadable(415, "Send it as it is, or packed by gzip.", "Content-Encoding")
    if (current.content_length or 0) > MAX_BATCH:
        raise _too_large()
    try:
        return _gunzipped(current.stream) if packing == "gzip" else _read(current.stream)
    except RequestEntityTooLarge:
        raise Unreadable(413, "The body is larger than this application takes.") from None


def _read(stream: IO[bytes]) -> bytes:
    content = stream.read(MAX_BATCH + 1)
    if len(content) > MAX_BATCH:
        raise _too_large()
    return content


def _gunzipped(stream: IO[bytes]) -> bytes:
    """Unpack piece by piece: a small bomb must not become a large memory."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    content = bytearray()
    packed = 0
    try:
        while chunk := stream.read(_CHUNK):
            packed += len(chunk)
            content += unpacker.decompress(chunk, MAX_BATCH + 1 - len(content))
            if len(content) > MAX_BATCH or unpacker.unconsumed_tail or packed > MAX_BATCH:
                raise _too_large()
            if unpacker.unused_data:
                raise zlib.error
    except zlib.error:
        raise Unreadable(400, "This is not one gzip stream.", "Content-Encoding") from None
    if not unpacker.eof:
        raise Unreadable(400, "The gzip stream ends too early.", "Content-Encoding")
    return bytes(content)


def _too_large() -> Unreadable:
    return Unreadable(413, f"More than {MAX_BATCH} bytes, unpacked: send fewer events at a time.")


def _only_post() -> Response:
    response = _no(405, "Events are sent by POST.")
    response.headers["Allow"] = "POST, OPTIONS"
    return response


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _no(status: int, detail: str, field: str | None = None, more: Any = None) -> Response:
    return problem(status, "The events were not taken.", detail, field, more)
