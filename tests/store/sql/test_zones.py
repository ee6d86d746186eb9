"""Local days, weeks and months as whole numbers: the SQL says what Python says."""

from __future__ import annotations

from contextlib import closing
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flask_analytics.metrics.retention import Period
from flask_analytics.metrics.window import local_day, moment
from flask_analytics.store.sql.dialect import Query
from flask_analytics.store.sql.duckdb import DuckDB
from flask_analytics.store.sql.engine import BEGINNING, END
from flask_analytics.store.sql.periods import period_of, period_sql, period_start
from flask_analytics.store.sql.zones import DAY, HOUR, SECOND, cell, day_sql, day_start, shifts

from .plain import PlainEngine
from .stories import at

#: Half an hour of summer time; a day left out; Ramadan; seconds; none.
ZONES = (
    "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca", "Europe/Amsterdam", "UTC",
    "America/Sao_Paulo",
)  # fmt: skip


@settings(max_examples=30)
@given(
    st.sampled_from(ZONES),
    st.lists(st.integers(at("1880-01-01"), at("2060-01-01")), min_size=1, max_size=20),
)
@example("Pacific/Apia", [at("2011-12-29 12:00"), at("2011-12-30 12:00"), at("2011-12-31 12:00")])
def test_periods_of_any_moments(zone: str, moments: list[int]) -> None:
    """Through all changes of a zone's clocks, before 1970 too."""
    span, tz = (min(moments), max(moments) + 1), ZoneInfo(zone)
    columns = [period_sql(DuckDB(), "ts", span, zone, period) for period in Period]
    with closing(PlainEngine()) as engine:
        rows = engine.rows(
            f"SELECT ts, {day_sql(DuckDB(), 'ts', span, zone)}, {', '.join(columns)} "
            "FROM (SELECT unnest($1::BIGINT[]) AS ts)",
            [moments],
        )

    for ts, day, *periods in rows:
        assert day == local_day(moment(ts), tz)
        assert periods == [period_of(ts, tz, period) for period in Period]


@given(st.sampled_from(("UTC", "Europe/Berlin")), st.integers(at("1971-01-01"), at("2200-01-01")))
def test_a_period_starts_where_it_starts(zone: str, ts: int) -> None:
    """Numbers lead back to moments, and follow one another."""
    tz = ZoneInfo(zone)
    for period in Period:
        number = period_of(ts, tz, period)
        start, after = (period_start(number + n, tz, period) for n in (0, 1))
        assert start <= ts < after
        assert period_of(start - 1, tz, period) == number - 1


def test_a_change_is_found_to_the_microsecond() -> None:
    """Berlin goes to summer time at 01:00 UTC, and back."""
    span = (at("2026-01-01"), at("2027-01-01"))

    assert shifts(span, "Europe/Berlin") == (
        (span[0], HOUR),
        (at("2026-03-29 01:00"), 2 * HOUR),
        (at("2026-10-25 01:00"), HOUR),
    )


@pytest.mark.parametrize(
    ("zone", "year", "size"),
    [
        ("Europe/Berlin", 2026, HOUR),
        ("Asia/Kolkata", 2026, HOUR // 2),
        ("Asia/Kathmandu", 2026, HOUR // 4),
        ("Europe/Amsterdam", 1900, SECOND * 4),
    ],
)
def test_cells_are_as_large_as_a_zone_allows(zone: str, year: int, size: int) -> None:
    """No local hour begins within one."""
    assert cell((at(f"{year}-06-01"), at(f"{year}-07-01")), zone) == size


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Niue"])
def test_the_ends_of_the_calendar(zone: str) -> None:
    """The first and the last day have no local time everywhere, and break nothing."""
    for span in ((BEGINNING, BEGINNING + DAY), (END - DAY, END)):
        assert len(shifts(span, zone)) == 1
    assert day_start(-(10**9), ZoneInfo(zone)) == BEGINNING
    assert day_start(10**9, ZoneInfo(zone)) == END
    assert day_start(0, ZoneInfo("UTC")) == 0


def test_each_dialect_numbers_its_values_from_one() -> None:
    """The first placeholder is for the first value."""
    query = Query(DuckDB())

    assert [query.value(value) for value in ("a", 5)] == ["$1", "$2"]
    assert query.values == ["a", 5]
