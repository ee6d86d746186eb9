"""Plausible's export: a zip of tables of sums, one for each thing that a report shows.

Sums are not events, and what belongs together is not in one table: who came from where and then
looked at what is lost. Two of the tables count what events are, so that one event can stand for
each that was counted:

- ``imported_pages``: page views of a page on a day;
- ``imported_custom_events``: events of a name on a day.

They happen at noon of their day, and belong to nobody: visitors, visits and their lengths, sources,
places and devices are sums of other things, and are left out. The tables are those of
plausible/analytics, ``lib/plausible/exports.ex``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from ...event import Event, EventType, Source
from .fixed import Fixed
from .format import Record
from .lines import Lines
from .places import readable
from .refusal import LeftOut, Refused, Unreadable
from .table import Table, cells

#: Columns by which the two tables are known.
PAGES, EVENTS = {"date", "page", "pageviews"}, {"date", "name", "events"}

#: Columns that all tables of sums have, of which one is enough to know them by.
_SUMS = {"visitors", "visits", "bounces", "visit_duration", "entrances", "exits"}

#: Custom events that are Plausible's own measurements.
_OWN = frozenset({"engagement", "pageview"})

#: What one row may count. More is no day of a site, but a mistake in the file.
MAX_COUNT = 50_000_000

NOON = timedelta(hours=12)

#: Marks what was not an event of its own.
CONTEXT = {"imported": {"from": "plausible", "aggregate": True}}


def looks_like(names: list[str]) -> bool:
    """Whether a header is of one of Plausible's tables."""
    found = set(names)
    return "date" in found and (found >= PAGES or found >= EVENTS or len(_SUMS & found) > 1)


class Plausible:
    """Reads sums of a day, and makes as many events of each.

    :param fixed: values for fields that the sums do not tell.
    """

    name = "plausible"

    def __init__(self, fixed: Mapping[str, str], scheme: str = "https") -> None:
        self._fixed = Fixed(fixed)
        self._scheme = scheme
        self._names: list[str] = []

    def records(self, lines: Lines) -> Iterator[Record]:
        """One for each event that a row counts. What it says is the day, the thing, and its
        number: a later export, whose sums are larger, brings only what is new."""
        for row in Table().rows(lines, self._begin):
            try:
                told, count = self._told(row.content)
            except (Refused, LeftOut) as error:
                yield Record(row.line, row.raw, error)
                continue
            what = "\0".join((told["date"], told.get("page") or told["name"]))
            where = "\0".join((told.get("link_url", ""), told.get("path", "")))
            for number in range(1, count + 1):
                raw = f"plausible\0{what}\0{where}\0{number}".encode("utf-8", "replace")
                yield Record(row.line, raw, told)

    def _begin(self, names: list[str]) -> None:
        """:raises Unreadable: the columns are not Plausible's."""
        if not looks_like(names):
            raise Unreadable("its columns are not those of Plausible's export")
        self._names = names

    def _told(self, content: Any) -> tuple[dict[str, str], int]:
        if content is None:
            raise Refused("the line is too long")
        row = cells(self._names, content)
        if set(self._names) >= PAGES:
            count, thing = _count(row, "pageviews"), "page"
        elif set(self._names) >= EVENTS:
            count, thing = _count(row, "events"), "name"
        else:
            raise LeftOut("sums of a day, no events")
        for column in ("date", thing):
            if column not in row:
                raise Refused(f"{column}: is missing")
        if row.get("name") in _OWN:
            raise LeftOut(f"{row['name']}: a measurement of Plausible's")
        return row, count

    def event(self, content: Any) -> Event:
        """:raises Refused, LeftOut: the row is none."""
        if isinstance(content, (Refused, LeftOut)):
            raise content
        is_view = "page" in content
        event = Event(
            type=EventType.PAGEVIEW if is_view else EventType.CUSTOM,
            source=Source.API,
            timestamp=_noon(content["date"]),
            event_name=None if is_view else content["name"],
            path=readable(content.get("page") or content.get("path")),
            hostname=content.get("hostname"),
            properties={"url": content["link_url"]} if "link_url" in content else {},
            context=CONTEXT,
        )
        self._fixed.fill(event)
        if is_view and event.hostname and event.path:
            event.url = f"{self._scheme}://{event.hostname}{content['page']}"
        return event


def _count(row: Mapping[str, str], column: str) -> int:
    text = row.get(column, "0")
    if not (text.isascii() and text.isdigit()) or len(text) > 12 or int(text) > MAX_COUNT:
        raise Refused(f"{column}: is no number up to {MAX_COUNT:,}")
    return int(text)


def _noon(date: str) -> datetime:
    try:
        return datetime.strptime(date, "%Y-%m-%d") + NOON
    except ValueError:
        raise Refused("date: is no day such as 2026-11-21") from None
