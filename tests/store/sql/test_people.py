"""Active users, retention, visits, funnels, people: answers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from flask_analytics.metrics.active import ActiveAnswer, ActiveUsers
from flask_analytics.metrics.filters import Filter, Operator
from flask_analytics.metrics.funnel import Funnel, FunnelAnswer, Step
from flask_analytics.metrics.person import People, Seen
from flask_analytics.metrics.retention import Period, Retention, RetentionAnswer
from flask_analytics.metrics.summary import Dashboard
from flask_analytics.metrics.top import Entry
from flask_analytics.metrics.visits import Visits, VisitsAnswer
from flask_analytics.metrics.window import Bucket
from flask_analytics.store.sql.answer import answer

from .plain import FunnelEngine, PlainEngine
from .stories import at, span


def came(*stories: str) -> list[dict[str, Any]]:
    """``ann 2026-01-01 10:00 buy``: who, when, and what if it matters."""
    events = []
    for story in stories:
        who, day, time, name = (*story.split(), "custom")[:4]
        events.append({"person": who, "ts": at(f"{day} {time}"), "name": name})
    return events


# -- active users


def series(engine: PlainEngine, **asked: Any) -> list[int]:
    answered: ActiveAnswer = answer(ActiveUsers(**asked), engine)
    return [point.count for point in answered.series]


def test_everybody_counts_once_at_each_point_of_a_rolling_series() -> None:
    """A point looks back, also before the range; coming again in between makes nobody two."""
    engine = PlainEngine(
        came(
            "ann 2026-01-01 10:00",
            "ann 2026-01-04 10:00",
            "ann 2026-01-05 10:00",
            "bob 2026-01-05 23:59",
            "eve 2026-01-09 00:00",
        )
    )
    days = span("2026-01-03", "2026-01-09")

    assert series(engine, range=days, interval=Bucket.DAY) == [0, 1, 2, 0, 0, 0]
    assert series(engine, range=days, interval=Bucket.DAY, rolling=3) == [1, 1, 2, 2, 2, 0]
    assert answer(ActiveUsers(range=days), engine) == ActiveAnswer(2)


def test_weeks_count_the_days_that_end_with_them() -> None:
    """A week's point with seven days is the week, with one it is its Sunday."""
    engine = PlainEngine(came("ann 2026-01-05 10:00", "bob 2026-01-11 10:00"))
    weeks = span("2026-01-05", "2026-01-12")

    assert series(engine, range=weeks, interval=Bucket.WEEK, rolling=7) == [2]
    assert series(engine, range=weeks, interval=Bucket.WEEK) == [1]


def test_hours_count_the_24_before() -> None:
    """An hour's point looks back a day, to the microsecond."""
    engine = PlainEngine(came("ann 2026-01-01 10:59:59.999999", "bob 2026-01-01 11:00"))
    hours = span("2026-01-02 10:00", "2026-01-02 12:00")

    assert series(engine, range=hours, interval=Bucket.HOUR) == [1, 0]


def test_local_days_of_a_clock_change() -> None:
    """23:30 in New York is another day than in UTC, in winter as in summer."""
    engine = PlainEngine(came("ann 2026-03-08 04:30", "bob 2026-03-09 03:30"))

    for zone, expected in (("America/New_York", [1, 1, 0]), ("UTC", [0, 1, 1])):
        days = span("2026-03-07", "2026-03-10", zone)
        assert series(engine, range=days, interval=Bucket.DAY) == expected


def test_nobody_is_not_a_person() -> None:
    """Events without any id count no one."""
    engine = PlainEngine([{"person": None, "ts": at("2026-01-01 10:00")}])
    day = span("2026-01-01", "2026-01-02")

    answered = answer(ActiveUsers(range=day, interval=Bucket.DAY), engine)

    assert (answered.people, answered.series[0].count) == (0, 0)


# -- retention


def returned(answered: RetentionAnswer) -> list[int]:
    return [each.returned for each in answered.returned]


def test_who_came_before_is_in_no_cohort() -> None:
    """The first event ever decides, and the days count from a person's own first."""
    engine = PlainEngine(
        came(
            "old 2025-12-01 10:00",
            "old 2026-01-01 10:00",
            "ann 2026-01-01 10:00",
            "ann 2026-01-02 10:00",
            "bob 2026-01-02 23:00",
            "bob 2026-01-03 01:00",
            "bob 2026-01-09 01:00",
        )
    )
    days = span("2026-01-01", "2026-01-03")

    answered = answer(Retention(range=days, now=at("2026-01-09 12:00"), grid=True), engine)

    assert (answered.size, returned(answered)) == (2, [2, 2, 1])
    assert [each.partial for each in answered.returned] == [False, False, True]
    assert [(row.time[:10], row.size) for row in answered.cohorts] == [
        ("2026-01-01", 1),
        ("2026-01-02", 1),
    ]
    assert [each.partial for each in answered.cohorts[0].returned] == [False, False, False]


