"""Groups: which events are whose company's; every kind of store."""

from __future__ import annotations

from typing import Any

from flask_analytics.event import EventType
from flask_analytics.metrics.filters import Scope, parse
from flask_analytics.metrics.funnel import Funnel, FunnelAnswer, Step
from flask_analytics.metrics.person import Person, Traits
from flask_analytics.metrics.top import Breakdown, Dimension, Slice
from flask_analytics.store.base import Store

from .tale import MARCH, alias, event, total


def belongs(at: str, group: str, user: str | None = None, **fields: Any) -> bytes:
    """A group call."""
    own = {"type": EventType.GROUP, "group_id": group, **fields}
    return event(at, None, user, traits={"size": 7}, **own)


def by_group(store: Store) -> dict[str, tuple[int, int]]:
    """Events named ``x`` and their people, by group."""
    asked = Breakdown(range=MARCH, dimension=Dimension.GROUP, event="x")
    found: tuple[Slice, ...] = store.answer(asked)
    return {one.key: (one.count, one.people) for one in found}


def passing(store: Store, text: str) -> int:
    """Events that pass a filter."""
    return total(store, scope=Scope(filters=(parse(text, "filter"),)))


def test_events_are_those_of_their_persons_group(store: Store) -> None:
    """From the beginning of history, whoever the person was called then; an event's own group
    wins, and who belongs nowhere is in none."""
    store.append([event("9:00", "x", "ann"), event("9:01", "x", visitor="a")])
    store.append([event("9:02", "x", "ann", group_id="other"), event("9:03", "x", "bob")])
    store.append([event("9:04", "x")])
    store.append([belongs("9:05", "acme", "ann", visitor="a")])

    assert by_group(store) == {"acme": (2, 1), "other": (1, 1)}
    assert passing(store, "group=acme") == 2
    assert passing(store, "group~me") == 2
    assert passing(store, "group!=acme") == 3


def test_the_newest_group_counts(store: Store) -> None:
    """By time, not by arrival; of any id of the person."""
    store.append([event("9:00", "x", "ann"), belongs("9:02", "new", "old-ann")])
    store.append([belongs("9:01", "old", "ann"), alias("9:03", "old-ann", "ann")])

    assert by_group(store) == {"new": (1, 1)}


def test_traits_of_a_group_are_none_of_the_person(store: Store) -> None:
    """What is known of the person is the group."""
    store.append([belongs("9:00", "acme", "ann")])

    found: Person = store.answer(Traits("ann"))
    assert found.traits == {"$group": "acme"}
    store.append([event("9:00", "x", "ann")])
    assert passing(store, "trait.$group=acme") == 1


def test_a_funnel_of_each_group(store: Store) -> None:
    """A group's people, and how far they get."""
    store.append([event("9:00", "a", who) for who in ("ann", "bob", "cay")])
    store.append([event("9:01", "b", "ann")])
    store.append([belongs("9:02", "acme", "ann"), belongs("9:02", "acme", "bob")])

    asked = Funnel(range=MARCH, steps=(Step("a"), Step("b")), breakdown="group")
    found: FunnelAnswer = store.answer(asked)

    (group,) = found.groups
    assert (group.key, [step.count for step in group.steps]) == ("acme", [2, 1])
    assert [step.count for step in found.steps] == [3, 1]


def test_a_forgotten_person_leaves_their_group(store: Store) -> None:
    """Nothing is left to tell it by."""
    store.append([event("9:00", "x", "ann"), belongs("9:01", "acme", "ann")])

    store.forget("ann")

    assert by_group(store) == {}
