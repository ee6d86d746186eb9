"""Every event's name with its volume; one event with its series, properties and occurrences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ...errors import QuestionError
from ...event import decode
from ...metrics import readers
from ...metrics.filters import Filter, Operator
from .desk import Desk
from .series import draw

#: Names of the list.
NAMES = 200

#: Occurrences, properties and values of one event.
OCCURRENCES, PROPERTIES, VALUES = 25, 6, 7


def events(desk: Desk) -> dict[str, Any]:
    """All that the page shows: the list, or one event."""
    if desk.report.one("event"):
        return _one(desk, readers.text("event", desk.report.one("event")))
    asked = desk.ask("top", limit=NAMES, people=True)
    rows = [
        {
            "key": entry.key,
            "count": entry.count,
            "people": entry.people,
            "link": desk.link(event=entry.key),
        }
        for entry in asked.answer
    ]
    return {"event": "", "rows": rows, "csv": asked.csv, "total": sum(r["count"] for r in rows)}


def _one(desk: Desk, name: str) -> dict[str, Any]:
    asked = desk.ask("volume", event=name, bucket=desk.report.bucket)
    before = desk.before("volume", event=name, bucket=desk.report.bucket)
    count = sum(point.count for point in asked.answer)
    was = None if before is None else sum(point.count for point in before)
    title = f"{name}, {desk.times.range(desk.report.range)}"
    latest = desk.ask("recent", event=name, limit=OCCURRENCES)
    return {
        "event": name,
        "count": count,
        "change": "" if was is None else desk.figures.change(count, was),
        "people": desk.ask("active", event=name).answer.people,
        "revenue": desk.ask("revenue", event=name).answer,
        "chart": draw(desk, title, "Events", asked, asked.answer, before),
        "lists": [_values(desk, name, key) for key in _properties(latest.answer)],
        "latest": [told(wire) for wire in latest.answer],
        "latest_csv": latest.csv,
    }


def _properties(latest: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names of properties, those of the most events first."""
    counts: dict[str, int] = {}
    for wire in latest:
        for name, value in wire.get("properties", {}).items():
            if isinstance(value, (str, int, float, bool)):
                counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))[:PROPERTIES]


def _values(desk: Desk, name: str, key: str) -> dict[str, Any]:
    asked = desk.ask("top", event=name, property=key, limit=VALUES)
    rows = [
        {
            "key": one.key,
            "count": one.count,
            "people": None,
            "link": narrowed(desk, f"property.{key}", one.key),
        }
        for one in asked.answer
    ]
    return {"name": f"property-{key}", "title": key, "rows": rows, "csv": asked.csv, "tabs": []}


def narrowed(desk: Desk, field: str, value: str, page: str | None = None, **own: Any) -> str:
    """A page about one value alone; nowhere where no filter can say it."""
    text = str(Filter(field, Operator.EQUALS, value))
    try:
        condition = readers.condition("filter", text)
    except QuestionError:
        return ""
    if (condition.field, condition.value) != (field, value):
        return ""
    return desk.link(page, filter=desk.report.narrowed(text), **own)


def told(wire: Mapping[str, Any]) -> dict[str, Any]:
    """An occurrence: when, who, where, and its properties, all as plain values."""
    event = decode(msgspec.json.encode(wire))
    return {
        "id": event.message_id,
        "at": event.timestamp,
        "name": event.name,
        "type": str(event.type),
        "source": str(event.source),
        "who": event.user_id or event.anonymous_id or "",
        "where": event.matched_pattern or event.path or "",
        "status": event.status_code,
        "properties": sorted(event.properties.items()),
        "revenue": event.revenue,
    }
