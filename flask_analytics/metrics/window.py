"""A range of time as people mean it: local dates, buckets that start at local midnight.

A day with a clock change has 23 or 25 hours here. Everything is computed from Python's own zone
data, so that every store cuts time in the same places, whatever its engine believes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from ..errors import QuestionError

#: Points of one series; more would be no chart.
MAX_POINTS = 10_000

#: What "the last days" are when nobody says.
DEFAULT_DAYS = 7

#: Years that a question may be about; arithmetic with the days around them cannot overflow.
FIRST_YEAR, LAST_YEAR = 1900, 2999


class Bucket(StrEnum):
    """How a series is cut: at local hours, midnights, Mondays, firsts of a month.

    A change of clocks begins an hour too: where it falls amid one, both parts are shorter.
    """

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Range(msgspec.Struct, frozen=True):
    """From ``start`` up to, not including, ``end``, both in UTC, as seen in ``zone`` (IANA)."""

    start: datetime
    end: datetime
    zone: str = "UTC"

    @property
    def tz(self) -> ZoneInfo:
        """The zone's data."""
        return zone(self.zone)

    @property
    def start_us(self) -> int:
        """Microseconds since the epoch, the first inside."""
        return micros(self.start)

    @property
    def end_us(self) -> int:
        """Microseconds since the epoch, the first beyond."""
        return micros(self.end)

    def local(self, moment: datetime) -> datetime:
        """A moment as the zone's clocks show it."""
        return moment.astimezone(self.tz)

    def before(self) -> Range:
        """The period before, of as many local days (or else of the same length)."""
        first, last = self.local(self.start), self.local(self.end)
        if first.time() == last.time() == time():
            days = (last.date() - first.date()).days
            return Range(midnight(first.date() - timedelta(days), self.tz), self.start, self.zone)
        return Range(self.start - (self.end - self.start), self.start, self.zone)


def micros(moment: datetime) -> int:
    """Microseconds since the epoch, exact."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(us: int) -> datetime:
    """The time of so many microseconds since the epoch, in UTC."""
    return _EPOCH + timedelta(microseconds=us)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@lru_cache(64)
def zone(name: str) -> ZoneInfo:
    """A zone by its IANA name.

    :raises QuestionError: there is none of that name.
    """
    try:
        if not isinstance(name, str) or name.startswith(("/", ".")) or len(name) > 64:
            raise ValueError
        return ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError and an OSError by mood
        pass
    except KeyError:
        pass
    raise QuestionError("tz", f"{name!r:.80} is no time zone: write one such as Europe/Berlin")


def midnight(day: date, tz: ZoneInfo) -> datetime:
    """When a local day begins, in UTC; where clocks skip midnight, when they do."""
    begin = datetime.combine(day, time(), tz)
    found = begin.astimezone(UTC)
    if found.astimezone(tz).replace(tzinfo=None) == begin.replace(tzinfo=None):
        return found
    return _change(begin.replace(fold=1).astimezone(UTC), found, tz)


def _change(low: datetime, high: datetime, tz: ZoneInfo) -> datetime:
    """The change of clocks between two moments: the first moment with the later's offset."""
    offset = high.astimezone(tz).utcoffset()
    while high - low > _MICROSECOND:
        middle = low + (high - low) / 2
        low, high = (low, middle) if middle.astimezone(tz).utcoffset() == offset else (middle, high)
    return high


def days(count: int, tz: str, now: datetime) -> Range:
    """The last ``count`` local days, including the whole of today."""
    today = now.astimezone(zone(tz)).date()
    first = today - timedelta(count - 1)
    return Range(midnight(first, zone(tz)), midnight(today + timedelta(1), zone(tz)), tz)


def read(
    start: str | date | datetime | None,
    end: str | date | datetime | None,
    tz: str,
    now: datetime,
) -> Range:
    """A range of what somebody wrote; by default the last 7 local days.

    Dates mean midnight in ``tz``; a datetime without an offset is in ``tz`` too.

    :raises QuestionError: naming ``from``, ``to`` or ``tz``.
    """
    last = days(DEFAULT_DAYS, tz, now)
    until = last.end if end is None else _moment("to", end, zone(tz))
    if start is not None:
        since = _moment("from", start, zone(tz))
    elif end is None:
        since = last.start
    else:
        since = (until.astimezone(zone(tz)) - timedelta(DEFAULT_DAYS)).astimezone(UTC)
    if since >= until and end is None:
        raise QuestionError(
            "from", f"{since:%Y-%m-%d %H:%M} (UTC) is after today, where the range ends when "
            "nothing else is said: add to"
        )  # fmt: skip
    if since >= until:
        raise QuestionError(
            "from", f"the range ends ({until:%Y-%m-%d %H:%M}) before it starts "
            f"({since:%Y-%m-%d %H:%M}, UTC): swap from and to"
        )  # fmt: skip
    return Range(since, until, tz)


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}").fullmatch


