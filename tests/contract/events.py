"""One event of each kind, as they are when a collector gets them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_analytics.event import Event, EventType, Revenue, Source

#: When the first of them happened: now, because some destinations take nothing that is old.
NOW = datetime.now(UTC).replace(microsecond=250_000)

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

#: What the browser and the request tell.
_VISITOR: dict[str, Any] = {
    "anonymous_id": "a1b2c3d4e5f60718293a4b",
    "client_ip": "203.0.113.77",
    "locale": "de-DE",
    "user_agent": AGENT,
    "hostname": "shop.example",
    "source": Source.SERVER,
}


def event(number: int, **fields: Any) -> Event:
    """An event of the visitor, so many seconds after the first."""
    facts = {
        "message_id": f"0197f3a2-0000-7000-8000-{number:012d}",
        "timestamp": NOW + timedelta(seconds=number),
        **_VISITOR,
    }
    return Event(**{**facts, **fields})


def page(number: int = 0, **fields: Any) -> Event:
    """A page view as the hooks make it."""
    facts = {
        "type": EventType.PAGEVIEW,
        "url": "https://shop.example/blog/hello?utm_source=news&utm_campaign=spring",
        "path": "/blog/hello",
        "method": "GET",
        "matched_pattern": "/blog/<slug>",
        "endpoint": "post",
        "status_code": 200,
        "duration": 0.0125,
        "referrer": "https://search.example/",
        "view_id": "0197f3a2-1111-7000-8000-000000000001",
        "properties": {"title": "Hello, wörld"},
    }
    return event(number, **{**facts, **fields})


def action(number: int = 1, **fields: Any) -> Event:
    """A form that was sent."""
    facts = {
        "type": EventType.ACTION,
        "action_name": "cart.add",
        "url": "https://shop.example/cart",
        "path": "/cart",
        "method": "POST",
        "matched_pattern": "/cart",
        "endpoint": "cart.add",
        "status_code": 302,
        "duration": 0.003,
        "properties": {"item": "mug"},
    }
    return event(number, **{**facts, **fields})


def purchase(number: int = 2, **fields: Any) -> Event:
    """A sale to a user who is known."""
    facts = {
        "type": EventType.CUSTOM,
        "event_name": "purchase",
        "user_id": "user-42",
        "url": "https://shop.example/checkout",
        "path": "/checkout",
        "revenue": Revenue(Decimal("29.90"), "EUR"),
        "properties": {"order_id": "A-7", "items": 3, "gift": True, "tags": ["new", "blue"]},
    }
    return event(number, **{**facts, **fields})


def identify(number: int = 3, **fields: Any) -> Event:
    """Who somebody is."""
    facts = {
        "type": EventType.IDENTIFY,
        "user_id": "user-42",
        "traits": {"name": "Åsa", "plan": "pro", "age": 37},
    }
    return event(number, **{**facts, **fields})


def group(number: int = 4, **fields: Any) -> Event:
    """Which company somebody belongs to."""
    facts = {
        "type": EventType.GROUP,
        "user_id": "user-42",
        "group_id": "acme",
        "traits": {"name": "Acme", "seats": 20},
    }
    return event(number, **{**facts, **fields})


def alias(number: int = 5, **fields: Any) -> Event:
    """Two ids are one person."""
    facts = {"type": EventType.ALIAS, "user_id": "user-42", "previous_id": "lead-7"}
    return event(number, **{**facts, **fields})


def everything() -> list[Event]:
    """One of each."""
    return [page(), action(), purchase(), identify(), group(), alias()]
