"""What the page shows of an event: a row of short texts.

Made here and nowhere else: the page prints them, its script only copies them.
"""

from __future__ import annotations

from typing import Any

#: Columns of the page, in order: the key of a row and the head above it.
COLUMNS = {
    "time": "Time (UTC)",
    "source": "Source",
    "name": "Event",
    "path": "Page",
    "view": "View",
    "visitor": "Visitor",
    "properties": "Properties",
    "revenue": "Revenue",
}

#: Characters of one text; the whole is in ``/events.json``.
LONGEST = 400


def row(event: dict[str, Any]) -> dict[str, str]:
    """The texts of one event. Nothing is expected of it: what is missing is left blank."""
    name = _first(event, "event_name", "action_name", "type")
    path, route = event.get("path"), event.get("matched_pattern")
    cells = {
        "time": str(event.get("timestamp", ""))[11:19],  # of 2030-05-01T12:30:59.123456Z
        "source": event.get("source"),
        "name": name,
        "kind": "" if name == event.get("type") else event.get("type"),
        "path": _words(event.get("method"), path),
        "route": "" if route == path else route,
        "view": str(event.get("view_id") or "")[-4:],  # its end is what differs from the next one
        "visitor": _first(event, "user_id", "anonymous_id", "client_ip"),
        "locale": event.get("locale"),
        "properties": _properties(event.get("properties")),
        "revenue": _revenue(event.get("revenue")),
    }
    return {name: _short(value) for name, value in cells.items()}


def _first(event: dict[str, Any], *keys: str) -> Any:
    return next((event[key] for key in keys if event.get(key)), "")


def _words(*values: Any) -> str:
    return " ".join(str(value) for value in values if value)


def _properties(properties: Any) -> str:
    if not isinstance(properties, dict):
        return ""
    return "\n".join(f"{key}: {value}" for key, value in properties.items())


def _revenue(revenue: Any) -> str:
    if not isinstance(revenue, dict):
        return ""
    return _words(revenue.get("amount"), revenue.get("currency"))


def _short(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
