"""Which events count, when, and once: histories by hand, answers by hand, every kind of store."""

from __future__ import annotations

from itertools import permutations

import pytest

from flask_analytics.errors import QuestionError
from flask_analytics.event import EventType, Source
from flask_analytics.metrics.summary import Dashboard, Figures, Summary
from flask_analytics.metrics.top import Entry, TopEvents
from flask_analytics.metrics.volume import Point, Volume
from flask_analytics.metrics.window import Bucket, Range
from flask_analytics.store.base import Store

from .tale import (
    FIREFOX,
    GOOGLEBOT,
    MARCH,
    alias,
    at,
    days,
    event,
    identify,
    total,
    view,
    where,
)


def entries(**counts: int) -> tuple[Entry, ...]:
    return tuple(Entry(key, count) for key, count in counts.items())


# -- names, times, buckets


def test_the_name_of_an_event(store: Store) -> None:
    """Its name; without one an action's endpoint, else the type."""
    store.append(
        [
            event("9:00", "buy", type=EventType.ACTION, action_name="checkout"),
            event("9:00", type=EventType.ACTION, action_name="checkout"),
            event("9:00", type=EventType.ACTION),
            view("9:00"),
            event("9:00"),
        ]
    )
    answer = store.answer(TopEvents(range=MARCH))
    assert answer == entries(action=1, buy=1, checkout=1, custom=1, pageview=1)


def test_a_range_begins_with_its_start_and_ends_before_its_end(store: Store) -> None:
    """To the microsecond."""
    store.append([event(f"3 {clock}", "x") for clock in ("0:00", "23:59:59.999999")])
    store.append([event("2 23:59:59.999999", "x"), event("4 0:00", "x")])
    answer = store.answer(Volume(range=days(3), event="x"))
    assert answer == (Point("2026-03-03T00:00:00+00:00", 2),)


def test_empty_buckets_are_in_the_answer(store: Store) -> None:
    """With 0, from the bucket that the range begins in."""
    store.append([event("2 9:00", "x"), event("4 9:00", "x"), event("4 9:00", "y")])
    answer = store.answer(Volume(range=days(2, 5), event="x"))
    assert [point.count for point in answer] == [1, 0, 1, 0]
    assert [point.time[:10] for point in answer] == [f"2026-03-0{day}" for day in (2, 3, 4, 5)]
    assert [point.count for point in store.answer(Volume(range=days(2, 5)))] == [1, 0, 2, 0]


def test_weeks_and_months(store: Store) -> None:
    """Weeks begin on Monday; March 2026 began on a Sunday."""
    store.append([event(f"{day} 0:00", "x") for day in (1, 2, 8, 9, 31)])
    weeks = store.answer(Volume(range=MARCH, bucket=Bucket.WEEK))
    assert [(point.time[:10], point.count) for point in weeks] == [
        *(("2026-02-23", 1), ("2026-03-02", 2), ("2026-03-09", 1)),
        *(("2026-03-16", 0), ("2026-03-23", 0), ("2026-03-30", 1)),
    ]
    months = store.answer(Volume(range=MARCH, bucket=Bucket.MONTH))
    assert months == (Point("2026-03-01T00:00:00+00:00", 5),)


def test_days_are_local_and_may_be_short(store: Store) -> None:
    """In Berlin the 29th of March 2026 had 23 hours, from 23:00 to 22:00 UTC."""
    store.append([event(f"28 {clock}", "x") for clock in ("22:59", "23:00")])
    store.append([event(f"29 {clock}", "x") for clock in ("0:59", "1:00", "21:59", "22:00")])
    daily = store.answer(Volume(range=days(28, 30, "Europe/Berlin")))
    assert daily == (
        Point("2026-03-28T00:00:00+01:00", 1),
        Point("2026-03-29T00:00:00+01:00", 4),
        Point("2026-03-30T00:00:00+02:00", 1),
    )
    hourly = store.answer(Volume(range=days(29, 29, "Europe/Berlin"), bucket=Bucket.HOUR))
    assert len(hourly) == 23
    assert hourly[0].count == hourly[1].count == hourly[2].count == hourly[22].count == 1
    assert [point.time[11:13] for point in hourly[:3]] == ["00", "01", "03"]


