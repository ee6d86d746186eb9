"""Funnels as SQL follows them, against ``metrics.chain``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_analytics.metrics import chain
from flask_analytics.metrics.funnel import progress
from flask_analytics.store.clickhouse import funnel
from flask_analytics.store.clickhouse.dialect import ClickHouse
from flask_analytics.store.clickhouse.engine import ClickHouseEngine
from flask_analytics.store.clickhouse.state import State
from flask_analytics.store.clickhouse.store import ClickHouseStore
from flask_analytics.store.sql.dialect import Query
from flask_analytics.store.sql.engine import Folded, Passage

from .conftest import NOON, event

#: (time, steps that it serves for)
touches = st.lists(st.tuples(st.integers(-3, 6), st.integers(1, 15)), max_size=7)


Touches = list[tuple[int, int]]


def passage(people: list[Touches], window: int | None, is_grouped: bool = False) -> Passage:
    """Of each other person a group."""
    rows = [f"({n}, {ts}, {steps})" for n, of in enumerate(people) for ts, steps in of]
    table = f"VALUES('p UInt128, t Int64, s UInt8', {', '.join(rows)})"
    sql = f"SELECT toNullable(p) AS person, t AS ts, s AS steps FROM {table}"
    whose = ", ".join(f"({n}, 'g{n % 4}')" for n in range(0, max(len(people), 2), 2))
    groups = f"SELECT toNullable(p) AS person, k AS key FROM VALUES('p UInt128, k String', {whose})"
    return Passage(sql, 4, window, groups if is_grouped else None)


def answered(store: ClickHouseStore, asked: Passage) -> Folded:
    engine = ClickHouseEngine(store._client, State(False, 0, True, False, False))
    return funnel.folded(engine, Query(ClickHouse()), asked)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    people=st.lists(touches, min_size=1, max_size=12).filter(any),
    window=st.none() | st.integers(0, 6),
    is_grouped=st.booleans(),
)
def test_any_touches(
    store: ClickHouseStore, people: list[Touches], window: int | None, is_grouped: bool
) -> None:
    """Steps that overlap, ties, windows: each person gets as far, and as fast, as the law says."""
    attempts = [
        chain.times(sorted((ts, funnel.bits(steps)) for ts, steps in of), 4, window)
        for of in people
    ]
    groups: dict[str, list[Any]] = {}
    for n, times in enumerate(attempts):
        if is_grouped and times and n % 2 == 0:
            groups.setdefault(f"g{n % 4}", []).append(times)

    found = answered(store, passage(people, window, is_grouped))

    assert found.overall == progress(attempts, 4)
    assert found.groups == {key: progress(of, 4) for key, of in groups.items()}


@pytest.mark.parametrize(
    ("of", "is_by_hand"),
    [([(1, 1), (1, 2), (2, 8)], False), ([(1, 3), (2, 3)], False), ([(1, 3), (1, 3)], True)],
)
def test_which_way(of: Touches, is_by_hand: bool, store: ClickHouseStore, monkeypatch: Any) -> None:
    """The engine folds what it can: events come here of people with both only."""
    ways, tangled = [], funnel._tangled
    monkeypatch.setattr(funnel, "_tangled", lambda *of: ways.append("by hand") or tangled(*of))

    assert answered(store, passage([of], None)).overall.counts == [1, 1, 0, 0]
    assert bool(ways) == is_by_hand


def test_twenty_steps_within_a_window(store: ClickHouseStore) -> None:
    """The most that may be asked for: a later start does where the first one is too early."""
    rows = [(0, 1), *((100 + step, 1 << step) for step in range(20))]
    table = f"VALUES('t Int64, s UInt32', {', '.join(map(str, rows))})"
    sql = f"SELECT toNullable(toUInt128(1)) AS person, t AS ts, s AS steps FROM {table}"

    found = answered(store, Passage(sql, 20, 19))

    assert found.overall == ([1] * 20, [None, *[0.000001] * 19])


def test_a_window_to_the_microsecond(store: ClickHouseStore) -> None:
    """Exactly the window is within it, one more is not, also for a step that comes twice."""
    from flask_analytics.metrics.funnel import Funnel, Step
    from flask_analytics.metrics.window import Range

    week = timedelta(days=7)
    store.append([event(1, user_id="a", timestamp=NOON)])
    store.append([event(2, user_id="a", timestamp=NOON + week)])
    span = Range(NOON, NOON + timedelta(days=30))
    for window, people in ((week.total_seconds(), 1), (week.total_seconds() - 1e-6, 0)):
        asked = Funnel(range=span, steps=(Step("buy"), Step("buy")), window=window)
        assert [step.count for step in store.answer(asked).steps] == [1, people]
