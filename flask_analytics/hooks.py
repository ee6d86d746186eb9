"""Before and after a request: one automatic event, exactly once.

Rules, first match wins
1. Our own pages, static files, excluded paths and exempt views: no event.
2. HEAD and OPTIONS: no event.
3. What ``@analytics.classify`` says, where it is declared.
4. A GET that no route takes, or that answers text/html: a page view, unless it redirects, is a
   prefetch or prerender, an htmx fragment, or a missing part of a page, such as its icon.
5. POST, PUT, PATCH and DELETE on a route, whatever the answer: an action.
6. A view that shaped the event, or failed, gets one all the same.
An event with a name of its own is a custom one.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from time import perf_counter
from typing import Any

from flask import (
    Flask,
    Request,
    Response,
    after_this_request,
    got_request_exception,
    request_tearing_down,
)

from . import visitor
from .enrich import capture, language_tag, wsgi_text
from .errors import DropEvent
from .event import EventType
from .neighbours import Neighbours
from .record import (
    ACTIONS,
    KEY,
    Record,
    State,
    current_record,
    current_request,
    current_view,
    record_of,
)

#: The names of all our own blueprints begin so.
OWN = "flask_analytics"

#: Read in every request; looking a member up in an enumeration costs more than all else here.
_PAGEVIEW, _ACTION = EventType.PAGEVIEW, EventType.ACTION

_NEVER = frozenset({"HEAD", "OPTIONS"})
_REDIRECTS = frozenset({301, 302, 303, 305, 307, 308})

#: What a browser asks for that is no page (Sec-Fetch-Dest): a missing /favicon.ico, say.
_PARTS = frozenset(
    {"image", "style", "script", "font", "manifest", "audio", "video", "track", "worker"}
)

#: Marks a view function as exempt; survives functools.wraps.
EXEMPT = "_analytics_exempt"


def install(app: Flask, state: State) -> None:
    """Hook into the requests of an application.

    Our hooks stand at the front of both lists: the first to see a request, so that one which
    another hook answers is timed too, and, as Flask walks the second list backwards, the last
    to see a response, with all that other hooks made of it.
    """
    hooks = Hooks(app, state)
    app.before_request(hooks.first)
    app.after_request(hooks.after)
    lists: tuple[list[Any], ...] = (app.before_request_funcs[None], app.after_request_funcs[None])
    for registered in lists:
        registered.insert(0, registered.pop())
    got_request_exception.connect(hooks.on_exception, app)  # weakly: the lists above hold hooks


class Hooks:
    """The hooks of one application. Their own exceptions are logged and never leave them.

    ``before`` and ``after`` run in every request: what can wait is left to ``Record.draft``.
    """

    def __init__(self, app: Flask, state: State) -> None:
        self._app = app
        self._state = state
        self._callbacks = state.callbacks
        self._pipeline = state.pipeline
        self._exclude = state.settings.exclude
        #: endpoint -> whether it never gets an event
        self._quiet: dict[str | None, bool] = {None: False}
        settings = state.settings
        self._own_prefixes = (f"{settings.browser_prefix}/", f"{settings.url_prefix}/")
        self._neighbours = Neighbours(app, state)

    def first(self) -> None:
        """The first request of all. Afterwards ``before`` stands in its place: what is done once
        costs no other request anything."""
        self._neighbours.meet()
        registered: list[Any] = self._app.before_request_funcs[None]
        if self.first in registered:  # another thread may be the first as well
            registered[registered.index(self.first)] = self.before
        self.before()

    def before(self) -> None:
        """Start the clock."""
        current_request().environ[KEY] = Record(perf_counter())

    def after(self, response: Response) -> Response:
        """Send the event, before the response leaves."""
        self._observe(response)
        return response

    def on_exception(self, sender: Flask, exception: Exception, **_: Any) -> None:
        """An unhandled exception: Flask either answers 500 or, in tests and debug, raises on.

        Where it raises on, no ``after`` follows. Where it answers, another application hook
        may fail again before ours is reached, so ours is put first for this request.
        """
        try:
            record = current_record()
            if record is None:
                return
            record.has_failed = True
            if self._propagates():
                self._observe(None)
            else:
                after_this_request(self.after)
                # Only from the first failure on: a receiver costs each request 2 us.
                request_tearing_down.connect(self.on_teardown, sender)
        except Exception as error:
            self._pipeline.log.warning("after", "the automatic event failed", error=error)

    def on_teardown(self, sender: Flask, exc: BaseException | None = None, **_: Any) -> None:
        """The last chance: an error page that fails itself passes every other hook by."""
        if exc is None:
            return
        record = current_request().environ.get(KEY)
        if record is None or record.is_done:
            return
        record.has_failed = True
        self._observe(None)

    def _propagates(self) -> bool:
        setting = self._app.config["PROPAGATE_EXCEPTIONS"]
        return bool(self._app.testing or self._app.debug if setting is None else setting)

    def _observe(self, response: Response | None) -> None:
        try:
            current = current_request()
            environ = current.environ
            record: Record = environ.get(KEY) or record_of(current)
            rule = current.url_rule
            endpoint = None if rule is None else rule.endpoint
            status = 500 if response is None else response.status_code
            quiet = self._quiet.get(endpoint)
            if quiet is None:
                quiet = self._quiet[endpoint] = self._is_quiet(endpoint)
            elif rule is None:
                quiet = environ.get("PATH_INFO", "").startswith(self._own_prefixes)
            if quiet or record.is_done or (self._exclude and self._is_excluded(environ)):
                return
            if self._callbacks.exclude is not None and self._state.is_excluded():
                return
            if self._callbacks.classify is not None:
                type_ = self._classified(current, endpoint, response)
            else:
                type_ = default_type(environ, endpoint, response, status)
            if record.is_shaped or record.has_failed:
                type_ = promoted(type_, environ, record)
            if type_ is None:
                return
            record.is_done = True
            record.consent = self._state.permission.of(environ)
            record.type = type_
            if rule is not None:
                record.pattern, record.endpoint = rule.rule, endpoint
            record.status_code = status
            record.ended = perf_counter()
            if record.facts is None:
                record.facts = capture(environ)
            if self._state.knows_visitor is not False and self._state.may_know_visitor():
                self._add_visitor(record)
            if response is not None and environ.get("HTTP_SEC_FETCH_DEST") == "empty":
                self._tell_view(response, record)
            self._pipeline.accept(record)
        except DropEvent as drop:
            self._pipeline.count_dropped(drop.reason)
        except Exception as error:
            self._pipeline.log.warning("after", "the automatic event failed", error=error)

    def _tell_view(self, response: Response, record: Record) -> None:
        """Tell the id of the page view to a page that fetched this one, by way of htmx, Turbo or
        unpoly: the snippet inside does not run again, yet both channels shall say the same."""
        if record.type is not _ACTION:
            view = self._pipeline.views.write(*current_view(self._pipeline, record))
            response.headers.add("Server-Timing", f'view;desc="{view}"')

    def _add_visitor(self, record: Record) -> None:
        declared = self._callbacks.user_id
        try:
            record.user_id = visitor.user_id(self._app, declared)
            if language := visitor.language():
                record.locale = language_tag(language)
        except Exception as error:  # the application's own callables
            self._pipeline.log.warning("visitor", "user_id or locale failed", error=error)

    # -- which event, if any

    def _classified(
        self, current: Request, endpoint: str | None, response: Response | None
    ) -> EventType | None:
        declared = self._callbacks.classify
        if declared is not None and response is not None and current.method not in _NEVER:
            try:
                verdict = declared(current, response)
                return None if verdict is None else EventType(verdict)
            except Exception as error:
                self._pipeline.log.warning("classify", "classify failed", error=error)
        status = 500 if response is None else response.status_code
        return default_type(current.environ, endpoint, response, status)

    def _is_quiet(self, endpoint: str | None) -> bool:
        """Whether an endpoint never gets an automatic event. Asked once for each endpoint."""
        if endpoint is None:
            return False
        blueprint, _, name = endpoint.rpartition(".")
        if name == "static" or blueprint.split(".")[0].startswith(OWN):
            return True
        view = self._app.view_functions.get(endpoint)
        if hasattr(view, EXEMPT) or hasattr(getattr(view, "view_class", None), EXEMPT):
            return True
        parts = blueprint.split(".")
        nested = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
        return any(self._app.blueprints.get(path) in self._callbacks.exempt for path in nested)

    def _is_excluded(self, environ: Mapping[str, Any]) -> bool:
        path = wsgi_text(environ.get("PATH_INFO", ""))
        return any(fnmatchcase(path, pattern) for pattern in self._exclude)


def promoted(
    type_: EventType | None, environ: Mapping[str, Any], record: Record
) -> EventType | None:
    """What a view that shaped its event, or failed, makes of it."""
    method = environ["REQUEST_METHOD"]
    if method in _NEVER:
        return None
    if record.event_name:
        return EventType.CUSTOM
    return type_ or (_ACTION if method in ACTIONS else _PAGEVIEW)


def default_type(
    environ: Mapping[str, Any], endpoint: str | None, response: Response | None, status: int
) -> EventType | None:
    """What a request is by itself; see the rules above."""
    method = environ["REQUEST_METHOD"]
    if method != "GET":
        return _ACTION if method in ACTIONS and endpoint is not None else None
    if response is None:
        return _PAGEVIEW
    if status in _REDIRECTS or ("HTTP_HX_REQUEST" in environ and _is_fragment(environ)):
        return None
    if (
        "HTTP_SEC_PURPOSE" in environ
        or "HTTP_PURPOSE" in environ
        or "HTTP_X_MOZ" in environ
        or "HTTP_X_SEC_PURPOSE" in environ
    ) and _is_early(environ):
        return None
    if endpoint is None:
        return None if environ.get("HTTP_SEC_FETCH_DEST") in _PARTS else _PAGEVIEW
    for name, value in response.headers:  # mostly the first one: quicker than a look-up
        if name == "Content-Type":
            return _PAGEVIEW if value[:9].lower() == "text/html" else None
    return _PAGEVIEW if (response.mimetype or "").lower() == "text/html" else None


def _is_early(environ: Mapping[str, Any]) -> bool:
    """A prefetch or prerender: nobody has seen the page yet, perhaps nobody will."""
    # Turbo may not set the first, a name that is the browser's.
    purpose = environ.get("HTTP_SEC_PURPOSE", "") + environ.get("HTTP_X_SEC_PURPOSE", "")
    older = environ.get("HTTP_PURPOSE", "") + environ.get("HTTP_X_MOZ", "")
    return "prefetch" in purpose or "prerender" in purpose or "prefetch" in older.lower()


def _is_fragment(environ: Mapping[str, Any]) -> bool:
    """A part of a page that htmx swaps in. Boosted links and restored history are pages."""
    return (
        environ.get("HTTP_HX_BOOSTED") != "true"
        and environ.get("HTTP_HX_HISTORY_RESTORE_REQUEST") != "true"
    )
