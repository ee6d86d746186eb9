"""A stored event, and what its fields are to a filter."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from typing import Any

from ...event import Event, EventType, Source
from ...metrics import facts
from ...metrics.window import micros

#: Who an event names: ``("user", id)`` or ``("anonymous", id)``. Equal texts are different keys.
Key = tuple[str, str]


class Row:
    """An event with its time in microseconds and whether a bot sent it."""

    __slots__ = ("bot", "event", "name", "size", "us")

    def __init__(self, event: Event, size: int) -> None:
        assert event.timestamp is not None, "the pipeline gives every event its time"
        event.client_ip = None  # no store keeps it
        self.event = event
        self.us = micros(event.timestamp)
        self.name = event.name
        self.bot = facts.is_bot(event.user_agent, event.source, event.context)
        self.size = size

    @property
    def order(self) -> tuple[int, str]:
        """By time; ties by message id, so that every store agrees."""
        return self.us, self.event.message_id

    @property
    def user(self) -> Key | None:
        """The user that it names."""
        return ("user", self.event.user_id) if self.event.user_id else None

    @property
    def visitor(self) -> Key | None:
        """The anonymous id that it names."""
        return ("anonymous", self.event.anonymous_id) if self.event.anonymous_id else None

    @property
    def names(self) -> Iterator[Key]:
        """Every id in it, also as a mention."""
        previous = ("user", self.event.previous_id) if self.event.previous_id else None
        return filter(None, (self.user, self.visitor, previous))

    def take_out(self, gone: Container[Key]) -> None:
        """Name nobody of these any more."""
        if self.visitor in gone:
            self.event.anonymous_id = None
        if ("user", self.event.previous_id) in gone:
            self.event.previous_id = None

    @property
    def is_view(self) -> bool:
        """Is it a page view?"""
        return self.event.type == EventType.PAGEVIEW

    @property
    def server_view(self) -> str | None:
        """The id of the page view that the server saw, which a browser may see again."""
        return self.event.view_id if self.is_view and self.event.source == Source.SERVER else None

    @property
    def engaged(self) -> float | None:
        """Seconds that somebody was looking, where a browser tells."""
        seconds = self.event.properties.get("engaged_seconds")
        is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        return seconds if is_number and self.name == "engagement" else None

    def value(self, field: str) -> str | None:
        """The text that a filter field or a dimension has here; traits are not the event's."""
        kind, _, name = field.partition(".")
        if kind == "property":
            return facts.text(self.event.properties.get(name))
        return _FIELDS[field](self) or None


def _referrer(row: Row) -> str | None:
    return facts.referrer_host(row.event.referrer, row.event.hostname)


def _campaign(row: Row) -> facts.Campaign:
    return facts.came(row.event.url, row.event.context)


def _country(row: Row) -> str | None:
    place = row.event.context.get("location")
    known = [place.get("country")] if isinstance(place, dict) else []
    known.append(row.event.context.get("country"))
    return next((found for found in known if found and isinstance(found, str)), None)


def _own(field: str) -> Callable[[Row], str | None]:
    return lambda row: facts.text(getattr(row.event, field))


_FIELDS: dict[str, Callable[[Row], Any]] = {
    "event": lambda row: row.name,
    "type": lambda row: str(row.event.type),
    "action": lambda row: facts.action(row.event.type, row.name, row.event.action_name),
    "route": _own("matched_pattern"),
    "path": _own("path"),
    "page": _own("path"),
    "source": lambda row: str(row.event.source),
    "hostname": _own("hostname"),
    "locale": _own("locale"),
    "method": _own("method"),
    "status": _own("status_code"),
    "group": _own("group_id"),
    "referrer": _referrer,
    "origin": lambda row: _campaign(row).source or _referrer(row),
    "medium": lambda row: _campaign(row).medium,
    "campaign": lambda row: _campaign(row).campaign,
    "browser": lambda row: facts.agent(row.event.user_agent).browser,
    "os": lambda row: facts.agent(row.event.user_agent).os,
    "device": lambda row: facts.agent(row.event.user_agent).device,
    "country": _country,
}
