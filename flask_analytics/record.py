"""What one application keeps, and what one request has told so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Flask, Request, request

from . import claims, visitor
from .config import Settings
from .delivery.forgotten import Forgotten
from .enrich import METHOD
from .event import Event, EventType, Revenue
from .permission import Permission
from .pipeline import Draft, Pipeline, Stamp, Step, View

if TYPE_CHECKING:
    from .collectors.base import Collector
    from .delivery.board import Board
    from .store.base import Store

#: The request itself; going through the proxy for each attribute would double our cost.
current_request: Callable[[], Request] = request._get_current_object  # type: ignore[attr-defined]

#: Where a request keeps its record: the WSGI environ, which every part of the request shares.
KEY = "flask_analytics.record"

#: And whether the application has excluded it.
EXCLUDED = "flask_analytics.excluded"

#: Methods that act rather than look.
ACTIONS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass(slots=True)
class Callbacks:
    """What the application declared on the extension."""

    user_id: Callable[[], Any] | None = None
    classify: Callable[..., Any] | None = None
    #: Whether the visitor is none whose events count.
    exclude: Callable[[], Any] | None = None
    #: What the visitor of the request allows.
    consent: Callable[[], Any] | None = None
    #: Who may read: True, False, or a response to pass on.
    access: Callable[[], Any] | None = None
    #: Blueprints without automatic events.
    exempt: list[Any] = field(default_factory=list)
    #: What takes out of an event what must not be kept, the last steps of all.
    redact: list[Step] = field(default_factory=list)


@dataclass(slots=True, weakref_slot=True, eq=False)
class State:
    """Everything of one application: ``app.extensions["analytics"]``."""

    app: Flask
    settings: Settings
    pipeline: Pipeline
    callbacks: Callbacks
    #: Where this process's counts stand beside the others'; opened at first use.
    board: Callable[[], Board]
    #: Asks what visitors allow.
    permission: Permission
    #: ANALYTICS_DIR, and who was forgotten lately.
    home: Path
    forgotten: Forgotten
    #: Opens the store at first use; None where ANALYTICS_STORE is None.
    store: Callable[[], Store] | None = None
    #: Where events go, by name.
    collectors: Mapping[str, Collector] = field(default_factory=dict)
    #: None until the first request has asked.
    knows_visitor: bool | None = None

    def may_know_visitor(self) -> bool:
        """Whether the application can tell anything about its visitors at all. Asked in the
        first request, when every other extension is set up."""
        if self.knows_visitor is None:
            self.knows_visitor = visitor.is_known(self.app, self.callbacks.user_id)
        return self.knows_visitor

    def is_excluded(self) -> bool:
        """Whether nothing of the request that runs is an event. Who was excluded before a logout
        still is; a callable that fails excludes nobody."""
        declared = self.callbacks.exclude
        current = None if declared is None else running_request()
        if declared is None or current is None:
            return False
        if EXCLUDED not in current.environ:
            try:
                if not visitor.ask(self.app, declared):
                    return False
            except Exception as error:
                self.pipeline.log.warning("exclude", "exclude failed", error=error)
                return False
            current.environ[EXCLUDED] = True
        self.pipeline.refused.count("excluded")
        return True

    @property
    def secrets(self) -> list[bytes]:
        """What the application signs with; the last one is the newest."""
        return claims.keys(self.app.secret_key, self.app.config.get("SECRET_KEY_FALLBACKS"))

    @property
    def is_strict(self) -> bool:
        """Whether mistakes raise: while developing and testing."""
        return self.app.debug or self.app.testing


class Record(msgspec.Struct, gc=False, array_like=True, tag="record", tag_field="kind"):
    """What one request has told so far; at its end, what its automatic event is made of.

    A Struct, because each request makes one: it costs half of what an object does, and the
    journal takes it as it is. There it is an array: a new version may only append fields.
    """

    #: Of ``time.perf_counter``; None when an earlier hook answered before ours could look.
    started: float | None = None

    # while the view runs
    facts: tuple[Any, ...] | None = None
    #: The first one counts; appending is atomic, so that two threads get the same.
    views: list[View] = []
    event_name: str | None = None
    properties: dict[str, Any] | None = None
    revenue: Revenue | None = None
    is_shaped: bool = False
    has_failed: bool = False
    is_done: bool = False

    # at the end
    type: EventType = EventType.CUSTOM
    pattern: str | None = None
    endpoint: str | None = None
    status_code: int | None = None
    ended: float = 0.0
    user_id: str | None = None
    locale: str | None = None

    # once it is in the journal
    at: float | None = None
    stamp: Stamp | None = None

    # before it is sent; last, since a new field comes last
    consent: dict[str, bool] | None = None

    def freeze(self, pipeline: Pipeline) -> None:
        """Fix what could come out otherwise in another process."""
        self.at = self._began_at(pipeline)
        self.stamp = pipeline.stamp()
        if self.facts is not None:
            self.facts = pipeline.redact(self.facts)
            shown_view(pipeline, self, self.facts[METHOD])

    def _began_at(self, pipeline: Pipeline) -> float:
        began = self.ended if self.started is None else self.started
        return pipeline.clock() - (time.perf_counter() - began)

    def draft(self, pipeline: Pipeline) -> Draft:
        """The automatic event, as far as the request knew it."""
        event = Event(
            type=self.type,
            event_name=self.event_name,
            user_id=self.user_id,
            locale=self.locale,
            matched_pattern=self.pattern,
            endpoint=self.endpoint,
            status_code=self.status_code,
            duration=None if self.started is None else self.ended - self.started,
            properties=self.properties or {},
            revenue=self.revenue,
            consent=self.consent or {},
        )
        method = None if self.facts is None else self.facts[METHOD]
        if method in ACTIONS:
            event.action_name = self.endpoint
        at = self._began_at(pipeline) if self.at is None else self.at
        view = shown_view(pipeline, self, method)
        return Draft(event, at, self.facts, view, self.stamp)


_decode = msgspec.json.Decoder(Record | Draft).decode


def thaw(body: bytes) -> Record | Draft:
    """What ``Pipeline.freeze`` made an event into.

    :raises ValueError: it is something else, or of another version.
    """
    unfinished: Record | Draft = _decode(body)
    return unfinished


def running_request() -> Request | None:
    """The request that runs, or None outside of one."""
    try:
        return current_request()
    except RuntimeError:
        return None


def record_of(request: Request) -> Record:
    """The record of a request; made here where our hook has not run."""
    record: Record | None = request.environ.get(KEY)
    if record is None:
        record = request.environ[KEY] = Record()
    return record


def current_record() -> Record | None:
    """The record of the request that runs, or None outside a request."""
    request = running_request()
    return None if request is None else record_of(request)


def current_view(pipeline: Pipeline, record: Record) -> View:
    """The page view of a request, drawn by whoever asks first: page, helper or dispatcher."""
    if not record.views:
        record.views.append((pipeline.views.draw(), pipeline.clock()))
    return record.views[0]


def shown_view(pipeline: Pipeline, record: Record, method: str | None) -> View | None:
    """The page view that an event of the request belongs to. An action has none of its own,
    unless it answered with a page that asked for one."""
    if method in ACTIONS and not record.views:
        return None
    return current_view(pipeline, record)
