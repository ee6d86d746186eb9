"""Readers of single parameters: text of a query string, or what Python has, to checked values.

Each takes the parameter's name, which errors are about, and the value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from ..errors import QuestionError
from ..event import Source
from . import filters, window
from .active import MAX_ROLLING
from .funnel import Step
from .person import MAX_ID

#: Days of a dashboard, of a cohort, of a funnel's window: ten years.
MAX_DAYS = 3660

#: Characters of a name.
MAX_NAME = filters.MAX_LENGTH

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LENGTH = re.compile(r"(\d{1,10}(?:\.\d{1,6})?)([smhdw]?)", re.ASCII).fullmatch
_WHOLE = re.compile(r"\d{1,9}", re.ASCII).fullmatch
_DAYS = re.compile(r"(\d{1,9})d?", re.ASCII).fullmatch
_PLACE = re.compile(r"(\d{1,3}):(.+)", re.ASCII | re.S).fullmatch

Read = Callable[[str, Any], Any]


def text(field: str, value: Any, length: int = MAX_NAME) -> str:
    """Text that every store can compare: not empty, no NUL, no half characters."""
    if not isinstance(value, str):
        raise QuestionError(field, f"must be text, not {type(value).__name__}")
    if not value:
        raise QuestionError(field, "is empty: give it a value or leave it out")
    if len(value) > length:
        raise QuestionError(field, f"has {len(value)} characters: {length} are the most")
    return _storable(field, value)


def _storable(field: str, value: str) -> str:
    if "\0" in value or (not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value)):
        raise QuestionError(field, "has characters that are no text (NUL or half of a pair)")
    return value


def identity(field: str, value: Any) -> str:
    """A person's id; a number is fine."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return text(field, value, MAX_ID)


def search(field: str, value: Any) -> str:
    """A part of an id; nothing is all of them."""
    return "" if value == "" else text(field, value, MAX_ID)


def part(field: str, value: Any) -> str:
    """A part of a name; nothing is all of them."""
    return "" if value == "" else text(field, value)


def moment(field: str, value: Any) -> str | date | datetime:
    """Read later, by ``window.read``: a date alone needs the time zone."""
    if not isinstance(value, (str, date)):
        raise QuestionError(
            field, f"must be a date or a datetime, such as 2026-11-21, not {type(value).__name__}"
        )
    return value if not isinstance(value, str) else text(field, value, 64)


def zone(field: str, value: Any) -> str:
    """The name of a time zone that there is."""
    return window.zone(text(field, value, 64)).key


def flag(field: str, value: Any) -> bool:
    """Yes or no."""
    if value in (True, "1", "true"):
        return True
    if value in (False, "0", "false"):
        return False
    raise QuestionError(field, f"{value!r:.20} is neither 1 nor 0")


def whole(least: int, most: int) -> Read:
    """A reader of whole numbers in a range."""

    def read(field: str, value: Any) -> int:
        number = int(value) if isinstance(value, str) and _WHOLE(value) else value
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            raise QuestionError(field, f"{value!r:.20} is no whole number from {least} to {most}")
        return number

    return read


def one_of(words: type[StrEnum]) -> Read:
    """A reader of the words of an enumeration."""

    def read(field: str, value: Any) -> StrEnum:
        try:
            return words(value)
        except ValueError:
            known = ", ".join(words)
            raise QuestionError(field, f"{value!r:.40} is no {field}: use {known}") from None

    return read


def source(field: str, value: Any) -> str:
    """A channel's name."""
    return str(one_of(Source)(field, value))


def length(field: str, value: Any) -> float:
    """Seconds of ``7d``, ``12h``, ``30m``, ``45s``, ``2w``, a number or a timedelta."""
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    match = _LENGTH(value) if isinstance(value, str) else None
    if match:
        seconds = float(match[1]) * _UNITS[match[2] or "s"]
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise QuestionError(
            field, f"{value!r:.20} is no length of time: write 7d, 12h, 30m or seconds"
        )
    if not math.isfinite(seconds) or not 0 < round(seconds, 6) <= MAX_DAYS * 86400:
        raise QuestionError(field, f"must be above 0 and at most {MAX_DAYS}d")
    return round(float(seconds), 6)


def days(field: str, value: Any) -> int:
    """Days of ``7d``, ``7`` or a timedelta of whole days."""
    days: Any = value
    if isinstance(value, timedelta) and not value % timedelta(1):
        days = value.days
    match = _DAYS(value) if isinstance(value, str) else None
    if match:
        days = int(match[1])
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MAX_ROLLING:
        raise QuestionError(
            field, f"{value!r:.20} is no number of days: write 1d, 7d, 30d, at most {MAX_ROLLING}d"
        )
    return days


def condition(field: str, value: Any) -> filters.Filter:
    """A filter, or its text."""
    if isinstance(value, filters.Filter):
        filters.check_field(value.field, field)
        _storable(field, value.field + value.value)
        return value
    return filters.parse(text(field, value, 2 * MAX_NAME + 2), field)


def step(field: str, value: Any) -> Step:
    """An event's name; in Python also a ``Step``, or ``(name, filter, ...)``."""
    if isinstance(value, Step):
        value = (value.event, *value.filters)
    if isinstance(value, tuple) and value:
        name, *rest = value
        return Step(text(field, name), few_filters(field, (condition(field, one) for one in rest)))
    return Step(text(field, value))


def few_filters(field: str, found: Iterable[filters.Filter]) -> tuple[filters.Filter, ...]:
    """:raises QuestionError: there are more than ``filters.MAX_FILTERS``."""
    result = tuple(found)
    if len(result) > filters.MAX_FILTERS:
        raise QuestionError(field, f"{len(result)} filters: {filters.MAX_FILTERS} are the most")
    return result


def step_filter(field: str, value: Any) -> tuple[int, filters.Filter]:
    """A filter and the place of its step: ``1:property.plan=pro``."""
    match = _PLACE(value) if isinstance(value, str) else None
    if match is None:
        raise QuestionError(
            field,
            f"{value!r:.60} is no filter of a step: write its place, a colon and the filter, "
            "such as 1:property.plan=pro for the first step",
        )
    return int(match[1]), condition(field, match[2])


def group_field(field: str, value: Any) -> str:
    """A field of the filter language."""
    name = text(field, value)
    filters.check_field(name, field)
    return name
