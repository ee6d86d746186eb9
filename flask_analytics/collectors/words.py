"""What events say in words that many services share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from ..event import Event, EventType, Source

#: An event's facts that are not its own properties, where a service has no field for them.
_FACTS = ("matched_pattern", "method", "status_code")

#: Segment's names for the five words of a campaign.
_CAMPAIGN = ("source", "medium", "name", "term", "content")

#: What programs say for want of an id. Mixpanel and Amplitude take no event of such people
#: (https://docs.mixpanel.com/reference/import-events,
#: https://amplitude.com/docs/apis/analytics/http-v2).
_NOBODY = frozenset(
    {"-1", "0", "00000000-0000-0000-0000-000000000000", "<nil>", "[]", "{}", "anon", "anonymous"}
    | {"false", "lmy47d", "n/a", "na", "nan", "nil", "none", "null", "true", "undefined"}
    | {"unknown", "unset"}
)


def somebody(who: str | None) -> str | None:
    """An id that means one person, or None."""
    return who if who and who.strip() and who.strip().lower() not in _NOBODY else None


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
    query = parse_qs(split(url).query)
    words = {name: query.get(f"utm_{name}") for name in _CAMPAIGN}
    words["name"] = query.get("utm_campaign")
    return {name: values[0] for name, values in words.items() if values}


def utm(url: str | None) -> dict[str, str]:
    """The same words under the names that they have in the address."""
    return {
        f"utm_{'campaign' if word == 'name' else word}": value
        for word, value in campaign(url).items()
    }


def money(event: Event) -> dict[str, Any]:
    """``revenue`` and ``currency``, if there is any."""
    if event.revenue is None:
        return {}
    return {"revenue": event.revenue.amount, "currency": event.revenue.currency}


def split(url: str | None) -> SplitResult:
    """The parts of an address; none where it is no address: visitors send what they like."""
    try:
        return urlsplit(url or "")
    except ValueError:
        return urlsplit("")


def host(url: str | None) -> str | None:
    """The host of an address, if it names one."""
    try:
        return split(url).hostname
    except ValueError:
        return None


def milliseconds(event: Event) -> int | None:
    """When it happened, in milliseconds since the epoch."""
    return None if event.timestamp is None else round(event.timestamp.timestamp() * 1000)


def is_strangers(event: Event) -> bool:
    """Whether a page told it, so that anybody may have: who is who is not theirs to say."""
    return event.source is Source.BROWSER


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
