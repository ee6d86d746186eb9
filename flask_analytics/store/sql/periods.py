"""Local days, weeks and months as whole numbers, each one more than the one before."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from ...metrics.retention import Period
from ...metrics.window import local_day, moment
from .dialect import Dialect
from .engine import Span
from .zones import BIAS, day_sql, day_start

#: 1970-01-01 was a Thursday: days from a Monday to it.
_MONDAY = 3

_EPOCH = date(1970, 1, 1)


def period_sql(dialect: Dialect, ts: str, span: Span, zone: str, period: Period) -> str:
    """The number of the period that a column of times in a span lies in."""
    day = day_sql(dialect, ts, span, zone)
    if period is Period.WEEK:
        # Counted from a Monday long ago, so that the division is one of positive numbers.
        weeks = BIAS // 7
        return f"({dialect.divide(f'{day} + {_MONDAY + 7 * weeks}', 7)} - {weeks})"
    return dialect.month(day) if period is Period.MONTH else day


def period_of(at: int, tz: ZoneInfo, period: Period) -> int:
    """The number of the period that a time lies in."""
    day = local_day(moment(at), tz)
    if period is Period.WEEK:
        return (day + _MONDAY) // 7
    if period is Period.MONTH:
        local = date.fromordinal(day + _EPOCH.toordinal())
        return (local.year - _EPOCH.year) * 12 + local.month - 1
    return day


def period_start(number: int, tz: ZoneInfo, period: Period) -> int:
    """When a period begins, in UTC microseconds; within our calendar."""
    if period is Period.WEEK:
        return day_start(number * 7 - _MONDAY, tz)
    if period is Period.MONTH:
        year, month = divmod(number, 12)
        last = _EPOCH.year + year > date.max.year
        first = date.max if last else date(_EPOCH.year + year, month + 1, 1)
        return day_start((first - _EPOCH).days + last, tz)
    return day_start(number, tz)
