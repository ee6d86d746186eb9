"""The browser's half on the server: the module, the snippet, and where pages send events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Request, Response, abort, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from .. import assets, visitor
from ..enrich import Facts, capture, host_name
from ..errors import DropEvent
from ..pipeline import Draft
from ..record import State, current_record, current_view
from .origin import is_same_origin
from .payload import MAX_BODY, Unreadable, read
from .problem import json_response, problem

#: Content types that a page can send without asking first (a beacon sends text/plain).
_TYPES = frozenset({"application/json", "text/plain"})

#: A file whose name is its content's hash never changes.
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Snippet:
    """What ``flask_analytics/snippet.html`` prints."""

    url: str
    integrity: str
    endpoint: str
    view_id: str | None
    #: What else the tag says, as data attributes without ``data-``.
    options: Mapping[str, str]


def install(app: Flask, state: State) -> None:
    """Register the blueprint and what templates need."""
    module = assets.Module.load(state.settings.browser.build)
    blueprint = Blueprint(
        "flask_analytics",
        __name__,
        root_path=str(assets.HOME),
        template_folder="templates",
        url_prefix=state.settings.browser_prefix,
    )
    scripts = {"a": module.main, **module.parts}
    end = f"{module.hash}.js"
    door = f'export * from "./a.{end}";\n'.encode()
    blueprint.add_url_rule(f"/a.{end}", "module", lambda: _script(module.main, f"a.{end}"))
    blueprint.add_url_rule(
        f"/<part>.{end}", "part", lambda part: _script(scripts.get(part), f"{part}.{end}")
    )
    blueprint.add_url_rule(f"/<part>.{end}.map", "map", lambda part: _map(scripts.get(part)))
    blueprint.add_url_rule("/a.js", "door", lambda: _answer(door, "no-cache"))
    blueprint.add_url_rule("/e", "ingest", lambda: ingest(state), methods=["POST"])
    app.register_blueprint(blueprint)
    app.jinja_env.globals["analytics_module_url"] = _module_url
    app.jinja_env.globals["analytics_snippet"] = lambda: _snippet(state, module)


def _script(script: assets.Script | None, name: str) -> Response:
    """A script in the shortest form that the browser takes."""
    if script is None:
        abort(404)
    accepted = request.accept_encodings
    coding = next((coding for coding in ("br", "gzip") if accepted[coding]), "")
    response = _answer(script.forms[coding], _FOREVER)
    response.headers["SourceMap"] = f"{name}.map"  # inside the script it would change the hash
    response.vary.add("Accept-Encoding")
    if coding:
        response.headers["Content-Encoding"] = coding
    return response


def _map(script: assets.Script | None) -> Response:
    if script is None:
        abort(404)
    return _answer(script.source_map, _FOREVER, "application/json")


def _answer(body: bytes, cache: str, mimetype: str = "text/javascript") -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = cache
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.add_etag()
    response.make_conditional(request)
    return response


def _module_url() -> str:
    return url_for("flask_analytics.module")


def _snippet(state: State, module: assets.Module) -> Snippet | None:
    if not state.settings.enabled:
        return None
    record = current_record()
    view = None if record is None else current_view(state.pipeline, record)
    return Snippet(
        url=_module_url(),
        integrity=module.integrity,
        endpoint=url_for("flask_analytics.ingest"),
        view_id=None if view is None else state.pipeline.views.write(*view),
        options=state.settings.browser.attributes,
    )


def ingest(state: State) -> Response:
    """Take what a page sends. Answers 204, 202 with what was refused, or a problem document."""
    if not is_same_origin(request):
        return _problem(403, "Events are taken from this site's own pages only.")
    if not state.settings.enabled:
        return _problem(410, "Analytics is switched off here.")  # the module stops at a 410
    if request.mimetype not in _TYPES:
        return _problem(415, "Send JSON, as application/json or text/plain.", "Content-Type")
    try:
        payload = read(_body(request), datetime.now(UTC))
    except Unreadable as error:
        return _problem(error.status, error.detail, error.field)
    if payload.events:
        _accept(state, payload.events)
    if not payload.refused:
        return Response(status=204)
    if not payload.events:
        first = payload.refused[0]
        return _problem(400, f"No event was taken. {first.detail}", first.field, payload.summary())
    return json_response(202, payload.summary())


def _accept(state: State, events: list[Any]) -> None:
    """The server's facts win: who, from where, in which language."""
    try:
        consent = state.permission.of(request.environ) or {}
    except DropEvent as drop:
        for _ in events:
            state.pipeline.count_dropped(drop.reason)
        return
    now = state.pipeline.clock()
    facts = Facts._make(capture(request.environ)).of_visitor()
    try:
        user = visitor.user_id(state.app, state.callbacks.user_id)
    except Exception as error:  # the application's own callable
        state.pipeline.log.warning("visitor", "user_id failed", error=error)
        user = None
    trusted = state.settings.trusted_hosts
    for event in events:
        event.user_id, event.consent = user, consent
        if trusted and event.url and host_name(urlsplit(event.url).netloc, trusted) is None:
            event.url = None  # the page's word for it is not enough
        state.pipeline.accept(Draft(event, now, facts))


def _body(current: Request) -> bytes:
    """At most one byte more than allowed, whatever the length header says or does not say."""
    if (current.content_length or 0) > MAX_BODY:
        raise Unreadable(413, f"The body is larger than {MAX_BODY} bytes: send fewer events.")
    if current.headers.get("Content-Encoding", "identity") != "identity":
        raise Unreadable(415, "Send it uncompressed.", "Content-Encoding")
    try:
        return bytes(current.stream.read(MAX_BODY + 1))
    except RequestEntityTooLarge:
        raise Unreadable(413, "The body is larger than this application takes.") from None


def _problem(
    status: int, detail: str, field: str | None = None, more: dict[str, Any] | None = None
) -> Response:
    return problem(status, "The events were not taken.", detail, field, more)
