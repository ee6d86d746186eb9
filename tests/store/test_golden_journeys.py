"""Retention, visits: people followed over time, by hand; every kind of store."""

from __future__ import annotations

from typing import Any

from flask_analytics.event import Source
from flask_analytics.metrics.filters import Scope
from flask_analytics.metrics.retention import Period, Retention, Returned
from flask_analytics.metrics.visits import Visits, VisitsAnswer
from flask_analytics.metrics.window import Bucket, Range, micros
from flask_analytics.store.base import Store

from .tale import FIREFOX, GOOGLEBOT, MARCH, at, days, event, identify, view, walk, where

# -- retention


def retention(store: Store, span: Range, now: str = "31 12:00", **asked: Any) -> Any:
    return store.answer(Retention(range=span, now=micros(at(now)), **asked))


def returned(answer: Any) -> list[tuple[int, int]]:
    return [(of.offset, of.returned) for of in answer.returned]


def test_who_came_first_and_came_back(store: Store) -> None:
    """On the nth local day after the day of their own first event; offset 0 is all of them."""
    store.append(walk("ann", "x@2 23:00", "x@3 1:00", "x@9 9:00"))
    store.append(walk("bob", "x@3 9:00", "x@4 9:00", "x@4 10:00"))
    store.append(walk("cat", "x@2 9:00", "x@4 9:00"))
    store.append(walk("old", "x@1 9:00", "x@2 9:00", "x@3 9:00"))
    store.append(walk("new", "x@4 9:00", "x@5 9:00") + walk(None, "x@2 9:00"))
    answer = retention(store, days(2, 3))
    assert (answer.size, returned(answer)) == (3, [(0, 3), (1, 2), (7, 1)])
    answer = retention(store, days(2, 3), offsets=(7, 2, 5, 2))
    assert returned(answer) == [(7, 1), (2, 1), (5, 0), (2, 1)]
    assert answer.cohorts == ()


def test_the_first_event_ever_is_of_the_scope_and_the_name(store: Store) -> None:
    """Who did other things before is new to this; so is who came only as a bot."""
    store.append(walk("ann", "y@1 9:00", "x@2 9:00", "y@3 9:00"))
    store.append(
        walk("bob", "x@1 9:00", user_agent=GOOGLEBOT) + walk("bob", "x@2 9:00", "x@3 9:00")
    )
    store.append([*walk("cat", "x@2 9:00"), identify("1 9:00", "cat", {})])
    assert retention(store, days(2)).size == 2
    answer = retention(store, days(2), start_event="x", return_event="y")
    assert (answer.size, returned(answer)) == (3, [(0, 3), (1, 1), (7, 0)])
    assert retention(store, days(2), start_event="x", scope=Scope(bots=True)).size == 2
    assert retention(store, days(1), start_event="identify").size == 1


def test_days_of_retention_are_local(store: Store) -> None:
    """In Berlin 23:30 UTC is the next day, and the 29th has 23 hours."""
    store.append(walk("ann", "x@28 22:30", "x@28 23:30"))
    store.append(walk("bob", "x@28 9:00", "x@29 21:59"))
    store.append(walk("cat", "x@28 9:00", "x@29 22:00"))
    answer = retention(store, days(28, 28, "Europe/Berlin"), offsets=(1, 2))
    assert returned(answer) == [(1, 2), (2, 1)]
    assert returned(retention(store, days(28), offsets=(1, 2))) == [(1, 2), (2, 0)]


def test_what_is_not_over_is_partial(store: Store) -> None:
    """Until the last who can have come first had the time to return."""
    store.append(walk("ann", "x@2 9:00", "x@3 9:00"))
    answer = retention(store, days(2, 3), now="4 23:59:59.999999")
    assert [of.partial for of in answer.returned] == [False, True, True]
    answer = retention(store, days(2, 3), now="5 0:00")
    assert [of.partial for of in answer.returned] == [False, False, True]
    answer = retention(store, days(2, 3), now="3 23:00")
    assert [of.partial for of in answer.returned] == [True, True, True]


def test_a_grid_has_a_row_for_each_period(store: Store) -> None:
    """Empty ones too, each with its own partial."""
    store.append(walk("ann", "x@2 9:00", "x@3 9:00") + walk("bob", "x@4 9:00"))
    answer = retention(store, days(2, 4), now="4 12:00", offsets=(0, 1), grid=True)
    assert [(row.time[:10], row.size) for row in answer.cohorts] == [
        *(("2026-03-02", 1), ("2026-03-03", 0), ("2026-03-04", 1)),
    ]
    assert [row.returned for row in answer.cohorts] == [
        (Returned(0, 1), Returned(1, 1)),
        (Returned(0, 0), Returned(1, 0, partial=True)),
        (Returned(0, 1, partial=True), Returned(1, 0, partial=True)),
    ]
    assert answer.returned == (Returned(0, 2, partial=True), Returned(1, 1, partial=True))


