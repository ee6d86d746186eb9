"""Events into rows: of ``events``, and of what a batch tells about who is who."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from ...event import Event, EventType, Source, decode, encode
from ...metrics import facts
from ...metrics.window import micros
from .keys import ANONYMOUS, NOBODY, USER, both_keys, person_key, property_path, view_key

Row = dict[str, Any]


class Arrival(NamedTuple):
    """An event on its way in, without the address it came from."""

    event: Event
    body: bytes
    ts: int
    bot: bool

    @property
    def message(self) -> str:
        """What it is known by."""
        return self.event.message_id

    @property
    def user(self) -> int:
        """The key of its user id."""
        return person_key(USER, self.event.user_id) if self.event.user_id else NOBODY

    @property
    def visitor(self) -> int:
        """The key of its anonymous id."""
        known = self.event.anonymous_id
        return person_key(ANONYMOUS, known) if known else NOBODY

    @property
    def view(self) -> int:
        """The key of the page view that the other channel may have seen too; 0: none."""
        is_view = self.event.type == EventType.PAGEVIEW and self.event.view_id
        return view_key(is_view) if is_view else NOBODY

    @property
    def seen_by_server(self) -> int:
        """The key of a page view that the server saw."""
        return self.view if self.event.source == Source.SERVER else NOBODY

    @property
    def seen_by_browser(self) -> int:
        """The key of a page view that a browser saw."""
        return self.view if self.event.source == Source.BROWSER else NOBODY


def arrivals(bodies: Sequence[bytes]) -> list[Arrival]:
    """Read events; of two with one message id the first."""
    found: dict[str, Arrival] = {}
    for body in bodies:
        event = decode(body)
        if event.message_id not in found:
            found[event.message_id] = _arrival(event)
    return list(found.values())


def _arrival(event: Event) -> Arrival:
    assert event.timestamp is not None, "the pipeline gives every event its time"
    event.client_ip = None  # no store keeps it
    bot = facts.is_bot(event.user_agent, event.source, event.context)
    return Arrival(event, encode(event), micros(event.timestamp), bot)


# -- the row of an event


def event_row(of: Arrival, counted_views: set[int]) -> Row:
    """What the table keeps of an event.

    :param counted_views: page views that the server saw and no bot made, as known by now.
    """
    event, view = of.event, of.seen_by_browser
    is_echo = view in counted_views
    return {
        "message_id": of.message,
        "ts": of.ts,
        "name": event.name,
        "type": event.type,
        "action_name": facts.action(event.type, event.name, event.action_name),
        "source": event.source,
        "bot": of.bot,
        "echo_now": int(is_echo),
        # Any other view may yet turn out to be one; 128 bits are written as text.
        "pending": str(NOBODY if is_echo else view),
        "who": str(of.user or of.visitor),
        "anon": str(of.visitor),
        **_request(event),
        **_visitor(event),
        **_money(event),
        "properties": dict(_texts(event.properties)),
        "body": of.body.decode(),
    }


def _request(event: Event) -> Row:
    return {
        "route": event.matched_pattern or None,
        "path": event.path or None,
        "method": event.method or None,
        "status": event.status_code,
        "duration": event.duration,
        "hostname": event.hostname or None,
        "locale": event.locale or None,
        "group_id": event.group_id or None,
    }


def _visitor(event: Event) -> Row:
    agent, came = facts.agent(event.user_agent), facts.came(event.url, event.context)
    referrer = facts.referrer_host(event.referrer, event.hostname) or None
    return {
        "referrer": referrer,
        "origin": came.source or referrer,
        "medium": came.medium or None,
        "campaign": came.campaign or None,
        "browser": agent.browser,
        "os": agent.os,
        "device": agent.device,
        "country": _country(event),
    }


def _country(event: Event) -> str | None:
    place = event.context.get("location")
    known = [place.get("country")] if isinstance(place, dict) else []
    known.append(event.context.get("country"))
    return next((found for found in known if found and isinstance(found, str)), None)


def _money(event: Event) -> Row:
    revenue = event.revenue
    return {
        "amount": str(revenue.amount) if revenue else None,
        "currency": revenue.currency if revenue else None,
        "engaged": _engaged(event),
    }


def _engaged(event: Event) -> float | None:
    seconds = event.properties.get("engaged_seconds")
    is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    return seconds if is_number and event.name == "engagement" else None


def _texts(properties: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Values as the questions see them: what is no value is left out; ``body`` has them as they
    came."""
    for name, value in properties.items():
        text = facts.text(value)
        if text is not None:
            yield property_path(name), text


# -- what it tells

#: A row of ``told`` that says nothing; each kind fills in what it is about.
_NOTHING: Row = {
    "what": "",
    "key": "0",
    "other": "0",
    "kind": 0,
    "name": "",
    "ts": 0,
    "message": "",
    "value": "",
    "has_text": 0,
    "text": "",
}


def told(arrived: Sequence[Arrival]) -> list[Row]:
    """All that a batch says about people and views, each thing once."""
    rows = [_NOTHING | row for of in arrived for row in _told(of)]
    return list({tuple(row.values()): row for row in rows}.values())


def _told(of: Arrival) -> Iterator[Row]:
    event, user, visitor = of.event, of.user, of.visitor
    order = {"ts": of.ts, "message": of.message}
    if user:
        yield {"what": "id", "key": str(user), "kind": USER, "name": event.user_id}
    if visitor:
        yield {"what": "id", "key": str(visitor), "kind": ANONYMOUS, "name": event.anonymous_id}
    if user and visitor:
        yield {"what": "link", "key": str(visitor), "other": str(user), **order}
    if event.type == EventType.ALIAS and user and event.previous_id:
        yield _alias(event.previous_id, event.user_id or "", order)
    if of.seen_by_server:
        yield {"what": "view", "key": str(of.view), "kind": int(of.bot)}
    if of.seen_by_browser:
        yield {"what": "waiting", "key": str(of.view)}
    if user or visitor:
        told = facts.known_traits(event.type, event.traits, event.group_id)
        yield from (_trait(user or visitor, *item, order) for item in told.items())


def _alias(previous: str, user: str, order: Row) -> Row:
    as_user, as_visitor = map(str, both_keys(previous))
    return {
        "what": "alias",
        "key": as_user,
        "other": as_visitor,
        "name": user,
        "value": previous,
        **order,
    }


def _trait(key: int, name: str, value: Any, order: Row) -> Row:
    text = facts.text(value)
    return {
        "what": "trait",
        "key": str(key),
        "name": name,
        "value": msgspec.json.encode(value).decode(),
        "has_text": int(text is not None),
        "text": text or "",
        **order,
    }
