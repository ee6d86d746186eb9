"""The parameters of questions: for each its name, how it is read, and what to tell people of it.

One table for Python, REST, the command line and the OpenAPI document.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from ..event import Source
from . import filters, readers
from .person import MAX_ID
from .readers import MAX_DAYS, MAX_NAME, Read
from .retention import MAX_OFFSET, Period
from .top import DEFAULT_LIMIT, MAX_LIMIT, Dimension
from .window import Bucket


class Parameter(NamedTuple):
    """One row of the table."""

    #: ``(name, value) -> value`` or QuestionError.
    read: Read
    #: One sentence.
    what: str
    #: JSON Schema of one value, as it is written in a query string.
    schema: Mapping[str, Any]
    is_repeated: bool = False


def _words(words: type[StrEnum]) -> dict[str, Any]:
    return {"type": "string", "enum": [str(word) for word in words]}


def _number(least: int, most: int, default: int | None = None) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": least, "maximum": most}
    return schema if default is None else {**schema, "default": default}


_TEXT = {"type": "string", "minLength": 1, "maxLength": MAX_NAME}
_ID = {"type": "string", "minLength": 1, "maxLength": MAX_ID}
_MOMENT = {"type": "string", "minLength": 10, "maxLength": 64, "examples": ["2026-11-21"]}
_BOOL = {"type": "string", "enum": ["1", "0", "true", "false"], "default": "0"}

#: Every parameter, once.
TABLE: Mapping[str, Parameter] = {
    "from": Parameter(
        readers.moment,
        "The first moment: a date (its midnight in `tz`) or a datetime, ISO 8601. "
        "Default: 7 local days, up to `to` or the end of today.",
        _MOMENT,
    ),
    "to": Parameter(
        readers.moment,
        "The first moment that is no more part of it, like `from`. Default: the end of today.",
        {**_MOMENT, "examples": ["2026-11-22T08:00:00+01:00"]},
    ),
    "tz": Parameter(
        readers.zone,
        "Time zone by its IANA name: where days, weeks and months begin.",
        {"type": "string", "maxLength": 64, "default": "UTC", "examples": ["Europe/Berlin"]},
    ),
    "event": Parameter(readers.text, "Only events of this name.", _TEXT),
    "bucket": Parameter(
        readers.one_of(Bucket), "How the series is cut.", {**_words(Bucket), "default": "day"}
    ),
    "property": Parameter(readers.text, "Name of a property.", _TEXT),
    "people": Parameter(
        readers.flag, "1: also the distinct people of each of the top events.", _BOOL
    ),
    "limit": Parameter(
        readers.whole(1, MAX_LIMIT), "Rows at most.", _number(1, MAX_LIMIT, DEFAULT_LIMIT)
    ),
    "dimension": Parameter(readers.one_of(Dimension), "What to group by.", _words(Dimension)),
    "step": Parameter(
        readers.step,
        "Names of the events, in their order: 2 to 20, one parameter each.",
        _TEXT,
        True,
    ),
    "step_filter": Parameter(
        readers.step_filter,
        "A filter of one step: its place, counted from 1, a colon, and the filter.",
        {"type": "string", "pattern": r"^\d{1,3}:.+", "examples": ["1:property.plan=pro"]},
        True,
    ),
    "window": Parameter(
        readers.length,
        "The time from the first step to the last at most: `7d`, `12h`, `30m`, or seconds. "
        "Default: the whole range.",
        {"type": "string", "pattern": r"^\d{1,10}(\.\d{1,6})?[smhdw]?$", "examples": ["7d"]},
    ),
    "breakdown": Parameter(
        readers.group_field,
        "A field: one more funnel for each of its values at the first step.",
        {**_TEXT, "examples": ["property.plan", "device"]},
    ),
    "offset": Parameter(
        readers.whole(0, MAX_OFFSET),
        "Periods after a person's own first one. Default: 0, 1 and 7.",
        _number(0, MAX_OFFSET),
        True,
    ),
    "cohort_days": Parameter(
        readers.whole(1, MAX_DAYS),
        "Local days, from `from` on, in which the cohort came first. Default: 1 with a `from`.",
        _number(1, MAX_DAYS),
    ),
    "period": Parameter(
        readers.one_of(Period), "What offsets are counted in.", {**_words(Period), "default": "day"}
    ),
    "start_event": Parameter(
        readers.text,
        "The cohort are those whose first event of this name lies in the range.",
        _TEXT,
    ),
    "return_event": Parameter(readers.text, "Only events of this name are a return.", _TEXT),
    "grid": Parameter(
        readers.flag,
        "1: also the cohort of each period; the range is widened to whole ones.",
        _BOOL,
    ),
    "interval": Parameter(readers.one_of(Bucket), "Also a series, cut like this.", _words(Bucket)),
    "rolling": Parameter(
        readers.days,
        "Days that each point of the series looks back: `1d` (DAU), `7d` (WAU), `30d` (MAU).",
        {"type": "string", "pattern": r"^\d{1,9}d?$", "default": "1d"},
    ),
    "days": Parameter(
        readers.whole(1, MAX_DAYS), "The last local days, today included.", _number(1, MAX_DAYS, 7)
    ),
    "id": Parameter(readers.identity, "A user id or an anonymous id of the person.", _ID),
    "search": Parameter(
        readers.search, "Only people with an id that contains this.", {**_ID, "minLength": 0}
    ),
    "like": Parameter(
        readers.part,
        "Only events whose name contains this, whatever the case of its letters A to Z.",
        {**_TEXT, "minLength": 0},
    ),
    "source": Parameter(
        readers.source, "Only events that came through this channel.", _words(Source)
    ),
    "bots": Parameter(readers.flag, "1 counts bots, too.", _BOOL),
    "filter": Parameter(
        readers.condition,
        "A condition: field, operator (`=`, `!=`, `>`, `<`, `~` contains), value. All have to "
        f"hold. Fields: {', '.join(filters.FIELDS)}, property.NAME, trait.NAME.",
        {"type": "string", "maxLength": 2 * MAX_NAME + 2, "examples": ["property.plan=pro"]},
        True,
    ),
}