@pytest.mark.parametrize(
    ("period", "expected"),
    [(Period.DAY, [1, 0, 1]), (Period.WEEK, [1, 1, 0]), (Period.MONTH, [1, 1, 1])],
)
def test_weeks_and_months_follow_the_calendar(period: Period, expected: list[int]) -> None:
    """Saturday to Monday are two days, or the next week; January is the month after."""
    engine = PlainEngine(
        came("ann 2025-12-27 10:00", "ann 2025-12-29 10:00", "ann 2026-01-15 10:00")
        + came("ann 2026-02-28 10:00")
    )
    start = {"day": "2025-12-27", "week": "2025-12-22", "month": "2025-12-01"}[period]
    asked = Retention(
        range=span(start, "2026-01-01"), now=at("2026-06-01"), offsets=(0, 1, 2), period=period
    )

    assert returned(answer(asked, engine)) == expected


def test_the_start_and_the_return_may_be_different_events() -> None:
    """Whoever signed up comes back by buying, on the first day too if that is asked."""
    engine = PlainEngine(
        came("ann 2026-01-01 10:00 signup", "ann 2026-01-02 10:00 buy", "bob 2026-01-01 10:00 buy")
    )
    asked = Retention(
        range=span("2026-01-01", "2026-01-02"), now=at("2026-06-01"), offsets=(0, 1),
        start_event="signup", return_event="buy",
    )  # fmt: skip

    assert returned(answer(asked, engine)) == [1, 1]


def test_the_cohort_alone() -> None:
    """Offset 0 is everybody, also those who never did what counts as a return."""
    asked = Retention(
        range=span("2026-01-01", "2026-01-02"), now=0, offsets=(0,), return_event="none"
    )

    assert returned(answer(asked, PlainEngine(came("ann 2026-01-01 10:00")))) == [1]


def test_the_furthest_offset_ends_with_the_calendar() -> None:
    """A thousand months after the last year is no error."""
    asked = Retention(
        range=span("2999-01-01", "2999-02-01"), now=0, offsets=(1000,), period=Period.MONTH
    )

    assert returned(answer(asked, PlainEngine())) == [0]


# -- visits


def test_half_an_hour_ends_a_visit() -> None:
    """One microsecond less does not; events of one moment are one visit."""
    engine = PlainEngine(
        came(
            "ann 2026-01-01 10:00",
            "ann 2026-01-01 10:00",
            "ann 2026-01-01 10:29:59.999999",
            "ann 2026-01-01 10:59:59.999999",
            "ann 2026-01-01 10:59:59.999999",
            "bob 2026-01-01 10:30",
        )
    )

    answered = answer(Visits(range=span("2026-01-01", "2026-01-02")), engine)

    assert answered == VisitsAnswer(
        visits=3, people=2, views=0, bounces=0, bounce_rate=0.0, engaged=None, median_seconds=0.0
    )


def test_ten_engaged_seconds_are_no_bounce() -> None:
    """Where nobody measured, one page view is one."""
    view = {"type": "pageview", "ts": at("2026-01-01 10:00")}
    look = {"name": "engagement", "ts": at("2026-01-01 10:01")}
    engine = PlainEngine(
        [
            view | {"person": "ann"},
            look | {"person": "ann", "engaged": 4.0},
            look | {"person": "ann", "engaged": 6.0},
            view | {"person": "bob"},
            look | {"person": "bob", "engaged": 9.5},
            view | {"person": "eve"},
            view | {"person": "max"},
            view | {"person": "max"},
        ]
    )

    answered = answer(Visits(range=span("2026-01-01", "2026-01-02")), engine)

    assert answered == VisitsAnswer(
        visits=4, people=4, views=5, bounces=2, bounce_rate=0.5, engaged=19.5, median_seconds=0.0
    )


def test_no_visits_at_all() -> None:
    """Nothing is divided by nothing."""
    answered = answer(Visits(range=span("2026-01-01", "2026-01-02")), PlainEngine())

    assert answered == VisitsAnswer(0, 0, 0, 0, 0.0, None, None)


