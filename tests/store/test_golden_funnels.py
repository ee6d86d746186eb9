"""Funnels: people followed through steps, by hand; every kind of store."""

from __future__ import annotations

from typing import Any

import pytest

from flask_analytics.metrics.filters import parse
from flask_analytics.metrics.funnel import Funnel, FunnelAnswer, FunnelGroup, Step, StepCount
from flask_analytics.store.base import Store

from .tale import FIREFOX, GOOGLEBOT, MARCH, alias, days, event, identify, walk, where


def step(name: str, *filters: str) -> Step:
    return Step(name, tuple(map(parse, filters)))


ABC = (step("a"), step("b"), step("c"))


def funnel(store: Store, *steps: Step, **asked: Any) -> list[int]:
    asked = {"range": MARCH, "steps": steps or ABC, **asked}
    return [of.count for of in store.answer(Funnel(**asked)).steps]


def test_a_funnel_counts_people_in_order(store: Store) -> None:
    """Each once, however often; who skips a step stays before it; nobody is no person."""
    store.append(walk("ann", "a@9:00", "b@9:01", "c@9:02", "a@9:03", "b@9:04"))
    store.append(walk("bob", "b@9:00", "a@9:01", "c@9:02"))
    store.append(walk("cat", "a@9:00", "a@9:01", "c@9:02", "b@9:03"))
    store.append(walk("dan", "b@9:00", "c@9:01"))
    store.append(walk(None, "a@9:00", "b@9:01"))
    answer = store.answer(Funnel(range=MARCH, steps=ABC))
    assert answer == FunnelAnswer(
        (
            StepCount("a", 3, 1.0, None),
            StepCount("b", 2, 2 / 3, 60.0),
            StepCount("c", 1, 1 / 3, 60.0),
        )
    )


def test_an_empty_funnel(store: Store) -> None:
    """No share of nothing."""
    answer = store.answer(Funnel(range=MARCH, steps=ABC))
    assert answer == FunnelAnswer(tuple(StepCount(name, 0, 0.0, None) for name in "abc"))


def test_ties_serve_in_any_order(store: Store) -> None:
    """Whatever their message ids, also three of them; and each event serves one step."""
    store.append(walk("ann", "c@9:00", "b@9:00", "a@9:00"))
    store.append(walk("bob", "b@9:00", "a@9:00", "c@8:59"))
    assert funnel(store) == [2, 2, 1]
    assert funnel(store, step("a"), step("a")) == [2, 0]
    store.append(walk("bob", "a@9:00"))
    assert funnel(store, step("a"), step("a"), step("a")) == [2, 1, 0]


def test_steps_that_overlap_share_their_events(store: Store) -> None:
    """At one time the one that serves both serves where it is needed."""
    either, only = step("a"), step("a", "property.n=1")
    store.append(walk("ann", "a@9:00", properties={"n": 1}) + walk("ann", "a@9:00"))
    store.append(walk("bob", "a@9:00", properties={"n": 1}))
    store.append(walk("cat", "a@9:00", properties={"n": 1}) + walk("cat", "a@9:01"))
    assert funnel(store, either, only) == [3, 1]
    assert funnel(store, only, either) == [3, 2]


def test_the_window_is_from_the_first_step(store: Store) -> None:
    """Its end is inside; to the microsecond; any start may serve, not only the first."""
    store.append(walk("ann", "a@9:00", "b@9:30", "c@10:00"))
    store.append(walk("bob", "a@9:00", "b@9:30", "c@10:00:00.000001"))
    store.append(walk("cat", "a@8:00", "b@8:30", "a@9:10", "b@9:20", "c@9:50"))
    store.append(walk("dan", "a@9:00", "b@9:50", "a@9:55", "c@10:00"))
    assert funnel(store) == [4, 4, 4]
    assert funnel(store, window=3600.0) == [4, 4, 3]
    assert funnel(store, window=1800.0) == [4, 3, 0]
    assert funnel(store, window=0.0) == [4, 0, 0]
    assert funnel(store, window=0.000001) == [4, 0, 0]


def test_a_funnel_knows_only_its_range(store: Store) -> None:
    """What was before and what comes after is no step."""
    store.append(walk("ann", "a@2 23:59", "b@3 0:00", "a@3 1:00", "b@3 23:59", "c@4 0:00"))
    assert funnel(store, range=days(3)) == [1, 1, 0]
    assert funnel(store, range=days(2, 4)) == [1, 1, 1]