def _moment(field: str, value: str | date | datetime, tz: ZoneInfo) -> datetime:
    if isinstance(value, str):
        value = _parsed(field, value)
    if not isinstance(value, date):  # a datetime is one too
        raise QuestionError(field, f"must be a date or a datetime, not {type(value).__name__}")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise QuestionError(field, f"must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
    if not isinstance(value, datetime):
        return midnight(value, tz)
    return (value if value.tzinfo else value.replace(tzinfo=tz)).astimezone(UTC)


def cohort(start: str | date | datetime, count: int, tz: str) -> Range:
    """So many local days from a moment on.

    :raises QuestionError: naming ``from`` or ``tz``.
    """
    since = _moment("from", start, zone(tz))
    local = since.astimezone(zone(tz))
    until = local + timedelta(count)
    if since == midnight(local.date(), zone(tz)):  # some days begin at one o'clock
        return Range(since, midnight(until.date(), zone(tz)), tz)
    return Range(since, until.astimezone(UTC), tz)


def widened(span: Range, bucket: Bucket) -> Range:
    """The range of all buckets that a range touches, each of them whole."""
    last = floor(span.end - timedelta(microseconds=1), bucket, span.tz)
    return Range(floor(span.start, bucket, span.tz), following(last, bucket, span.tz), span.zone)


def _parsed(field: str, text: str) -> date | datetime:
    try:
        if _DATE(text):
            return date.fromisoformat(text)
        # A plus sign in a query string arrives as a space.
        return datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text))
    except ValueError:
        raise QuestionError(
            field, f"{text!r:.40} is no date: write 2026-11-21 or 2026-11-21T08:00:00+01:00"
        ) from None


# -- buckets


def floor(moment: datetime, bucket: Bucket, tz: ZoneInfo) -> datetime:
    """When the bucket that a moment lies in begins, in UTC."""
    if bucket is Bucket.HOUR:
        local = moment.astimezone(tz)
        begin = moment - _in_hour(local)
        same = begin.astimezone(tz).utcoffset() == local.utcoffset()
        return begin if same else _change(begin, moment, tz)
    day = local_date(moment, tz)
    if bucket is Bucket.WEEK:
        day -= timedelta(day.weekday())
    elif bucket is Bucket.MONTH:
        day = day.replace(day=1)
    return midnight(day, tz)


def _in_hour(local: datetime) -> timedelta:
    """How much of the hour that the clock shows is over."""
    return timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)


def following(start: datetime, bucket: Bucket, tz: ZoneInfo) -> datetime:
    """When the next bucket begins, in UTC."""
    if bucket is Bucket.HOUR:
        local = start.astimezone(tz)
        after = start + timedelta(hours=1) - _in_hour(local)
        same = after.astimezone(tz).utcoffset() == local.utcoffset()
        return after if same else _change(start, after, tz)
    day = start.astimezone(tz).date()
    if bucket is Bucket.DAY:
        return midnight(day + timedelta(1), tz)
    if bucket is Bucket.WEEK:
        return midnight(day + timedelta(7), tz)
    return midnight((day.replace(day=1) + timedelta(32)).replace(day=1), tz)


def starts(span: Range, bucket: Bucket) -> list[datetime]:
    """When each bucket that touches the range begins, in UTC, in order.

    :raises QuestionError: there are more than 10,000.
    """
    found = []
    for begin in _walk(span, bucket):
        found.append(begin)
        if len(found) > MAX_POINTS:
            raise QuestionError(
                "bucket", f"more than {MAX_POINTS} buckets of a {bucket}: choose a larger bucket "
                "or a shorter range"
            )  # fmt: skip
    return found


def _walk(span: Range, bucket: Bucket) -> Iterator[datetime]:
    begin = floor(span.start, bucket, span.tz)
    while begin < span.end:
        yield begin
        begin = following(begin, bucket, span.tz)


def label(start: datetime, tz: ZoneInfo) -> str:
    """A bucket's start in ISO 8601 with the zone's offset."""
    return start.astimezone(tz).isoformat()


def local_date(moment: datetime, tz: ZoneInfo) -> date:
    """The local day that a moment lies in. Where clocks go back over midnight the new day stays."""
    local = moment.astimezone(tz)
    after = local.date() + timedelta(local.fold)
    return after if local.fold and midnight(after, tz) <= moment else local.date()


def local_day(moment: datetime, tz: ZoneInfo) -> int:
    """The same, as days since 1970-01-01."""
    return local_date(moment, tz).toordinal() - _EPOCH.date().toordinal()
