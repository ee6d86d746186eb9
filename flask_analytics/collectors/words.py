"""What events say in words that many services share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..event import Event, EventType

#: An event's facts that are not its own properties, where a service has no field for them.
_FACTS = ("matched_pattern", "method", "status_code")

#: Segment's names for the five words of a campaign.
_CAMPAIGN = ("source", "medium", "name", "term", "content")


def facts(event: Event) -> dict[str, Any]:
    """What the request told beyond its address: ``route``, ``method``, ``status_code``,
    ``duration_ms``, as far as it is known."""
    found = {name: getattr(event, name) for name in _FACTS if getattr(event, name) is not None}
    if "matched_pattern" in found:
        found = {"route": found.pop("matched_pattern"), **found}
    if event.duration is not None:
        found["duration_ms"] = round(event.duration * 1000, 3)
    return found


def title(event: Event) -> str | None:
    """The title of the page, if somebody said it."""
    value = event.properties.get("title")
    return value if isinstance(value, str) else None


def campaign(url: str | None) -> dict[str, str]:
    """The ``utm_*`` words of an address, in Segment's spelling."""
    query = parse_qs(urlsplit(url or "").query)
    words = {name: query.get(f"utm_{name}") for name in _CAMPAIGN}
    words["name"] = query.get("utm_campaign")
    return {name: values[0] for name, values in words.items() if values}


def is_page(event: Event) -> bool:
    """Whether it is a view of a page."""
    return event.type is EventType.PAGEVIEW


def iso(seconds: float) -> str:
    """A time since the epoch as ISO 8601 in UTC, with milliseconds."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def known(values: dict[str, Any]) -> dict[str, Any]:
    """What has a value: no service wants to be told that something is unknown."""
    return {key: value for key, value in values.items() if value is not None and value != {}}
