"""Local time in SQL without an engine's own zones: whole numbers and Python's zone data."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from math import gcd
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ...metrics.window import micros, midnight, moment, zone
from .dialect import Dialect
from .engine import BEGINNING, END, Span

#: Microseconds.
SECOND, HOUR, DAY = 10**6, 3600 * 10**6, 86400 * 10**6

#: Days that are added before a division, so that it is one of positive numbers for any event.
BIAS = 800_000

#: No zone changed its offset before; what is earlier need not be looked through.
_FIRST_CHANGE = -160 * 366 * DAY

#: No zone ever changed its offset twice within so long: Freetown took four days, in 1939.
_STEP = 3 * DAY


class Shift(NamedTuple):
    """From ``since`` on (UTC microseconds) local clocks are ``offset`` ahead."""

    since: int
    offset: int


@lru_cache(256)
def shifts(span: Span, name: str) -> tuple[Shift, ...]:
    """The offset that a span begins with, and each change of it until the span ends."""
    at, end = span
    found = [Shift(at, _offset(at, name))]
    at = max(at, _FIRST_CHANGE)
    while at < end:
        after = min(at + _STEP, end)
        if _offset(after, name) != found[-1].offset:
            since = _change(at, after, name)
            found.append(Shift(since, _offset(since, name)))
        at = after
    return tuple(found)


def _offset(at: int, name: str) -> int:
    # The first and the last day of the calendar have no local time in some zones.
    at = min(max(at, BEGINNING + 2 * DAY), END - 2 * DAY)
    offset = moment(at).astimezone(zone(name)).utcoffset() or timedelta()
    return offset // timedelta(microseconds=1)


def _change(low: int, high: int, name: str) -> int:
    """The first moment with the offset of ``high``; ``low`` has another."""
    wanted = _offset(high, name)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _offset(middle, name) == wanted else (middle, high)
    return high


def cell(span: Span, name: str) -> int:
    """The longest piece of time, at most an hour, that every local hour and midnight in a span
    is a multiple of (since 1970 UTC), in microseconds."""
    around = (span[0] - DAY, span[1] + DAY)
    return gcd(HOUR, *(shift.offset for shift in shifts(around, name)))


def day_sql(dialect: Dialect, ts: str, span: Span, name: str) -> str:
    """The local day of a column of times in a span: whole days since 1970-01-01."""
    first, *changes = shifts(span, name)
    shift = str(first.offset + BIAS * DAY)
    if changes:
        pieces, offset = "", first.offset
        for change in changes:
            pieces += f" WHEN {ts} < {change.since} THEN {offset + BIAS * DAY}"
            offset = change.offset
        shift = f"CASE{pieces} ELSE {offset + BIAS * DAY} END"
    return f"({dialect.divide(f'{ts} + {shift}', DAY)} - {BIAS})"


_EPOCH = date(1970, 1, 1).toordinal()


def day_start(day: int, tz: ZoneInfo) -> int:
    """When a local day (since 1970-01-01) begins, in UTC microseconds; within our calendar."""
    try:
        return micros(midnight(date.fromordinal(day + _EPOCH), tz))
    except (OverflowError, ValueError):
        return BEGINNING if day < 0 else END
