"""Umami's export: ``website_event.csv``, an event on each row; ``event_data.csv`` beside it has
what was told of custom events.

The columns are those of Umami's tables (umami-software/umami, ``db/clickhouse/schema.sql``); an
older export has fewer of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...event import Event, EventType, Source
from .fixed import Fixed, moment
from .format import Record
from .lines import Lines
from .places import language, readable
from .refusal import LeftOut, Refused, Unreadable
from .table import Table, cells

#: ``event_type`` of the rows that are events; links, pixels and measurements are none.
TYPES = {"1": EventType.PAGEVIEW, "2": EventType.CUSTOM}

#: Columns that become properties: what Umami told by itself of a visitor. Their user agent is not
#: in the export, so that reports by browser cannot know it.
PROPERTIES = {
    "browser": "browser",
    "os": "os",
    "device": "device",
    "screen": "screen",
    "region": "region",
    "subdivision1": "region",
    "city": "city",
    "page_title": "title",
    "tag": "tag",
}

#: ``data_type`` of ``event_data.csv``: umami-software/umami, ``src/lib/constants.ts``.
_NUMBER, _BOOLEAN = "2", "3"

#: Event id -> what was told of it.
Details = Mapping[str, Mapping[str, Any]]


def looks_like(names: list[str]) -> bool:
    """Whether a header is one of Umami's."""
    return {"session_id", "created_at"} <= set(names) and "website_id" in names


class Umami:
    """Reads rows.

    :param fixed: values for fields that a row does not tell.
    :param details: of custom events, by their ids.
    """

    name = "umami"

    def __init__(
        self, fixed: Mapping[str, str], scheme: str = "https", details: Details | None = None
    ) -> None:
        self._fixed = Fixed(fixed)
        self._scheme = scheme
        self._details = details or {}
        self._names: list[str] = []

    def records(self, lines: Lines) -> Iterator[Record]:
        """The rows after the header."""
        return Table().rows(lines, self._begin)

    def _begin(self, names: list[str]) -> None:
        """:raises Unreadable: the columns are not Umami's."""
        if not {"session_id", "created_at"} <= set(names):
            raise Unreadable("it has no columns session_id and created_at, as Umami's export has")
        self._names = names

    def event(self, content: Any) -> Event:
        """:raises Refused: the row is no event.
        :raises LeftOut: it is none that we have."""
        row = cells(self._names, content)
        if "event_type" not in self._names:
            raise LeftOut("a row that tells more of an event or a session, and is none")
        kind = TYPES.get(row.get("event_type", "1"))
        if kind is None:
            raise LeftOut(f"event_type {row['event_type'][:10]}: no page view, no custom event")
        if "created_at" not in row:
            raise Refused("created_at: is missing")
        event = Event(
            type=kind,
            source=Source.API,
            message_id=row.get("event_id", ""),
            timestamp=moment(row["created_at"]),
            event_name=row.get("event_name") if kind is EventType.CUSTOM else None,
            user_id=row.get("distinct_id"),
            anonymous_id=row.get("session_id"),
            hostname=row.get("hostname"),
            path=readable(row.get("url_path")),
            locale=language(row.get("language")),
            properties={PROPERTIES[name]: row[name] for name in row.keys() & PROPERTIES.keys()},
            context={"country": row["country"]} if "country" in row else {},
        )
        event.properties.update(self._details.get(event.message_id, {}))
        self._fixed.fill(event)
        self._place(event, row)
        return event

    def _place(self, event: Event, row: Mapping[str, str]) -> None:
        if event.hostname and "url_path" in row:
            path = row["url_path"].partition("?")[0]
            event.url = f"{self._scheme}://{event.hostname}{path}{_query(row, 'url_query')}"
        if host := row.get("referrer_domain"):
            path = row.get("referrer_path", "/")
            event.referrer = f"https://{host}{path}{_query(row, 'referrer_query')}"


def details(lines: Lines) -> Details:
    """What ``event_data.csv`` tells, all of it in memory.

    :raises Unreadable: it is another table.
    """
    names: list[str] = []
    found: dict[str, dict[str, Any]] = {}
    for record in Table().rows(lines, names.extend):
        if not {"event_id", "data_key"} <= set(names):
            raise Unreadable("it has no columns event_id and data_key, as event_data.csv has")
        try:
            row = cells(names, record.content or [])
        except Refused:
            continue  # the event itself comes in
        if "event_id" in row and "data_key" in row:
            found.setdefault(row["event_id"], {})[row["data_key"]] = _value(row)
    return found


def _value(row: Mapping[str, str]) -> Any:
    text = row.get("string_value")
    kind = row.get("data_type")
    if kind == _NUMBER:
        try:
            number = float(row.get("number_value", text or ""))
            return int(number) if number.is_integer() else number
        except ValueError:
            return text
    if kind == _BOOLEAN:
        return (text or "").lower() in ("true", "1")
    return text or row.get("date_value") or row.get("number_value")


def _query(row: Mapping[str, str], name: str) -> str:
    query = row.get(name, "").lstrip("?")
    return f"?{query}" if query else ""
