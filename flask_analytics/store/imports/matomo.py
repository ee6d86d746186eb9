"""Matomo's visits log: visits with their actions, as ``Live.getLastVisitsDetails`` tells them, in
JSON or in CSV. Each action is a record of its own.

https://developer.matomo.org/api-reference/reporting-api#Live. Values are texts or numbers by
Matomo's mood, in CSV all texts, and what is unknown is null, false or empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from ...event import Event, EventType, Revenue, Source
from .fixed import Fixed, moment
from .format import Record
from .lineid import own_id
from .lines import Lines
from .ndjson import not_json
from .places import language, locate
from .refusal import LeftOut, Refused, Unreadable
from .table import Table, cells, header

#: Type of an action -> the name of our event; None: a page view.
NAMES: Mapping[str, str | None] = {
    "action": None,
    "download": "file_download",
    "outlink": "outbound_click",
    "event": "event",
    "search": "search",
    "goal": "goal",
    "ecommerceOrder": "order",
    "ecommerceAbandonedCart": "cart_abandoned",
    "content": "content",
}

#: What of an action becomes a property.
PROPERTIES = {
    "pageTitle": "title",
    "eventCategory": "category",
    "eventAction": "action",
    "eventName": "name",
    "eventValue": "value",
    "siteSearchKeyword": "query",
    "siteSearchCategory": "category",
    "goalName": "goal",
    "orderId": "order_id",
    "contentName": "name",
    "contentPiece": "piece",
    "timeSpent": "time_spent",
}

#: What of a visit: Matomo does not tell its user agent, so that reports by browser cannot know it.
OF_VISIT = {
    "browserName": "browser",
    "operatingSystemName": "os",
    "deviceType": "device",
    "city": "city",
    "region": "region",
}

#: What tells the actions of a visit apart that have no number of their own.
_KEYS = ("type", "pageId", "goalPageId", "goalId", "orderId", "timestamp", "url")

#: How Matomo calls the columns of a visit's actions.
_COLUMN = re.compile(r"(\w+) \(actionDetails (\d+)\)").fullmatch

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def looks_like(head: bytes) -> bool:
    """Whether a file begins with a visit, as JSON."""
    return re.search(rb'"(?:idVisit|actionDetails)"\s*:', head) is not None


def is_table(names: list[str]) -> bool:
    """Whether a header is that of visits."""
    return "idVisit" in names


class Matomo:
    """Reads visits.

    :param fixed: values for fields that a visit does not tell.
    """

    name = "matomo"

    def __init__(
        self, fixed: Mapping[str, str], delimiter: str | None = None, encoding: str = "utf-8"
    ) -> None:
        self._fixed = Fixed(fixed)
        self._table = Table(delimiter, encoding)
        self._names: list[str] = []

    def records(self, lines: Lines) -> Iterator[Record]:
        """One for each action of each visit. What it says is what does not change when the visit
        goes on: of a later export only the new actions come in."""
        first = lines.preview.partition(b"\n")[0].decode("utf-8", "replace")
        if is_table(header(first)[0]):
            for row in self._table.rows(lines, self._begin):
                yield from self._actions(row, self._from_row)
            return
        for line in lines:
            if line and not line.isspace():
                row = Record(lines.number, line, None if lines.is_cut else line)
                yield from self._actions(row, _from_json)

    def _from_row(self, content: Any) -> dict[str, Any]:
        return _from_cells(cells(self._names, content))

    def _begin(self, names: list[str]) -> None:
        """:raises Unreadable: the columns do not tell when."""
        if not any(found and found[1] == "timestamp" for found in map(_COLUMN, names)):
            raise Unreadable(
                "its columns tell no actions: export the visits log with its details, as JSON"
            )
        self._names = names

    def _actions(self, row: Record, read: Callable[[Any], dict[str, Any]]) -> Iterator[Record]:
        if row.content is None:
            yield row
            return
        try:
            visit = read(row.content)
            actions = visit.pop("actionDetails", None)
            if not isinstance(actions, list) or not actions:
                raise LeftOut("a visit without actions")
        except (Refused, LeftOut) as error:
            yield Record(row.line, row.raw, error)
            return
        for action in actions:
            yield Record(row.line, _key(visit, action), (visit, action))

    def event(self, content: Any) -> Event:
        """:raises Refused: it is no action.
        :raises LeftOut: it is none that we have a word for."""
        if isinstance(content, (Refused, LeftOut)):
            raise content
        visit, action = content
        if not isinstance(action, dict):
            raise Refused("actionDetails: should be objects")
        kind = _text(action.get("type")) or ""
        if kind not in NAMES:
            raise LeftOut(f"an action of type {kind[:20]!r}")
        name = NAMES[kind]
        at = moment(_text(action.get("timestamp")) or _text(visit.get("serverTimestamp")) or "")
        event = Event(
            type=EventType.CUSTOM if name else EventType.PAGEVIEW,
            source=Source.API,
            timestamp=at,
            message_id=own_id(_key(visit, action).decode(), round(at.timestamp() * 1e6)),
            event_name=name,
            user_id=_text(visit.get("userId")),
            anonymous_id=_text(visit.get("visitorId")),
            locale=language(_text(visit.get("languageCode"))),
            url=_text(action.get("url")),
            properties={
                **_named(visit, OF_VISIT), **_named(action, PROPERTIES), **_dimensions(action),
            },
            revenue=_revenue(visit, action) if kind == "ecommerceOrder" else None,
        )  # fmt: skip
        self._tell(event, visit)
        return event

    def _tell(self, event: Event, visit: Mapping[str, Any]) -> None:
        if event.event_name == "event":  # the action says what happened
            event.event_name = str(event.properties.get("action") or "event")
        elif event.event_name in ("file_download", "outbound_click"):
            event.properties["url"], event.url = event.url, None
        if country := _text(visit.get("countryCode")):
            event.context = {"country": country.upper()}
        event.referrer = _text(visit.get("referrerUrl"))
        locate(event)
        self._fixed.fill(event)


def _from_json(line: bytes) -> dict[str, Any]:
    try:
        return _decode(line)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Refused(not_json(error)) from None


def _from_cells(row: Mapping[str, str]) -> dict[str, Any]:
    """A visit as JSON would have it: Matomo numbers the columns of its actions."""
    visit: dict[str, Any] = {}
    actions: dict[int, dict[str, str]] = {}
    for name, cell in row.items():
        if found := _COLUMN(name):
            actions.setdefault(int(found[2]), {})[found[1]] = cell
        else:
            visit[name] = cell
    return {**visit, "actionDetails": [actions[number] for number in sorted(actions)]}


def _key(visit: Mapping[str, Any], action: Any) -> bytes:
    told = action if isinstance(action, dict) else {}
    own = ["type", "pageId"] if told.get("type") == "action" and told.get("pageId") else _KEYS
    words = [visit.get("idSite"), visit.get("idVisit"), *(told.get(key) for key in own)]
    return "\0".join(["matomo", *(_text(word) or "" for word in words)]).encode("utf-8", "replace")


def _text(value: Any) -> str | None:
    """What is told; Matomo says no by false, null and nothing."""
    if isinstance(value, bool) or value is None or not isinstance(value, (str, int, float)):
        return None
    return str(value) or None


def _named(told: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names[key]: told[key] for key in names if key in told and _text(told[key]) is not None}


def _dimensions(action: Mapping[str, Any]) -> dict[str, Any]:
    """Custom dimensions, by their numbers: an export does not tell their names."""
    return {
        key: value
        for key, value in action.items()
        if key.startswith("dimension") and _text(value) is not None
    }


def _revenue(visit: Mapping[str, Any], action: Mapping[str, Any]) -> Revenue | None:
    amount, currency = _text(action.get("revenue")), _text(visit.get("siteCurrency"))
    if not amount or not currency:
        return None
    try:
        return Revenue.of(amount, currency)
    except ValueError:
        return None
