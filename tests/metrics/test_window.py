"""Ranges and buckets of local time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_analytics.errors import QuestionError
from flask_analytics.metrics import window
from flask_analytics.metrics.window import Bucket, Range, floor, following, label, starts, zone

NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)

ZONES = [
    *("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"),
    *("America/Sao_Paulo", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "Asia/Tehran"),
    *("Pacific/Chatham", "America/Havana", "Asia/Beirut", "Antarctica/Troll", "Africa/Monrovia"),
]

moments = st.datetimes(datetime(1970, 1, 2), datetime(2037, 12, 1), timezones=st.just(UTC))


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[datetime, str]:
    """A zone, and a time within a day of one of its changes of clocks, if it has any there."""
    tz = draw(st.sampled_from(ZONES))
    first, last = draw(moments), timedelta(days=250)
    low, high = first, first + last
    while high - low > timedelta(minutes=1):  # where the offset is another than at first
        middle = low + (high - low) / 2
        same = middle.astimezone(zone(tz)).utcoffset() == first.astimezone(zone(tz)).utcoffset()
        low, high = (middle, high) if same else (low, middle)
    return low + draw(st.timedeltas(timedelta(days=-1), timedelta(days=1))), tz


def hours(span: Range) -> float:
    return (span.end - span.start) / timedelta(hours=1)


def day(text: str, tz: str) -> Range:
    after = date.fromisoformat(text) + timedelta(days=1)
    return window.read(text, after.isoformat(), tz, NOW)


def labels(span: Range, bucket: Bucket) -> list[str]:
    return [label(start, span.tz) for start in starts(span, bucket)]


# -- buckets


@pytest.mark.parametrize(
    ("text", "tz", "length", "buckets"),
    [
        ("2026-03-29", "Europe/Berlin", 23, 23),
        ("2026-10-25", "Europe/Berlin", 25, 25),
        ("2026-03-08", "America/New_York", 23, 23),
        ("2026-11-01", "America/New_York", 25, 25),
        # Half an hour back and forth.
        ("2026-10-04", "Australia/Lord_Howe", 23.5, 24),
        ("2026-04-05", "Australia/Lord_Howe", 24.5, 25),
        ("2026-06-01", "Asia/Kathmandu", 24, 24),
        # Midnight did not exist: the day began at one o'clock.
        ("2018-11-04", "America/Sao_Paulo", 23, 23),
        # Clocks went from half past eleven in the evening to half past midnight.
        ("1919-03-31", "America/Toronto", 23.5, 24),
    ],
)
def test_a_day_has_the_hours_that_its_clocks_show(
    text: str, tz: str, length: float, buckets: int
) -> None:
    """23 and 25 hours, and in between; none for what no clock showed."""
    span = day(text, tz)
    assert hours(span) == length
    assert len(starts(span, Bucket.HOUR)) == buckets
    assert len(starts(span, Bucket.DAY)) == 1


def test_the_hour_that_comes_twice_is_two_buckets() -> None:
    """They have different offsets."""
    assert labels(day("2026-10-25", "Europe/Berlin"), Bucket.HOUR)[1:5] == [
        "2026-10-25T01:00:00+02:00",
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T03:00:00+01:00",
    ]


def test_a_change_amid_an_hour_begins_a_bucket() -> None:
    """On Lord Howe two o'clock becomes half past one: the hour of one comes one and a half times.
    In Newfoundland one minute past midnight became one minute past one."""
    lord_howe = labels(day("2026-04-05", "Australia/Lord_Howe"), Bucket.HOUR)
    assert lord_howe[1:4] == [
        "2026-04-05T01:00:00+11:00",
        "2026-04-05T01:30:00+10:30",
        "2026-04-05T02:00:00+10:30",
    ]
    newfoundland = labels(day("2000-04-02", "America/St_Johns"), Bucket.HOUR)
    assert newfoundland[:3] == [
        "2000-04-02T00:00:00-03:30",
        "2000-04-02T01:01:00-02:30",
        "2000-04-02T02:00:00-02:30",
    ]


def test_hours_of_a_zone_off_the_hour() -> None:
    """Kathmandu's hours begin at a quarter past those of UTC."""
    span = day("2026-06-01", "Asia/Kathmandu")
    assert starts(span, Bucket.HOUR)[0] == datetime(2026, 5, 31, 18, 15, tzinfo=UTC)
    assert labels(span, Bucket.HOUR)[23] == "2026-06-01T23:00:00+05:45"