@pytest.mark.parametrize(
    ("tz", "first"),
    [("Asia/Kathmandu", "2 18:15"), ("Australia/Lord_Howe", "2 13:00"), ("UTC", "3 0:00")],
)
def test_a_day_begins_at_local_midnight(store: Store, tz: str, first: str) -> None:
    """Also in zones off the hour."""
    begin = at(first)
    store.append([event(begin, "x"), event(begin.replace(microsecond=1), "x")])
    assert [point.count for point in store.answer(Volume(range=days(2, 3, tz)))] == [0, 2]
    assert [point.count for point in store.answer(Volume(range=days(3, 3, tz)))] == [2]


def test_a_range_may_begin_amid_a_bucket(store: Store) -> None:
    """The bucket is named whole and counted in part."""
    store.append([event(f"2 {clock}", "x") for clock in ("8:00", "9:00", "9:30")])
    span = Range(at("9:00"), at("9:30"), "UTC")
    answer = store.answer(Volume(range=span, bucket=Bucket.HOUR))
    assert answer == (Point("2026-03-02T09:00:00+00:00", 1),)


def test_more_points_than_a_chart_has(store: Store) -> None:
    """Refused, before anything is counted."""
    span = Range(at("2 0:00").replace(year=2020), at("2 0:00"), "UTC")
    with pytest.raises(QuestionError, match="bucket"):
        store.answer(Volume(range=span, bucket=Bucket.HOUR))


def test_times_long_ago_and_far_ahead(store: Store) -> None:
    """Before the epoch and after everybody."""
    far = [at("9:00").replace(year=year) for year in (1, 1969, 2261, 9999)]
    assert store.append([event(moment, "x") for moment in far]) == 4
    for moment in far:
        span = Range(moment, moment.replace(minute=1), "UTC")
        assert sum(point.count for point in store.answer(Volume(range=span))) == 1


# -- each once


def test_each_message_id_once(store: Store) -> None:
    """In one batch, in the next, in another order; the first that came stays."""
    first = event("9:00", "first", message_id="a")
    second = event("9:01", "second", message_id="a")
    other = event("9:02", "other", message_id="b")
    assert store.append([first, second]) == 1
    assert store.append([other, first]) == 1
    assert store.append([second, other]) == 0
    assert store.answer(TopEvents(range=MARCH)) == entries(first=1, other=1)


def test_all_of_a_batch_or_none(store: Store) -> None:
    """What is no event takes nothing of its batch with it."""
    with pytest.raises(ValueError):  # noqa: PT011  each kind says it in its words
        store.append([event("9:00", "x"), b'{"type": 5}'])
    assert total(store) == 0


# -- bots


def test_bots_are_left_out_unless_asked_for(store: Store) -> None:
    """By the user agent, through whichever channel."""
    store.append([event("9:00", "x", user_agent=GOOGLEBOT, source=source) for source in Source])
    store.append([event("9:00", "x", user_agent=FIREFOX, source=source) for source in Source])
    assert total(store) == 3
    assert total(store, scope=where(bots=True)) == 6


def test_without_a_user_agent(store: Store) -> None:
    """An event of the server or a browser is a bot's, one of the API is not."""
    store.append([event("9:00", str(source), source=source) for source in Source])
    assert store.answer(TopEvents(range=MARCH)) == entries(api=1)
    answer = store.answer(TopEvents(range=MARCH, scope=where(bots=True)))
    assert answer == entries(api=1, browser=1, server=1)


def test_only_one_channel(store: Store) -> None:
    """``source`` leaves out the others."""
    store.append([event("9:00", "x", user_agent=FIREFOX, source=source) for source in Source])
    store.append([event("9:00", "x")])
    assert [total(store, scope=where(source=source)) for source in Source] == [1, 1, 2]


# -- the same page view from both sides

