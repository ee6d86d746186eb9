"""The helpers: ``track``, ``set_event_name`` and the others, through three doors.

``g.analytics.track(...)`` in a view, ``from flask_analytics import track``, and
``analytics.track(...)`` on the extension are the same methods. A wrong argument raises under
debug and TESTING; in production it is made usable, counted and logged once a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

from flask import Flask, Request, Response, current_app

from . import claims, trigger, visitor
from .arguments import Money, forgive, make_event, money, properties
from .arguments import event_name as checked_name
from .arguments import key as checked_key
from .enrich import capture
from .errors import DropEvent
from .event import MAX_PROPERTIES, EventType, Revenue
from .pipeline import Draft
from .record import Record, State, current_record, record_of, running_request, shown_view

#: The application itself; see ``record.current_request``.
_current_app: Callable[[], Flask] = current_app._get_current_object  # type: ignore[attr-defined]


class Details(TypedDict, total=False):
    """Keywords that every event takes; see ``track``."""

    anonymous_id: Any
    timestamp: datetime | None
    context: Mapping[str, Any] | None
    integrations: Mapping[str, Any] | None


class Who(Details, total=False):
    """And who it was, where that is no argument of its own."""

    user_id: Any


class Helpers:
    """The helpers of one application, or of whichever application is current."""

    def _state(self) -> State:
        try:
            state: State = _current_app().extensions["analytics"]
        except KeyError:
            raise RuntimeError(
                "Analytics is not set up for this application: call Analytics(app), "
                "or analytics.init_app(app) in its factory"
            ) from None
        return state

    # -- events of their own

    def track(
        self,
        event_name: str,
        properties: Mapping[str, Any] | None = None,
        *,
        revenue: Money | None = None,
        user_id: Any = None,
        anonymous_id: Any = None,
        timestamp: datetime | None = None,
        context: Mapping[str, Any] | None = None,
        integrations: Mapping[str, Any] | None = None,
    ) -> None:
        """Send an event of your own.

        :param event_name: what happened, such as ``"checkout.completed"``; cut at 128 characters.
        :param properties: at most 64; JSON, Decimals, dates and UUIDs.
        :param revenue: ``(amount, currency)`` with an ISO 4217 code, or a ``Revenue``.
        :param user_id: who; default the user of the request.
        :param anonymous_id: who, before they have an account.
        :param timestamp: when, if not now; without a zone it is UTC.
        :param context: facts that are no properties.
        :param integrations: which collectors may have it: ``{"All": False, "Webhook": True}``.
        :raises TypeError, ValueError: an argument is wrong, under debug and TESTING only.
        """
        fields: dict[str, Any] = {"event_name": event_name, "properties": properties}
        if revenue is not None:
            fields["revenue"] = revenue
        if user_id is not None:
            fields["user_id"] = user_id
        if anonymous_id is not None:
            fields["anonymous_id"] = anonymous_id
        if timestamp is not None:
            fields["timestamp"] = timestamp
        if context is not None:
            fields["context"] = context
        if integrations is not None:
            fields["integrations"] = integrations
        self._send(EventType.CUSTOM, fields)

    def page(
        self,
        name: str | None = None,
        category: str | None = None,
        properties: Mapping[str, Any] | None = None,
        **who: Unpack[Who],
    ) -> None:
        """Send a page view, as Segment's ``page``. ``who``: the keywords of ``track``."""
        fields = {"event_name": name, "properties": properties, "category": category, **who}
        self._send(EventType.PAGEVIEW, fields)

    def identify(
        self, user_id: Any, traits: Mapping[str, Any] | None = None, **details: Unpack[Details]
    ) -> None:
        """Say who a user is, and what is known of them. ``details``: keywords of ``track``."""
        self._send(EventType.IDENTIFY, {"user_id": user_id, "traits": traits, **details})

    def group(
        self, group_id: Any, traits: Mapping[str, Any] | None = None, **who: Unpack[Who]
    ) -> None:
        """Say which company, team or account the user belongs to."""
        self._send(EventType.GROUP, {"group_id": group_id, "traits": traits, **who})

    def alias(self, previous_id: Any, user_id: Any = None, **details: Unpack[Details]) -> None:
        """Say that two ids are one person; ``user_id`` is by default the request's."""
        fields = {"previous_id": previous_id, "user_id": user_id, **details}
        self._send(EventType.ALIAS, fields)

    def trigger_client_event(
        self, response: Response, event_name: str, params: Mapping[str, Any] | None = None
    ) -> Response:
        """Let the page send an event, in its own page view, when this answer arrives there.

        For answers to htmx and unpoly, whose headers ``HX-Trigger`` and ``X-Up-Events`` it adds to.

        :param response: see ``flask.make_response``; returned.
        :param event_name: as for ``track``.
        :param params: the event's properties; the headers have room for 4,096 characters.
        :raises TypeError, ValueError: an argument is wrong, under debug and TESTING only.
        """
        state = self._state()
        if state.settings.enabled:
            try:
                told = properties(state, {} if params is None else params)
                trigger.add(response.headers, checked_name(event_name), told)
            except Exception as error:
                forgive(state, error)
        return response

    def claim(
        self,
        event_name: str | None = None,
        *,
        user_id: Any = None,
        revenue: Money | None = None,
        max_age: int = claims.HOUR,
    ) -> str:
        """Sign what a page may claim of its events; in templates ``analytics_claim(...)``.

        An event whose property ``analytics_claim`` is this text gets the fields.

        :param event_name: the only event that may claim it; a must with revenue.
        :param user_id: who the page is for; whom the server knows itself, wins.
        :param revenue: ``(amount, currency)``, which counts once, however often it is claimed.
        :param max_age: seconds that it holds, a week at most.
        :returns: the text; empty where events are off.
        :raises TypeError, ValueError, RuntimeError: an argument is wrong, or there is no
            SECRET_KEY, under debug and TESTING only.
        """
        state = self._state()
        if not state.settings.enabled:
            return ""
        try:
            if not state.secrets:
                raise RuntimeError(
                    "a claim is signed with the SECRET_KEY of the application: set it"
                )
            name = None if event_name is None else checked_name(event_name)
            amount = None if revenue is None else money(revenue)
            user, now = visitor.id_text(user_id), state.pipeline.clock()
            return claims.sign(claims.make(now, user, name, amount, max_age), state.secrets)
        except Exception as error:
            forgive(state, error)
            return ""

    # -- the automatic event of the request

    def set_event_name(self, event_name: str) -> None:
        """Promote the automatic event to a custom one of this name. Outside a request: nothing."""
        self._shape(lambda record: _set(record, "event_name", checked_name(event_name)))

    def add_property(self, key: str, value: Any) -> None:
        """Add to the automatic event, or change what was added. The 65th is dropped."""
        self._shape(lambda record: self._add(record, key, value))

    def set_revenue(self, amount: Decimal | int | float | str, currency: str) -> None:
        """Put an amount of money on the automatic event.

        :raises ValueError: NaN, infinity, an unknown currency (under debug and TESTING only).
        """
        self._shape(lambda record: _set(record, "revenue", Revenue.of(amount, currency)))

    def _shape(self, change: Callable[[Record], None]) -> None:
        state = self._state()
        record = current_record() if state.settings.enabled else None
        if record is None:
            return
        record.is_shaped = True
        try:
            change(record)
        except Exception as error:
            forgive(state, error)

    def _add(self, record: Record, key: str, value: Any) -> None:
        state = self._state()
        added = properties(state, {checked_key(key): value})
        kept = record.properties = record.properties or {}
        if len(kept) < MAX_PROPERTIES or not added.keys() - kept.keys():
            kept.update(added)
        else:
            state.pipeline.trimmed.count("properties")

    def _send(self, type_: EventType, fields: dict[str, Any]) -> None:
        state = self._state()
        if not state.settings.enabled or state.is_excluded():
            return
        try:
            event, at = make_event(state, type_, fields)
            draft = Draft(event, at or state.pipeline.clock())
            request = running_request()
            if request is not None:
                _add_request(state, request, draft)
        except DropEvent as drop:
            state.pipeline.count_dropped(drop.reason)
            if state.is_strict and drop.__cause__ is not None:
                raise drop.__cause__ from None
            return
        except Exception as error:
            forgive(state, error)
            state.pipeline.count_dropped("invalid")
            return
        try:
            state.pipeline.accept(draft)
        except Exception as error:
            forgive(state, error)


def _set(record: Record, name: str, value: Any) -> None:
    setattr(record, name, value)


def _add_request(state: State, request: Request, draft: Draft) -> None:
    """The route, the user where the caller named none, the page view and the raw facts."""
    record, event, rule = record_of(request), draft.event, request.url_rule
    event.consent = state.permission.of(request.environ) or {}
    if rule is not None:
        event.matched_pattern, event.endpoint = rule.rule, rule.endpoint
    if event.user_id is None and state.may_know_visitor():
        try:
            event.user_id = visitor.user_id(state.app, state.callbacks.user_id)
        except Exception as error:
            forgive(state, error)
    if record.facts is None:
        record.facts = capture(request.environ)
    draft.facts = record.facts
    draft.view = shown_view(state.pipeline, record, request.method)


_any_application = Helpers()
track = _any_application.track
page = _any_application.page
identify = _any_application.identify
group = _any_application.group
alias = _any_application.alias
set_event_name = _any_application.set_event_name
add_property = _any_application.add_property
trigger_client_event = _any_application.trigger_client_event
set_revenue = _any_application.set_revenue