def test_clocks_that_go_back_over_midnight() -> None:
    """In Newfoundland one minute past midnight became one minute past eleven: it stays one day."""
    tz = zone("America/St_Johns")
    first, later = (datetime(2010, 11, 7, 2, minute, tzinfo=UTC) for minute in (30, 31))
    assert (label(first, tz)[8:16], label(later, tz)[8:16]) == ("07T00:00", "06T23:01")
    assert floor(later, Bucket.DAY, tz) == floor(first, Bucket.DAY, tz) == first
    assert window.local_date(later, tz) == window.local_date(first, tz) == date(2010, 11, 7)
    assert floor(later, Bucket.MONTH, tz) < first < following(first, Bucket.DAY, tz)


def test_a_day_that_never_was() -> None:
    """Samoa went from the 29th of December 2011 to the 31st."""
    span = window.read("2011-12-29", "2012-01-01", "Pacific/Apia", NOW)
    assert [text[:10] for text in labels(span, Bucket.DAY)] == ["2011-12-29", "2011-12-31"]


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    """Buckets are whole, also where the range begins amid one."""
    span = window.read("2026-02-26", "2026-03-03", "Europe/Berlin", NOW)
    assert labels(span, Bucket.WEEK) == ["2026-02-23T00:00:00+01:00", "2026-03-02T00:00:00+01:00"]
    assert labels(span, Bucket.MONTH) == ["2026-02-01T00:00:00+01:00", "2026-03-01T00:00:00+01:00"]


def test_months_of_a_year_with_both_clock_changes() -> None:
    """Each month once, whatever its length and its offset."""
    found = labels(window.read("2024-01-01", "2025-01-01", "Europe/Berlin", NOW), Bucket.MONTH)
    assert [text[:10] for text in found] == [f"2024-{month:02}-01" for month in range(1, 13)]
    assert {text[19:] for text in found} == {"+01:00", "+02:00"}


@settings(max_examples=300)
@given(near_a_change(), st.sampled_from(Bucket))
def test_a_bucket_holds_what_it_is_said_to(near: tuple[datetime, str], bucket: Bucket) -> None:
    """From its start up to the next one, and nothing in between begins another."""
    at, tz = near
    begin = floor(at, bucket, zone(tz))
    after = following(begin, bucket, zone(tz))
    assert begin <= at < after
    assert floor(begin, bucket, zone(tz)) == begin
    assert floor(after, bucket, zone(tz)) == after
    assert floor(after - timedelta(microseconds=1), bucket, zone(tz)) == begin


@given(near_a_change(), st.integers(1, 200), st.sampled_from(Bucket))
def test_buckets_cover_the_range(near: tuple[datetime, str], length: int, bucket: Bucket) -> None:
    """Without a gap, each once, from the one that the range begins in."""
    at, tz = near
    span = Range(at, at + timedelta(hours=length), tz)
    begins = starts(span, bucket)
    assert begins[0] == floor(span.start, bucket, span.tz)
    assert all(following(one, bucket, span.tz) == other for one, other in pairwise(begins))
    assert begins[-1] < span.end <= following(begins[-1], bucket, span.tz)


def test_too_many_buckets() -> None:
    """An answer that no chart could show is refused, with the cure."""
    span = window.read("2000-01-01", "2026-01-01", "UTC", NOW)
    with pytest.raises(QuestionError, match="larger bucket") as caught:
        starts(span, Bucket.HOUR)
    assert caught.value.field == "bucket"
    assert len(starts(span, Bucket.DAY)) == 9497


# -- ranges


