"""Where pages send events: who may, how much, and what becomes of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Request, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from .. import claims, visitor
from ..enrich import Facts, capture, host_name
from ..errors import DropEvent
from ..event import Event
from ..pipeline import Draft
from ..record import State
from .origin import is_same_origin
from .payload import MAX_BODY, Payload, Unreadable, read
from .problem import json_response, problem
from .rates import Rates, sender
from .vocabulary import Vocabulary

#: Content types that a page can send without asking first (a beacon sends text/plain).
_TYPES = frozenset({"application/json", "text/plain"})


class Ingest:
    """The endpoint of one application. Answers 204, 202 with what was refused, or a problem
    document.

    :raises ConfigurationError: ANALYTICS_INGEST_STORAGE cannot be used.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        pipeline = state.pipeline
        self._rates = Rates(
            state.settings, state.app.name, pipeline.log, is_testing=lambda: state.app.testing
        )
        self._vocabulary = Vocabulary(pipeline.trimmed, pipeline.log, lambda: pipeline.clock())

    def __call__(self) -> Response:
        if not is_same_origin(request):
            return _problem(403, "Events are taken from this site's own pages only.")
        if not self._state.settings.enabled:
            return _problem(410, "Analytics is switched off here.")  # the module stops at a 410
        address = sender(request.environ, self._state.pipeline.log)
        if wait := self._rates.request(address):  # before anything is read
            return self._later("address", wait)
        if self._state.is_excluded():
            return Response(status=204)  # a 403 would be an error in the console of each page
        if request.mimetype not in _TYPES:
            return _problem(415, "Send JSON, as application/json or text/plain.", "Content-Type")
        try:
            payload = read(_body(request), datetime.now(UTC))
        except Unreadable as error:
            return _problem(error.status, error.detail, error.field)
        if payload.events:
            if wait := self._rates.batch(address, len(payload.events)):
                return self._later("address", wait)
            if wait := self._rates.events(len(payload.events)):
                return self._later("total", wait)
            self._accept(payload.events)
        return _answer(payload)

    def _later(self, reason: str, wait: int) -> Response:
        """Too many. The module comes again after that long, or later."""
        self._state.pipeline.refused.count(reason)
        response = _problem(429, f"Too many at a time: send it again in {wait} seconds.")
        response.headers["Retry-After"] = str(wait)
        return response

    def _accept(self, events: list[Event]) -> None:
        """The server's facts win: who, from where, in which language."""
        state = self._state
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
        of_page = request.args.get(claims.PARAMETER)
        for event in events:
            event.user_id, event.consent = user, dict(consent)  # before_send may change it
            told = event.properties.pop(claims.PROPERTY, None), of_page
            names = [self._claim(event, text) for text in told if text]
            self._vocabulary.limit(event, keep_name=event.event_name in names)
            if trusted and event.url and host_name(urlsplit(event.url).netloc, trusted) is None:
                event.url = None  # the page's word for it is not enough
            state.pipeline.accept(Draft(event, now, facts))

    def _claim(self, event: Event, text: Any) -> str:
        """Give an event what the server has signed for it. Returns its name, if that was, too."""
        state = self._state
        claim = claims.read(text, state.secrets, state.pipeline.clock())
        if claim is None or not claim.give(event):
            state.pipeline.trimmed.count("claim")
            return ""
        return claim.event_name or ""


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


def _answer(payload: Payload) -> Response:
    if not payload.refused:
        return Response(status=204)
    if payload.events:
        return json_response(202, payload.summary())
    first = payload.refused[0]
    return _problem(400, f"No event was taken. {first.detail}", first.field, payload.summary())


def _problem(
    status: int, detail: str, field: str | None = None, more: dict[str, Any] | None = None
) -> Response:
    return problem(status, "The events were not taken.", detail, field, more)
