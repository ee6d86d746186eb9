"""Numbers and times as the viewer writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from flask_analytics.metrics.window import Bucket, read
from flask_analytics.web.dashboard.figures import Figures
from flask_analytics.web.dashboard.times import Times, known


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        *(("en", "1,234,567.80 EUR"), ("de-DE", "1.234.567,80 EUR"), ("tlh", "1,234,567.80 EUR")),
        *(("fr", "1\u202f234\u202f567,80 EUR"), ("sv-SE", "1\u00a0234\u00a0567,80 EUR")),
        *(("de-CH", "1\u2019234\u2019567.80 EUR"), ("en-IN", "12,34,567.80 EUR")),
    ],
)
def test_money(language: str, expected: str) -> None:
    """All digits, in the viewer's own signs."""
    assert Figures(language).money(Decimal("1234567.80"), "EUR") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (7, "7"), (2.5, "2.5"), (999, "999"), (9_999, "9,999"), (12_940, "12.9k"),
     (1_000_000, "1M"), (2_500_000_000, "2.5B"), (-12_940, "\u221212.9k")],
)  # fmt: skip
def test_short_numbers(value: float, expected: str) -> None:
    """Few characters for axes and cards; small numbers keep their digits."""
    assert Figures().short(value) == expected


@pytest.mark.parametrize(
    ("share", "expected"), [(0, "0%"), (0.0001, "<0.1%"), (0.1234, "12.3%"), (1, "100%")]
)
def test_percent(share: float, expected: str) -> None:
    """What is not nothing never reads as nothing."""
    assert Figures().percent(share) == expected


@pytest.mark.parametrize(
    ("now", "before", "expected"),
    [(110, 100, "+10%"), (95, 100, "\u22125.0%"), (100, 100, "\u00b10.0%"), (5, 0, "")],
)
def test_change(now: float, before: float, expected: str) -> None:
    """Nothing is said where there was nothing before."""
    assert Figures().change(now, before) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(None, "\u2013"), (0.0042, "4.2 ms"), (0.25, "250 ms"), (1.5, "1.50 s")],
)
def test_seconds(seconds: float | None, expected: str) -> None:
    """How long a request takes."""
    assert Figures().seconds(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(None, "\u2013"), (0, "0s"), (59.6, "1m"), (3725, "1h 2m"), (90_000, "1d 1h")],
)
def test_span(seconds: float | None, expected: str) -> None:
    """How long somebody stays."""
    assert Figures().span(seconds) == expected


NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)


def test_times_are_in_the_zone() -> None:
    """Also across midnight, and with the zone's name for its distance."""
    times = Times("Asia/Kathmandu", NOW)

    assert times.at("2026-11-21T20:00:00+00:00") == "22 Nov 2026, 01:45:00"
    assert times.offset() == "UTC+5:45"
    assert Times("America/New_York", NOW).offset() == "UTC\u22125"
    assert Times("UTC", NOW).offset() == "UTC"


@pytest.mark.parametrize(
    ("bucket", "label", "name"),
    [
        (Bucket.HOUR, "09:00", "Sat 21 Nov, 09:00"),
        (Bucket.DAY, "21 Nov", "Sat 21 Nov 2026"),
        (Bucket.WEEK, "21 Nov", "Week of 21 Nov 2026"),
        (Bucket.MONTH, "Nov 2026", "November 2026"),
    ],
)
def test_buckets(bucket: Bucket, label: str, name: str) -> None:
    """Short for an axis, in full for who points at it."""
    times = Times("Europe/Berlin", NOW)

    assert times.label("2026-11-21T09:00:00+01:00", bucket) == label
    assert times.name("2026-11-21T09:00:00+01:00", bucket) == name


def test_a_range_names_its_last_day() -> None:
    """Not the midnight after it."""
    times = Times("UTC", NOW)

    assert times.range(read("2026-11-01", "2026-11-08", "UTC", NOW)) == "1 Nov \u2013 7 Nov 2026"
    assert times.range(read("2025-12-31", "2026-01-02", "UTC", NOW)) == (
        "31 Dec 2025 \u2013 1 Jan 2026"
    )
    assert times.range(read("2026-11-01", "2026-11-02", "UTC", NOW)) == "1 Nov 2026"


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "../../etc/passwd", "x" * 999])
def test_a_zone_that_is_none_is_utc(name: str | None) -> None:
    """A cookie may say anything."""
    assert known(name) == "UTC"