def test_the_last_days_include_today() -> None:
    """Seven local days: the 29th is short, the range ends with it."""
    span = window.days(7, "Europe/Berlin", NOW)
    assert label(span.start, span.tz) == "2026-03-23T00:00:00+01:00"
    assert label(span.end, span.tz) == "2026-03-30T00:00:00+02:00"
    assert hours(span) == 7 * 24 - 1
    assert span == window.read(None, None, "Europe/Berlin", NOW)


def test_today_is_the_day_that_the_zone_has() -> None:
    """At noon UTC it is tomorrow already in Kiritimati."""
    assert window.days(1, "Pacific/Kiritimati", NOW).start == datetime(2026, 3, 29, 10, tzinfo=UTC)


def test_the_period_before_is_as_many_local_days() -> None:
    """Not as many hours: midnight stays midnight over a change of clocks."""
    span = window.days(7, "Europe/Berlin", NOW)
    assert hours(span.before()) == 7 * 24
    assert span.before().end == span.start
    short = Range(NOW, NOW + timedelta(hours=5), "Europe/Berlin")
    assert short.before() == Range(NOW - timedelta(hours=5), NOW, "Europe/Berlin")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-29", "2026-03-30", ("2026-03-28T23:00Z", "2026-03-29T22:00Z")),
        ("2026-03-29T08:00", None, ("2026-03-29T06:00Z", "2026-03-29T22:00Z")),
        ("2026-03-29T08:00Z", "2026-03-29T12:00+02:00", ("2026-03-29T08:00Z", "2026-03-29T10:00Z")),
        # A plus sign that a query string made a blank.
        ("2026-03-29T08:00:00 01:00", None, ("2026-03-29T07:00Z", "2026-03-29T22:00Z")),
        (date(2026, 3, 28), NOW, ("2026-03-27T23:00Z", "2026-03-29T12:00Z")),
        (datetime(2026, 3, 28, 1), NOW, ("2026-03-28T00:00Z", "2026-03-29T12:00Z")),
        # Seven days before the end: at the same hour of the clock.
        (None, "2026-03-30T12:00", ("2026-03-23T11:00Z", "2026-03-30T10:00Z")),
    ],
)
def test_what_is_written_is_meant_in_the_zone(
    start: Any, end: Any, expected: tuple[str, str]
) -> None:
    """Dates are local midnights; an offset counts where there is one."""
    span = window.read(start, end, "Europe/Berlin", NOW)
    assert (f"{span.start:%Y-%m-%dT%H:%MZ}", f"{span.end:%Y-%m-%dT%H:%MZ}") == expected


@pytest.mark.parametrize(
    ("start", "end", "tz", "field"),
    [
        ("2026-03-30", "2026-03-29", "UTC", "from"),
        ("2026-03-30", "2026-03-30", "UTC", "from"),
        ("tomorrow", None, "UTC", "from"),
        ("2026-02-30", None, "UTC", "from"),
        (None, "2026-3-1", "UTC", "to"),
        (None, 5, "UTC", "to"),
        ("0001-01-01", None, "Asia/Kathmandu", "from"),
        (None, None, "Mars/Phobos", "tz"),
        (None, None, "", "tz"),
        (None, None, "../etc/passwd", "tz"),
        (None, None, "/etc/passwd", "tz"),
        (None, None, "Europe", "tz"),
        (None, None, "x" * 1000, "tz"),
        (None, None, "a\0b", "tz"),
        (None, None, 5, "tz"),
        (None, None, None, "tz"),
    ],
)
def test_what_is_refused_names_the_parameter(start: Any, end: Any, tz: Any, field: str) -> None:
    """A reversed range, what is no date, what is no zone."""
    with pytest.raises(QuestionError) as caught:
        window.read(start, end, tz, NOW)
    assert caught.value.field == field


@given(moments)
def test_microseconds_are_exact(at: datetime) -> None:
    """There and back."""
    assert window.moment(window.micros(at)) == at


def test_local_days_are_numbered_from_the_epoch() -> None:
    """By the zone's date, not by that of UTC."""
    at = datetime(1970, 1, 1, 20, tzinfo=UTC)
    assert window.local_day(at, zone("UTC")) == 0
    assert window.local_day(at, zone("Asia/Kathmandu")) == 1
