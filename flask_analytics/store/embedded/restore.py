"""A row of a segment as the event that it was, for exports and for moving away."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any

import msgspec

from ... import event as wire
from ...event import Event, EventType, Revenue, Source
from ...metrics.window import moment
from .identity import USER
from .keys import key_of, number
from .row import SHORT

#: Columns that are fields of the event as they are.
_SAME = {
    "route": "matched_pattern", "path": "path", "method": "method", "status": "status_code",
    "duration": "duration", "hostname": "hostname", "locale": "locale", "group_id": "group_id",
    "endpoint": "endpoint", "referrer_url": "referrer", "user_agent": "user_agent",
    "view_id": "view_id", "message_id": "message_id",
}  # fmt: skip


#: All digits of the column: Python's own context has 28.
_EXACT = Context(prec=38)


def event(row: Mapping[str, Any], ids: Mapping[int, tuple[int, str]]) -> bytes:
    """The JSON of an event as it came; only its properties may stand in another order.

    :param row: the columns by name, those of ``row.LOGICAL`` instead of what they are made of.
    :param ids: key -> (kind, id).
    """
    fields: dict[str, Any] = {
        "type": EventType(row["type"]), "source": Source(row["source"]),
        "timestamp": moment(row["ts"]),
        "event_name": row["name"] if row["named"] == 1 else None,
        "action_name": row["name"] if row["named"] == 2 else row["action"],
        "url": _url(row), "revenue": _revenue(row), "properties": _properties(row),
        **{field: row[column] for column, field in _SAME.items()},
        **_people(row, ids),
    }  # fmt: skip
    if row["extra"]:
        fields |= msgspec.json.decode(row["extra"])  # what its own column could not hold
    return wire.encode(Event(**fields))


def _people(row: Mapping[str, Any], ids: Mapping[int, tuple[int, str]]) -> dict[str, Any]:
    found = {}
    for column in ("who", "anon"):
        if (key := row[column]) in ids:
            kind, text = ids[key]
            found["user_id" if kind == USER else "anonymous_id"] = text
    if row["previous"] in ids:
        found["previous_id"] = ids[row["previous"]][1]
    return found


def _url(row: Mapping[str, Any]) -> str | None:
    url: str | None = row["url"]
    if url is None or not url.startswith(SHORT):
        return url
    return f"https://{row['hostname']}{row['path']}{url[len(SHORT) :]}"


def _revenue(row: Mapping[str, Any]) -> Revenue | None:
    if row["amount"] is None:
        return None
    digits = Decimal(1).scaleb(-row["scale"])
    return Revenue(row["amount"].quantize(digits, context=_EXACT), row["currency"])


def _properties(row: Mapping[str, Any]) -> dict[str, Any]:
    """Properties by the columns that are no field: ``s:plan``."""
    found = {}
    for column, value in row.items():
        if value is not None and column[1:2] == ":":
            found[key_of(column)] = number(value) if column[0] == "n" else value
    if row["rest"]:
        found |= msgspec.json.decode(row["rest"])
    return found