SERVER = {"source": Source.SERVER, "user_agent": FIREFOX, "view_id": "v"}
BROWSER = {"source": Source.BROWSER, "user_agent": FIREFOX, "view_id": "v"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_view_counts_once(store: Store, order: tuple[int, ...]) -> None:
    """By the server's word, in whichever order they come; asked for, by the browsers'."""
    views = [view("9:00", **SERVER), view("9:01", **BROWSER), view("9:02", **BROWSER)]
    for number in order:
        store.append([views[number]])
    assert total(store) == 1
    assert total(store, scope=where(source="browser")) == 2
    assert total(store, scope=where(source="server")) == 1
    assert total(store, scope=where(bots=True)) == 1


def test_what_is_no_echo(store: Store) -> None:
    """Other views, other types, other channels; and a view that the server did not see."""
    store.append(
        [
            view("9:00", **SERVER),
            view("9:01", **BROWSER | {"view_id": "other"}),
            view("9:01", **BROWSER | {"view_id": None}),
            view("9:01", **BROWSER | {"source": Source.API}),
            event("9:01", "scrolled", **BROWSER),
            event("9:01", "asked", **SERVER | {"view_id": "w"}),
            view("9:02", **BROWSER | {"view_id": "w"}),
        ]
    )
    assert total(store) == 7


def test_an_echo_is_one_over_any_time(store: Store) -> None:
    """Also where the server's view lies in no range that is asked for."""
    store.append([view("2 23:59", **SERVER), view("3 0:00", **BROWSER)])
    assert [point.count for point in store.answer(Volume(range=days(2, 3)))] == [1, 0]


@pytest.mark.parametrize("order", [1, -1])
def test_the_echo_of_a_bots_view(store: Store, order: int) -> None:
    """Where bots do not count, the server's view does not either: so the browser's does."""
    views = [view("9:00", **SERVER | {"user_agent": GOOGLEBOT}), view("9:01", **BROWSER)]
    for body in views[::order]:
        store.append([body])
    assert total(store) == 1
    assert total(store, scope=where(source="server")) == 0
    assert total(store, scope=where(bots=True)) == 1


# -- what is no activity


def test_identify_group_and_alias_count_only_when_named(store: Store) -> None:
    """By the name of the event, which may be another than the type."""
    store.append(
        [
            identify("9:00", "ann", {"plan": "pro"}),
            event("9:00", user="ann", type=EventType.GROUP, group_id="acme"),
            alias("9:00", "old", "ann"),
            event("9:00", "signed up", user="ann", type=EventType.IDENTIFY),
            event("9:00", "alias", user="ann"),
        ]
    )
    assert store.answer(TopEvents(range=MARCH)) == entries(alias=1)
    counts = {name: total(store, name) for name in ("identify", "group", "alias", "signed up")}
    assert counts == {"identify": 1, "group": 1, "alias": 2, "signed up": 1}
    assert total(store, scope=where("event=identify")) == 0


# -- top events, dashboard


def test_top_events_are_ordered_by_count_then_by_code_point(store: Store) -> None:
    """Capitals before small letters, these before others; and no more than asked for."""
    names = ["b", "b", "a", "B", "ä", "名", "😀", "", "a b"]
    store.append([event("9:00", name or None) for name in names])
    answer = store.answer(TopEvents(range=MARCH))
    assert [entry.key for entry in answer] == ["b", "B", "a", "a b", "custom", "ä", "名", "😀"]
    assert store.answer(TopEvents(range=MARCH, limit=2)) == (Entry("b", 2), Entry("B", 1))
    assert store.answer(TopEvents(range=days(3))) == ()


def test_people_of_top_events(store: Store) -> None:
    """Each once in each name, whatever their ids; nobody is no person."""
    store.append([event("9:00", "x", user) for user in ("ann", "ann", "bob", None)])
    store.append([event("9:00", "y", "ann", "a"), event("9:01", "y", visitor="a"), event("9:00")])
    answer = store.answer(TopEvents(range=MARCH, people=True))
    assert answer == (Entry("x", 4, 2), Entry("y", 2, 1), Entry("custom", 1, 0))
    assert store.answer(TopEvents(range=MARCH, people=True, limit=1)) == (Entry("x", 4, 2),)


def test_the_dashboard(store: Store) -> None:
    """Two days beside the two before; people of the last day, and of its last seven."""
    store.append([event("4 9:00", "x", user=user) for user in ("ann", "ann", "bob")])
    store.append([event("5 9:00", "y", user="cat"), event("5 9:00", "y")])
    store.append([event("3 9:00", "x", user="dan"), event("27 9:00", "x", user="eve")])
    answer = store.answer(Dashboard(range=days(4, 5), limit=1))
    before = Figures(1, 1, 1, (Entry("x", 1),))
    assert answer == Summary(5, 1, 4, (Entry("x", 3),), before)
