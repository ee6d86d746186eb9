"""Words to questions: what is understood, what is not, and that both ways lead to the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_analytics.errors import QuestionError
from flask_analytics.metrics import words
from flask_analytics.metrics.filters import FIELDS, Filter, Operator
from flask_analytics.metrics.funnel import Step
from flask_analytics.metrics.kinds import KINDS
from flask_analytics.metrics.parameters import TABLE
from flask_analytics.metrics.retention import Period
from flask_analytics.metrics.top import Dimension, TopEvents, TopProperties
from flask_analytics.metrics.window import Bucket, Range

NOW = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)

#: What a kind cannot be asked without.
NEEDED = {"funnel": {"step": ["a", "b"]}, "breakdown": {"dimension": ["page"]}}
NEEDED |= {"traits": {"id": ["u1"]}, "timeline": {"id": ["u1"]}}


def read(kind: str, **said: Any) -> Any:
    """A question, of words given once or as a list; ``from_`` where Python keeps the word."""
    given = {name.rstrip("_"): value if isinstance(value, list) else [value]
             for name, value in said.items()}  # fmt: skip
    return words.read(kind, {**NEEDED.get(kind, {}), **given}, NOW)


def utc(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_words(kind: str) -> None:
    """All parameters of a kind are in the table, and it can be asked with what it requires."""
    assert set(KINDS[kind].words) <= set(TABLE)
    assert set(KINDS[kind].required) == set(NEEDED.get(kind, {}))
    assert read(kind)


def test_no_parameter_is_of_no_use() -> None:
    """The table has what some kind takes, and nothing else."""
    assert set(TABLE) == {name for kind in KINDS.values() for name in kind.words}


def test_range_defaults_to_seven_local_days() -> None:
    """With the whole of today, and a day that begins where the zone says."""
    assert read("volume").range == Range(utc(2026, 11, 15), utc(2026, 11, 22), "UTC")
    berlin = read("volume", tz="Europe/Berlin").range
    assert berlin.start == utc(2026, 11, 14, 23)
    assert read("volume", to="2026-11-10").range.start == utc(2026, 11, 3)
    assert read("volume", from_="2026-11-20").range.end == utc(2026, 11, 22)


def test_a_day_of_a_clock_change() -> None:
    """A date is its own midnight, so the range has 25 hours."""
    span = read("volume", tz="Europe/Berlin", from_="2026-10-25", to="2026-10-26").range
    assert span.end - span.start == timedelta(hours=25)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T08:00:00+01:00", utc(2026, 11, 20, 7)),
        ("2026-11-20T08:00:00 01:00", utc(2026, 11, 20, 7)),  # a plus in a query string
        ("2026-11-20T08:00", utc(2026, 11, 20, 8)),
        ("2026-11-20T08:00:00.000001Z", utc(2026, 11, 20, 8, 0, 0, 1)),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    """ISO 8601, with an offset or in the zone."""
    assert read("volume", from_=text).range.start == moment


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7d", 604800), ("12h", 43200), ("30m", 1800), ("45s", 45), ("2w", 1209600), ("90", 90),
     ("1.5", 1.5), ("0.5h", 1800), ("0.000001", 0.000001)],
)  # fmt: skip
def test_windows(text: str, seconds: float) -> None:
    """A number with a unit, or seconds."""
    assert read("funnel", window=text).window == seconds


@pytest.mark.parametrize(
    "text", ["", "d", "-1", "0", "0.0000001", "1y", "1d2h", "inf", "nan", "1e3", " 7d", "\u0667d",
             "3661d", "99999999999"]
)  # fmt: skip
def test_windows_that_are_none(text: str) -> None:
    """The cure is in the message."""
    with pytest.raises(QuestionError, match="window"):
        read("funnel", window=text)


def test_steps_and_their_filters() -> None:
    """A filter belongs to the step whose place it names; names hold any character."""
    funnel = read(
        "funnel",
        step=["a[x=1]", "b:c", "a[x=1]"],
        step_filter=["3:property.a=[]:", "1:device=mobile", "3:path~/x"],
    )

    assert funnel.steps == (
        Step("a[x=1]", (Filter("device", Operator.EQUALS, "mobile"),)),
        Step("b:c"),
        Step(
            "a[x=1]",
            (Filter("property.a", Operator.EQUALS, "[]:"), Filter("path", Operator.CONTAINS, "/x")),
        ),
    )


def test_top_is_one_of_two() -> None:
    """Events, or the values of one property of one event."""
    assert isinstance(read("top"), TopEvents)
    question = read("top", event="a", property="b", limit="3")
    assert question == TopProperties(range=read("top").range, event="a", property="b", limit=3)


def test_retention_by_cohort_days() -> None:
    """One local day from ``from`` on, or so many; without a ``from`` the last ones."""
    one = read("retention", from_="2026-10-25", tz="Europe/Berlin")
    assert one.range == Range(utc(2026, 10, 24, 22), utc(2026, 10, 25, 23), "Europe/Berlin")
    assert (one.offsets, one.period, one.now) == ((0, 1, 7), Period.DAY, int(NOW.timestamp() * 1e6))
    assert read("retention", from_="2026-11-01", cohort_days="3").range.end == utc(2026, 11, 4)
    assert read("retention", cohort_days="2").range == Range(utc(2026, 11, 20), utc(2026, 11, 22))
    assert read("retention", from_="2026-11-01", to="2026-11-03").range.end == utc(2026, 11, 3)
    assert read("retention", offset=["7", "1", "7"]).offsets == (7, 1)


def test_a_grid_has_whole_periods() -> None:
    """A week begins on Monday, and a month with its first."""
    week = read("retention", from_="2026-11-18", grid="1", period="week")
    assert week.range == Range(utc(2026, 11, 16), utc(2026, 11, 23))
    month = read("retention", from_="2026-11-30", cohort_days="2", grid="1", period="month")
    assert month.range == Range(utc(2026, 11, 1), utc(2027, 1, 1))


@pytest.mark.parametrize("text", ["7d", "7"])
def test_rolling(text: str) -> None:
    """Days."""
    assert read("active", interval="day", rolling=text).rolling == 7


def test_scope() -> None:
    """Source, bots and filters are of every question about events."""
    scope = read("visits", source="api", bots="1", filter=["path=/a", "trait.plan!=pro"]).scope
    assert (scope.source, scope.bots) == ("api", True)
    assert [str(one) for one in scope.filters] == ["path=/a", "trait.plan!=pro"]


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        ("volume", {"event": 5}, "event"),
        ("volume", {"from": 5}, "from"),
        ("volume", {"filter": [5]}, "filter"),
        ("volume", {"filter": Filter("color", Operator.EQUALS, "red")}, "filter"),
        ("volume", {"event": "\ud800"}, "event"),
        ("volume", {"bots": 2}, "bots"),
        ("top", {"limit": True}, "limit"),
        ("top", {"limit": 1.0}, "limit"),
        ("funnel", {"step": 5}, "step"),
        ("funnel", {"step": []}, "step"),
        ("funnel", {"step": [("a", "b")] * 2}, "step"),
        ("funnel", {"step": ["a", "b"], "window": True}, "window"),
        ("funnel", {"step": ["a", "b"], "window": float("inf")}, "window"),
        ("funnel", {"step": ["a", "b"], "step_filter": [5]}, "step_filter"),
        ("active", {"interval": "day", "rolling": timedelta(hours=12)}, "rolling"),
        ("retention", {"offset": []}, "offset"),
        ("retention", {"offset": [*range(101)]}, "offset"),
        ("traits", {"id": True}, "id"),
        ("traits", {"id": "x" * 257}, "id"),
        ("traits", {}, "id"),
        ("visits", {"limit": 5}, "limit"),
        ("top", {"event": "a", "property": "b", "people": True}, "people"),
        ("recent", {"limit": "501"}, "limit"),
    ],
)
def test_values_of_python_are_checked_as_well(kind: str, values: Any, field: str) -> None:
    """What no query string could hold is refused by the same name."""
    with pytest.raises(QuestionError) as caught:
        words.question(kind, values, NOW)
    assert caught.value.field == field
    assert caught.value.detail


def test_values_of_python() -> None:
    """Dates, timedeltas, numbers and filters are taken as they are."""
    asked = words.question(
        "funnel",
        {
            "step": [Step("a"), ("b", "path=/x"), "c"],
            "window": timedelta(days=1),
            "from": date(2026, 11, 1),
            "to": datetime(2026, 11, 2, 12),
            "filter": Filter("path", Operator.EQUALS, "/"),
            "breakdown": None,
        },
        NOW,
    )
    assert [step.event for step in asked.steps] == ["a", "b", "c"]
    assert (asked.window, str(asked.steps[1].filters[0])) == (86400.0, "path=/x")
    assert asked.range == Range(utc(2026, 11, 1), utc(2026, 11, 2, 12))
    assert words.question("traits", {"id": 42}, NOW).id == "42"
    weekly = {"interval": Bucket.WEEK, "rolling": timedelta(days=7)}
    assert words.question("active", weekly, NOW).rolling == 7


# -- both ways

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
WHOLE = st.integers(1, 1000).map(str)
DATES = st.datetimes(datetime(2001, 1, 1), datetime(2026, 11, 1)).map(datetime.isoformat)
FILTERS = st.builds(
    lambda field, operator, value: f"{field}{operator}{value}",
    st.sampled_from([*FIELDS, "property.plan", "trait.a b"]),
    st.sampled_from(["=", "!=", "~"]),
    NAMES.map(str.lstrip),
)
LENGTHS = st.floats(1e-6, 1e8).map("{:.6f}".format) | st.sampled_from(["7d", "1h", "30m"])

ANSWERS: dict[str, st.SearchStrategy[str]] = {
    "from": DATES,
    "to": st.sampled_from(["2026-11-21", "2027-01-01T05:06:07.000008+09:00"]),
    "tz": st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Apia", "America/St_Johns"]),
    "event": NAMES,
    "bucket": st.sampled_from(["week", "month"]),
    "property": NAMES,
    "limit": WHOLE,
    "dimension": st.sampled_from([str(one) for one in Dimension]),
    "step": NAMES,
    "step_filter": FILTERS.map("1:{}".format),
    "window": LENGTHS,
    "breakdown": st.sampled_from(["device", "property.plan", "trait.x"]),
    "offset": st.integers(0, 1000).map(str),
    "cohort_days": WHOLE,
    "period": st.sampled_from(["week", "month"]),
    "start_event": NAMES,
    "return_event": NAMES,
    "grid": st.just("0"),
    "interval": st.sampled_from(["week", "month"]),
    "rolling": st.integers(1, 366).map("{}d".format),
    "days": WHOLE,
    "id": NAMES.filter(lambda text: len(text) <= 256),
    "search": NAMES,
    "like": NAMES,
    "source": st.sampled_from(["server", "browser", "api"]),
    "bots": st.sampled_from(["0", "1"]),
    "people": st.just("0"),
    "filter": FILTERS,
}


@st.composite
def asked(draw: st.DrawFn, kind: str) -> dict[str, list[str]]:
    """Words that make sense together."""
    chosen = set(KINDS[kind].required) | draw(st.sets(st.sampled_from(KINDS[kind].words)))
    if kind == "top" and {"event", "property"} & chosen:
        chosen |= {"event", "property"}
    if kind == "funnel" and "limit" in chosen:
        chosen.add("breakdown")
    if kind == "active" and "rolling" in chosen:
        chosen.add("interval")
    if {"to", "cohort_days"} <= chosen:
        chosen.remove("to")
    result = {}
    for name in sorted(chosen):
        least = 2 if name == "step" else 1
        most = 5 if TABLE[name].is_repeated else 1
        result[name] = draw(st.lists(ANSWERS[name], min_size=least, max_size=most))
    if "limit" in result:
        result["limit"] = [str(min(int(result["limit"][0]), KINDS[kind].most))]
    return result


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(st.data())
def test_what_was_understood_asks_the_same(kind: str, data: st.DataObject) -> None:
    """The ``query`` of an answer, sent again, is the same question."""
    said = data.draw(asked(kind))
    question = words.read(kind, said, NOW)

    told = words.understood(question)
    again = words.spelled({name: told[name] for name in told if name in KINDS[kind].words})

    assert words.read(kind, again, NOW) == question


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(st.data())
def test_any_words_at_all(kind: str, data: st.DataObject) -> None:
    """A question, or an error that names one of the words; never anything else."""
    names = st.sampled_from(KINDS[kind].words) | st.text()
    texts = st.lists(st.text() | st.sampled_from(["1", "day", "2026-11-21", "a=b"]), min_size=1)
    said = data.draw(st.dictionaries(names, texts, max_size=4))
    field = None

    try:
        words.read(kind, {**NEEDED.get(kind, {}), **said}, NOW)
    except QuestionError as error:
        field = error.field

    known = {*KINDS[kind].words, *(name[:40] for name in said)}
    assert field is None or field in known


def test_buckets_are_words() -> None:
    """Text becomes the enumeration's member."""
    assert read("volume", bucket="hour").bucket is Bucket.HOUR


def test_a_cohort_of_a_day_without_midnight() -> None:
    """In Brazil a day began at one o'clock; the next one at midnight again."""
    span = read("retention", from_="2018-11-04", tz="America/Sao_Paulo").range
    assert (span.start, span.end) == (utc(2018, 11, 4, 3), utc(2018, 11, 5, 2))
    part = read("retention", from_="2026-11-04T12:00", cohort_days="2").range
    assert part == Range(utc(2026, 11, 4, 12), utc(2026, 11, 6, 12))