def test_weeks_and_months_of_retention(store: Store) -> None:
    """Weeks from Monday, whatever the day of the first event; the 2nd was a Monday."""
    store.append(walk("ann", "x@8 23:59", "x@9 0:00") + walk("bob", "x@2 0:00", "x@9 0:00"))
    store.append(walk("cat", "x@1 23:59", "x@8 9:00"))
    answer = retention(store, days(2, 8), period=Period.WEEK, offsets=(0, 1), grid=True)
    assert (answer.size, returned(answer)) == (2, [(0, 2), (1, 2)])
    assert [row.time[:10] for row in answer.cohorts] == ["2026-03-02"]
    march = [event(at("31 23:59"), "x", "dan"), event(at("31 23:59").replace(month=5), "x", "dan")]
    store.append(march)
    answer = retention(store, MARCH, period=Period.MONTH, offsets=(0, 1, 2))
    assert [(of.returned, of.partial) for of in answer.returned] == [
        (4, True),
        (0, True),
        (1, True),
    ]


# -- visits


def seen(when: str, user: str | None = "ann", seconds: Any = None) -> bytes:
    """A page view, or what the browser tells of one."""
    if seconds is None:
        return view(when, user)
    return event(when, "engagement", user, properties={"engaged_seconds": seconds})


def visits(store: Store, span: Range = MARCH, scope: Scope | None = None) -> VisitsAnswer:
    answer: VisitsAnswer = store.answer(Visits(range=span, scope=scope or Scope()))
    return answer


def test_a_visit_ends_with_half_an_hour_of_nothing(store: Store) -> None:
    """Any counted event keeps it alive; a gap of exactly 30 minutes ends it."""
    store.append([seen("9:00"), event("9:29:59.999999", "x", "ann"), seen("9:59:59.999999")])
    store.append([seen("9:00", "bob"), seen("9:10", "bob"), seen("9:10", None)])
    store.append([identify("9:20", "bob", {}), seen("9:45", "bob")])
    answer = visits(store)
    assert (answer.visits, answer.people, answer.views) == (4, 2, 5)
    assert answer.bounces == 3
    assert answer.bounce_rate == 0.75
    assert answer.engaged is None
    assert answer.median_seconds == 0.0


def test_bounces(store: Store) -> None:
    """One page view and under ten engaged seconds where these are known; unknown is not 0."""
    store.append([seen("9:00", "one view")])
    store.append([seen("9:00", "two views"), seen("9:01", "two views")])
    store.append(
        [seen("9:00", "read it"), seen("9:01", "read it", 4), seen("9:02", "read it", 6.0)]
    )
    store.append([seen("9:00", "left"), seen("9:01", "left", 4), seen("9:02", "left", 5.5)])
    store.append([event("9:00", "x", "no view")])
    store.append([seen("9:00", "clicked"), event("9:01", "x", "clicked")])
    answer = visits(store)
    assert (answer.visits, answer.bounces) == (6, 3)
    assert answer.engaged == 19.5


def test_engaged_seconds_are_numbers_of_engagement(store: Store) -> None:
    """Not texts, not of other events; those of nobody are in no visit."""
    store.append([seen("9:00", "ann", value) for value in (1, 2.5, "3", True, None, [4])])
    store.append([event("9:00", "x", "ann", properties={"engaged_seconds": 5})])
    store.append([seen("9:00", None, 7)])
    assert visits(store).engaged == 3.5


def test_the_median_is_of_the_nearest_rank(store: Store) -> None:
    """Seconds from the first event of a visit to its last."""
    for user, end in [("a", "9:01"), ("b", "9:02"), ("c", "9:03:00.5"), ("d", "9:00")]:
        store.append([seen("9:00", user), seen(end, user)])
    assert visits(store).median_seconds == 60.0
    store.append([seen("9:00", "e"), seen("9:04", "e")])
    assert visits(store).median_seconds == 120.0


def test_visits_as_a_series(store: Store) -> None:
    """Each where it begins, however long it lasts; unknown is not 0; empty hours too."""
    store.append([seen("9:50"), seen("10:10", "ann", 8), seen("10:30", "ann", 4)])
    store.append([seen("12:00", "bob"), seen("9:59", "cat", 1.5)])
    asked = Visits(range=Range(at("9:30"), at("13:00"), "UTC"), interval=Bucket.HOUR)
    answer = store.answer(asked)
    assert [(of.time[11:16], of.visits, of.engaged) for of in answer.series] == [
        ("09:00", 2, 13.5),
        ("10:00", 0, None),
        ("11:00", 0, None),
        ("12:00", 1, None),
    ]
    assert (answer.visits, answer.engaged) == (3, 13.5)


def test_no_visits(store: Store) -> None:
    """Unknown is not 0."""
    assert visits(store) == VisitsAnswer(0, 0, 0, 0, 0.0, None, None)


def test_visits_count_only_what_counts(store: Store) -> None:
    """In the range and the scope: an echo is no second view of its visit."""
    told = {"user_agent": FIREFOX, "view_id": "v"}
    store.append([view("9:00", "ann", source=Source.SERVER, **told)])
    store.append([view("9:01", "ann", source=Source.BROWSER, **told)])
    store.append([view("9:02", "ann", user_agent=GOOGLEBOT), view("3 0:00", "ann")])
    answer = visits(store, days(2))
    assert (answer.visits, answer.views, answer.bounces, answer.median_seconds) == (1, 1, 1, 0.0)
    answer = visits(store, days(2), where(source="browser"))
    assert (answer.visits, answer.views) == (1, 1)
