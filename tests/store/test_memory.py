"""The memory store alone: how it is bounded, and that threads may share it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from flask_analytics.errors import QuestionError
from flask_analytics.metrics.person import Traits
from flask_analytics.metrics.top import Entry, TopEvents
from flask_analytics.store.memory import MemoryStore

from .tale import MARCH, alias, event, identify, total, view


def test_beyond_the_limit_the_oldest_go() -> None:
    """Oldest by time, whenever they came; and they are counted."""
    store = MemoryStore(limit=3)
    store.append([event("9:03", "d"), event("9:00", "a"), event("9:01", "b")])
    assert store.append([event("9:02", "c"), event("8:00", "too old")]) == 2
    names = [entry.key for entry in store.answer(TopEvents(range=MARCH))]
    assert names == ["b", "c", "d"]
    assert store.describe()["dropped"] == 2
    assert store.describe()["events"] == store.describe()["limit"] == 3


def test_what_it_knows_of_people_is_bounded_too() -> None:
    """Ids, views and message ids do not pile up where events do not."""
    store = MemoryStore(limit=10)
    for n in range(200):
        store.append([identify("9:00", f"u{n}", {"n": n}, visitor=f"v{n}", view_id=f"w{n}")])
        store.append([alias("9:01", f"u{n}", f"u{n + 1}"), view("9:02", view_id=f"w{n}")])
    assert len(store._seen) <= 20
    assert len(store._people._known) <= 11
    assert len(store._people._traits) <= 11
    assert len(store._people._links) <= 11
    assert len(store._people._aliases) <= 11
    assert store.answer(Traits("u199")).traits["n"] == 199


def test_it_tells_how_much_it_holds() -> None:
    """Bytes as they came."""
    store = MemoryStore()
    bodies = [event("9:00", "x"), event("9:01", "y")]
    store.append(bodies)
    assert store.describe()["bytes"] == sum(map(len, bodies))
    assert list(store.events()) == bodies
    store.close()
    assert store.describe()["events"] == store.describe()["bytes"] == 0


def test_threads_share_it() -> None:
    """Nothing is lost or doubled while others ask."""
    store = MemoryStore()
    twice = [[event("9:00", "x", f"u{n}")] for n in range(200)] * 2
    with ThreadPoolExecutor(4) as threads:
        kept = list(threads.map(store.append, twice))
        threads.map(lambda _: store.answer(TopEvents(range=MARCH)), range(20))
    assert sum(kept) == total(store) == 200
    assert store.answer(TopEvents(range=MARCH)) == (Entry("x", 200),)


def test_what_is_no_question() -> None:
    """Is refused by name."""
    with pytest.raises(QuestionError, match="str is none of metrics"):
        MemoryStore().answer("how many?")
