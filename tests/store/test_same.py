"""Every kind of store answers as the memory store does, whatever the history and the question.

``ANALYTICS_EXAMPLES`` is how many histories are tried for each kind; 30 by default,
``make same`` tries 300.
"""

from __future__ import annotations

import math
import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_analytics.errors import QuestionError
from flask_analytics.event import decode
from flask_analytics.metrics.window import micros
from flask_analytics.store.base import Store
from flask_analytics.store.memory import MemoryStore

from .histories import CENTRE, USERS, VISITORS, histories
from .kinds import KINDS, opened
from .questions import questions, ranges

EXAMPLES = int(os.environ.get("ANALYTICS_EXAMPLES", "30"))

IDS = [*USERS, *VISITORS]


def others() -> list[Any]:
    """Every kind but the oracle."""
    return [
        pytest.param(
            name, marks=pytest.mark.skipif(bool(kind.missing), reason=f"there is no {kind.missing}")
        )
        for name, kind in KINDS.items()
        if name != "memory"
    ]


#: Seconds for all histories of one kind, on a busy machine.
pytestmark = [pytest.mark.timeout(max(120, EXAMPLES * 15)), pytest.mark.slow]


def examples(kind: str) -> settings:
    """As many as this kind has the time for."""
    count = max(1, round(EXAMPLES * KINDS[kind].share))
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", others())
def test_the_answer_is_the_same(kind: str, store_folder: Path) -> None:
    """Any history, in any order of arrival, tended at any time, gives the oracle's answers."""

    @examples(kind)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        zone = data.draw(st.sampled_from(sorted(CENTRE)))
        with opened(kind, store_folder) as store:
            oracle = MemoryStore()
            for batch in data.draw(histories(CENTRE[zone])):
                assert store.append(batch) == oracle.append(batch)
                if data.draw(st.integers(0, 3)) == 0:
                    store.tend()
            for question in data.draw(st.lists(questions(zone), min_size=4, max_size=10)):
                assert_same(outcome(store, question), outcome(oracle, question), question)

    holds()


@pytest.mark.parametrize("kind", others())
def test_what_is_taken_back_is_the_same(kind: str, store_folder: Path) -> None:
    """After any forgetting, undoing and purging the answers are still the oracle's."""

    @examples(kind)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        zone = data.draw(st.sampled_from(sorted(CENTRE)))
        with opened(kind, store_folder) as store:
            oracle = MemoryStore()
            for batch in data.draw(histories(CENTRE[zone])):
                assert store.append(batch) == oracle.append(batch)
                act(store, oracle, zone, data)
            for question in data.draw(st.lists(questions(zone), min_size=3, max_size=6)):
                assert_same(outcome(store, question), outcome(oracle, question), question)

    holds()


def act(store: Store, oracle: Store, zone: str, data: st.DataObject) -> None:
    """Take something back in both, or tend."""
    what = data.draw(st.sampled_from(["tend", "unalias", "forget", "purge", None]))
    if what == "tend":
        store.tend()
    elif what == "unalias":
        pair = data.draw(st.sampled_from(IDS)), data.draw(st.sampled_from(USERS))
        assert store.unalias(*pair) == oracle.unalias(*pair)
    elif what == "forget":
        who = data.draw(st.sampled_from(IDS))
        assert store.forget(who) == oracle.forget(who)
    elif what == "purge":
        before = CENTRE[zone] - timedelta(days=data.draw(st.sampled_from([0, 1, 41])))
        assert store.purge(micros(before)) == oracle.purge(micros(before))


@pytest.mark.parametrize("kind", others())
def test_the_events_are_the_same(kind: str, store_folder: Path) -> None:
    """What goes in comes out, whole and in order: of all, of a time, of a person."""

    @examples(kind)
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        zone = data.draw(st.sampled_from(sorted(CENTRE)))
        with opened(kind, store_folder) as store:
            oracle = MemoryStore()
            for batch in data.draw(histories(CENTRE[zone])):
                store.append(batch)
                oracle.append(batch)
                if data.draw(st.booleans()):
                    store.tend()
            for span in (None, data.draw(ranges(zone))):
                for person in (None, data.draw(st.sampled_from(IDS))):
                    found = [decode(body).to_wire() for body in store.events(span, person)]
                    wanted = [decode(body).to_wire() for body in oracle.events(span, person)]
                    assert_same(found, wanted, (span, person))
            assert store.describe()["events"] == oracle.describe()["events"]

    holds()


def outcome(store: Store, question: Any) -> Any:
    """The answer, or why there is none."""
    try:
        return store.answer(question)
    except QuestionError as error:
        return f"{error.field}: {error.detail}"


def assert_same(found: Any, wanted: Any, about: Any) -> None:
    """Equal, but for the last digits of sums of floats."""
    assert is_same(plain(found), plain(wanted)), (
        f"\nquestion: {about}\nthis store: {found}\nthe oracle: {wanted}"
    )


def plain(answer: Any) -> Any:
    """An answer as lists and dicts of Python's own types, amounts exact."""
    return msgspec.to_builtins(answer, builtin_types=(Decimal,))


def is_same(found: Any, wanted: Any) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, float) and isinstance(wanted, int | float):
        return math.isclose(found, wanted, rel_tol=1e-9)
    if isinstance(found, list | tuple) and isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(map(is_same, found, wanted))
    if isinstance(found, dict) and isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(is_same(found[k], wanted[k]) for k in found)
    return bool(found == wanted)


@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_the_oracle_forgets_the_order_of_arrival(data: st.DataObject) -> None:
    """The same events answer the same in any order and in any batches: the law of the oracle."""
    zone = data.draw(st.sampled_from(sorted(CENTRE)))
    bodies = [body for batch in data.draw(histories(CENTRE[zone])) for body in batch]
    events = list({decode(body).message_id: body for body in bodies}.values())
    first, second = MemoryStore(), MemoryStore()
    first.append(events)
    for body in data.draw(st.permutations(events)):
        second.append([body])
    for question in data.draw(st.lists(questions(zone), min_size=3, max_size=6)):
        assert_same(outcome(second, question), outcome(first, question), question)