# -- funnels


def steps(answered: FunnelAnswer) -> list[int]:
    return [step.count for step in answered.steps]


BUYERS = [
    {"person": "ann", "ts": at("2026-01-01 10:00"), "name": "see", "properties": {"plan": "pro"}},
    {"person": "ann", "ts": at("2026-01-01 11:00"), "name": "see", "properties": {"plan": "free"}},
    {"person": "ann", "ts": at("2026-01-01 12:00"), "name": "buy", "status": 200},
    {"person": "bob", "ts": at("2026-01-01 10:00"), "name": "see"},
    {"person": "eve", "ts": at("2026-01-01 10:00"), "name": "see", "properties": {"plan": "pro"}},
    {"person": "eve", "ts": at("2026-01-01 09:00"), "name": "buy"},
    {"person": None, "ts": at("2026-01-01 10:00"), "name": "see"},
]


def test_a_funnel_by_group() -> None:
    """The first event of step 0 decides on the group; who has no value is in none."""
    asked = Funnel(
        range=span("2026-01-01", "2026-01-02"), steps=(Step("see"), Step("buy")), window=3600.0,
        breakdown="property.plan",
    )  # fmt: skip

    answered = answer(asked, FunnelEngine(BUYERS))

    assert steps(answered) == [3, 1]
    assert [(group.key, group.steps[0].count, group.steps[1].count) for group in answered.groups] \
        == [("pro", 2, 1)]  # fmt: skip


def test_a_funnel_by_trait_with_filters_on_steps() -> None:
    """Filters of one step do not bind the others."""
    bought = Step("buy", (Filter("status", Operator.EQUALS, "200"),))
    asked = Funnel(
        range=span("2026-01-01", "2026-01-02"), steps=(Step("see"), bought), breakdown="trait.land"
    )
    traits = {"ann": {"land": "DE"}, "bob": {"land": "FR"}, "zoe": {"land": "FR"}}

    answered = answer(asked, FunnelEngine(BUYERS, traits))

    assert steps(answered) == [3, 1]
    assert [(group.key, group.steps[0].count) for group in answered.groups] == [
        ("DE", 1),
        ("FR", 1),
    ]


def test_a_funnel_by_status() -> None:
    """A number is a key by its digits; of groups only the largest, then the first by key."""
    asked = Funnel(
        range=span("2026-01-01", "2026-01-02"), steps=(Step("buy"), Step("see")),
        breakdown="status", limit=1,
    )  # fmt: skip
    buy = {"name": "buy", "ts": at("2026-01-01 10:00")}
    codes = {"ann": 404, "bob": 200, "eve": None}
    buys = [buy | {"person": who, "status": code} for who, code in codes.items()]

    answered = answer(asked, FunnelEngine(buys))

    assert [(group.key, group.steps[0].count) for group in answered.groups] == [("200", 1)]


def test_an_engine_has_to_bring_its_funnel() -> None:
    """No slow funnel is made up for it."""
    asked = Funnel(range=span("2026-01-01", "2026-01-02"), steps=(Step("a"), Step("b")))

    with pytest.raises(TypeError, match="PlainEngine"):
        answer(asked, PlainEngine())


# -- people, and the first page


def test_the_last_seen_come_first() -> None:
    """Those of one moment go by their ids, also where the limit cuts."""
    engine = PlainEngine(
        came("p1 2026-01-01 10:00", "p2 2026-01-01 11:00", "p3 2026-01-01 11:00")
        + came("p1 2026-01-01 09:00"),
        ids={"p1": ("ann", "x1"), "p2": ("zoe", "x2"), "p3": ("bob", "y")},
    )
    day = span("2026-01-01", "2026-01-02")

    assert answer(People(range=day, limit=1), engine) == (
        Seen("bob", 1, "2026-01-01T11:00:00+00:00"),
    )
    found = answer(People(range=day, search="x"), engine)
    assert [(seen.id, seen.count) for seen in found] == [("zoe", 1), ("ann", 2)]


def test_the_dashboard_puts_them_together() -> None:
    """Its figures are those of the simpler questions."""
    engine = PlainEngine(came("ann 2026-01-01 10:00 buy", "bob 2025-12-30 10:00 buy"))

    answered = answer(Dashboard(range=span("2026-01-01", "2026-01-02")), engine)

    assert (answered.total_events, answered.dau, answered.wau) == (1, 1, 2)
    assert answered.top_events == (Entry("buy", 1),)
    assert answered.previous.total_events == 0