def test_a_step_may_be_no_activity(store: Store) -> None:
    """Where it is named; its person is who they are now, from before the login on."""
    store.append([event("9:00", "a", visitor="v"), identify("9:01", "ann", {}, visitor="v")])
    store.append([event("9:02", "b", "old"), alias("9:03", "old", "ann")])
    assert funnel(store, step("a"), step("identify"), step("b"), step("alias")) == [1, 1, 1, 1]


def test_filters_of_steps_and_of_all(store: Store) -> None:
    """A step's are its own; the scope's hold for every step."""
    for user, plan, page in [("ann", "pro", "/a"), ("bob", "pro", "/b"), ("cat", "free", "/a")]:
        store.append([event("9:00", "a", user, path=page, properties={"plan": plan})])
        store.append([event("9:01", "b", user, path=page)])
    assert funnel(store, step("a", "property.plan=pro"), step("b")) == [2, 2]
    assert funnel(store, step("a", "property.plan=pro", "path=/a"), step("b")) == [1, 1]
    assert funnel(store, step("a"), step("b", "path=/b")) == [3, 1]
    assert funnel(store, step("a"), step("b"), scope=where("path=/a")) == [2, 2]
    assert funnel(store, step("a", "path=/a"), step("b"), scope=where("path=/b")) == [0, 0]


def test_bots_in_a_funnel(store: Store) -> None:
    """Only where they are asked for."""
    store.append(walk("ann", "a@9:00") + walk("ann", "b@9:01", user_agent=GOOGLEBOT))
    assert funnel(store, step("a"), step("b")) == [1, 0]
    assert funnel(store, step("a"), step("b"), scope=where(bots=True)) == [1, 1]


def test_twenty_steps(store: Store) -> None:
    """The most that may be asked for, all at one time."""
    store.append([event("9:00", f"s{n}", "ann") for n in range(19, -1, -1)])
    assert funnel(store, *(step(f"s{n}") for n in range(20))) == [1] * 20


def test_groups_of_a_funnel(store: Store) -> None:
    """By the person's first event of step 0 in the range; the largest first, then by key."""
    for user, value in [("ann", "z"), ("bob", "z"), ("cat", 5), ("dan", "B"), ("eve", None)]:
        store.append([event("9:00", "a", user, properties={"p": value}), event("9:01", "b", user)])
    store.append([event("8:59", "a", "ann", properties={"p": "B"})])
    store.append([event("8:59", "b", "bob", properties={"p": "B"})])
    store.append([event("1 9:00", "a", "bob", properties={"p": "out of range"})])
    asked = Funnel(range=days(2), steps=(step("a"), step("b")), breakdown="property.p", limit=2)
    both = (StepCount("a", 5, 1.0), StepCount("b", 5, 1.0, 60.0))
    assert store.answer(asked) == FunnelAnswer(
        both,
        (
            FunnelGroup("B", (StepCount("a", 2, 1.0), StepCount("b", 2, 1.0, 60.0))),
            FunnelGroup("5", (StepCount("a", 1, 1.0), StepCount("b", 1, 1.0, 60.0))),
        ),
    )


def test_the_first_event_of_step_0_is_one_that_passes(store: Store) -> None:
    """At the same time the smaller message id; without a value no group, whatever comes later."""
    step_0 = step("a", "property.n=1")
    store.append([event("9:00", "a", "ann", properties={"p": "fails"})])
    store.append([event("9:01", "a", "ann", properties={"n": 1, "p": "2nd"}, message_id="2")])
    store.append([event("9:01", "a", "ann", properties={"n": 1, "p": "1st"}, message_id="1")])
    store.append([event("9:00", "a", "bob", properties={"n": 1})])
    store.append([event("9:01", "a", "bob", properties={"n": 1, "p": "late"})])
    answer = store.answer(
        Funnel(range=MARCH, steps=(step_0, step("b")), breakdown="property.p", limit=9)
    )
    assert [(group.key, group.steps[0].count) for group in answer.groups] == [("1st", 1)]


# -- times of a funnel


def medians(steps: tuple[StepCount, ...]) -> list[float | None]:
    return [of.median_seconds for of in steps]


def taken(store: Store, *steps: Step, **asked: Any) -> list[float | None]:
    asked = {"range": MARCH, "steps": steps or ABC, **asked}
    return medians(store.answer(Funnel(**asked)).steps)


