"""The URL is the report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from flask_analytics.errors import QuestionError
from flask_analytics.metrics.window import Bucket
from flask_analytics.web.dashboard.report import Report, joined, read

NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)


def report(zone: str = "UTC", **pairs: Any) -> Report:
    given = {name.rstrip("_"): value if isinstance(value, list) else [value]
             for name, value in pairs.items()}  # fmt: skip
    return read(given, NOW, zone)


def test_nothing_said_is_thirty_days_in_the_viewers_zone() -> None:
    """Today included, from their midnight."""
    found = report("Asia/Tokyo")

    assert (found.days, found.compare, found.bots) == (30, True, False)
    assert found.range.start == datetime(2026, 10, 22, 15, tzinfo=UTC)
    assert str(found.last) == "2026-11-21"


def test_questions_have_what_the_url_says() -> None:
    """The same words as the read API, in every question of the page."""
    found = report(
        from_="2026-11-01", to="2026-11-08", tz="Europe/Berlin", source="browser", bots="1",
        filter=["route=/cart", "trait.plan=pro"],
    )  # fmt: skip
    asked = found.question("volume", event="purchase", bucket="day")

    assert (asked.event, asked.scope.source, asked.scope.bots) == ("purchase", "browser", True)
    assert [str(one) for one in asked.scope.filters] == ["route=/cart", "trait.plan=pro"]
    assert asked.range.start == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert found.question("people", search="").range == asked.range


@pytest.mark.parametrize(
    ("days", "bucket"), [(1, "hour"), (7, "day"), (90, "day"), (365, "week"), (1000, "month")]
)
def test_a_series_has_few_points(days: int, bucket: str) -> None:
    """A year of days is no chart."""
    assert report(days=str(days)).bucket is Bucket(bucket)


def test_a_change_keeps_the_rest() -> None:
    """A new range takes the old one's place; another page keeps what all pages understand."""
    found = report(from_="2026-11-01", filter=["device=mobile"], event="purchase", page="x")

    assert found.changed(days=7) == {
        "filter": ["device=mobile"], "event": ["purchase"], "page": ["x"], "days": ["7"]
    }  # fmt: skip
    assert found.changed(is_same_page=False) == {
        "from": ["2026-11-01"], "filter": ["device=mobile"]
    }  # fmt: skip
    assert "event" not in found.changed(event=None)


def test_filters_come_and_go() -> None:
    """Once each."""
    found = report(filter=["device=mobile", "path=/x"])

    assert found.narrowed("path=/x", "os=iOS") == ["device=mobile", "path=/x", "os=iOS"]
    assert found.without(found.filters[0]) == ["path=/x"]


def test_a_form_sends_a_filter_in_parts() -> None:
    """Put together, beside those that are there."""
    given = {"field": ["property.plan"], "op": ["~"], "value": ["pro"], "filter": ["device=mobile"]}

    assert joined(given) == {"filter": ["device=mobile", "property.plan~pro"]}
    assert joined({"filter": ["device=mobile"]}) is None


def test_a_form_sends_the_last_day() -> None:
    """Which the API's words do not include."""
    assert joined({"from": ["2026-11-01"], "until": ["2026-11-30"]}) == {
        "from": ["2026-11-01"], "to": ["2026-12-01"]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("pairs", "field"),
    [
        *(({"days": "0"}, "days"), ({"days": ["7", "8"]}, "days"), ({"tz": "Mars"}, "tz")),
        *(({"from_": "yesterday"}, "from"), ({"filter": "colour"}, "filter")),
        *(({"source": "carrier pigeon"}, "source"), ({"bots": "maybe"}, "bots")),
        ({"from_": "2026-11-08", "to": "2026-11-01"}, "from"),
    ],
)
def test_what_cannot_be_names_the_word(pairs: dict[str, Any], field: str) -> None:
    """And says what to write."""
    with pytest.raises(QuestionError) as error:
        report(**pairs)

    assert error.value.field == field


@pytest.mark.parametrize("parts", [{"value": ["x"]}, {"until": ["soon"]}, {"field": ["colour"]}])
def test_parts_that_are_no_filter(parts: dict[str, list[str]]) -> None:
    """The page says so."""
    with pytest.raises(QuestionError):
        joined(parts)