def test_the_median_time_of_a_step_is_from_the_step_before(store: Store) -> None:
    """Of those who got there; of an even number the lower one; None where nobody did."""
    store.append(walk("ann", "a@9:00", "b@9:01", "c@9:05"))
    store.append(walk("bob", "a@9:00", "b@9:02"))
    assert taken(store) == [None, 60.0, 240.0]
    store.append(walk("cat", "a@9:00", "b@9:03:00.000001"))
    assert taken(store) == [None, 120.0, 240.0]
    store.append(walk("dan", "a@9:00", "b@9:03:00.000002"))
    store.append(walk("eve", "a@9:00", "b@9:03:00.000003"))
    assert taken(store) == [None, 180.000001, 240.0]
    assert taken(store, step("a"), step("b"), step("x")) == [None, 180.000001, None]


def test_times_are_of_the_first_start_and_then_of_the_first_next_step(store: Store) -> None:
    """Who looks at a page again before they sign up took their time all the same."""
    store.append(walk("ann", "a@9:00", "a@9:30", "b@9:40", "b@9:50", "c@10:00", "c@11:00"))
    assert taken(store) == [None, 2400.0, 1200.0]
    store.append(walk("ann", "b@8:59", "c@9:00"))
    assert taken(store) == [None, 2400.0, 1200.0]


def test_times_within_a_window_are_of_the_first_start_that_gets_furthest(store: Store) -> None:
    """No time is longer than the window, whatever came before."""
    store.append(walk("ann", "a@2 9:00", "b@2 9:10", "a@5 9:00", "a@5 9:20", "b@5 9:25"))
    assert taken(store, window=3600.0) == [None, 600.0, None]
    store.append(walk("ann", "c@5 10:00"))
    assert taken(store, window=3600.0) == [None, 1500.0, 2100.0]
    assert taken(store, window=3599.0) == [None, 300.0, 2100.0]
    assert taken(store, window=60.0) == [None, None, None]
    assert taken(store) == [None, 600.0, 262200.0]


def test_ties_take_no_time(store: Store) -> None:
    """Also where steps overlap, and a tie has to be shared out."""
    either, only = step("a"), step("a", "property.n=1")
    store.append(walk("ann", "a@9:00", properties={"n": 1}) + walk("ann", "a@9:00", "a@9:01"))
    assert taken(store, either, only) == [None, 0.0]
    assert taken(store, only, either, either) == [None, 0.0, 60.0]
    store.append(walk("bob", "a@9:00", properties={"n": 1}) + walk("bob", "a@9:10"))
    store.append(walk("cat", "a@9:00", properties={"n": 1}) + walk("cat", "a@9:20"))
    assert taken(store, only, either, either) == [None, 600.0, 60.0]


def test_each_group_has_its_own_times(store: Store) -> None:
    """And those of no group are in the times of all."""
    for user, group, minute in [
        ("ann", "x", 1),
        ("bob", "y", 5),
        ("cat", "y", 7),
        ("dan", None, 9),
    ]:
        store.append([event("9:00", "a", user, properties={"p": group})])
        store.append([event(f"9:0{minute}", "b", user)])
    asked = Funnel(range=MARCH, steps=ABC, breakdown="property.p")
    answer = store.answer(asked)
    assert medians(answer.steps) == [None, 300.0, None]
    assert [(group.key, medians(group.steps)) for group in answer.groups] == [
        ("y", [None, 300.0, None]),
        ("x", [None, 60.0, None]),
    ]
    # Who is tangled (one event for two steps, two at one moment) is in both, too.
    store.append([event("9:00", "a", "eve", properties={"p": "x"}), *walk("eve", "a@9:00")])
    again = store.answer(Funnel(range=MARCH, steps=(step("a"), step("a")), breakdown="property.p"))
    assert medians(again.steps) == [None, 0.0]
    assert [(group.key, medians(group.steps)) for group in again.groups] == [
        ("x", [None, 0.0]),
        ("y", [None, None]),
    ]


@pytest.mark.parametrize(
    ("field", "keys"),
    [("trait.plan", ["pro"]), ("device", ["desktop"]), ("event", ["a"]), ("source", ["api"])],
)
def test_groups_by_other_fields(store: Store, field: str, keys: list[str]) -> None:
    """A trait is the person's as it is known now."""
    store.append([event("9:00", "a", "ann", user_agent=FIREFOX), event("9:00", "b", "bob")])
    store.append([identify("9:09", "ann", {"plan": "pro"})])
    answer = store.answer(Funnel(range=MARCH, steps=(step("a"), step("b")), breakdown=field))
    assert [group.key for group in answer.groups] == keys
