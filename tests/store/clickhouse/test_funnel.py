"""Funnels where ``windowFunnel`` alone would be wrong, against ``metrics.chain``."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_analytics.metrics import chain
from flask_analytics.store.clickhouse import funnel
from flask_analytics.store.clickhouse.dialect import ClickHouse
from flask_analytics.store.clickhouse.engine import ClickHouseEngine
from flask_analytics.store.clickhouse.state import State
from flask_analytics.store.clickhouse.store import ClickHouseStore
from flask_analytics.store.sql.dialect import Query
from flask_analytics.store.sql.engine import Passage, Reached

from .conftest import NOON, event

#: (time, steps that it serves for)
touches = st.lists(st.tuples(st.integers(-3, 6), st.integers(1, 15)), max_size=7)


def passage(people: list[list[tuple[int, int]]], window: int | None) -> Passage:
    rows = [f"({n}, {ts}, {steps})" for n, of in enumerate(people) for ts, steps in of]
    table = f"VALUES('p UInt128, t Int64, s UInt8', {', '.join(rows)})"
    return Passage(f"SELECT toNullable(p) AS person, t AS ts, s AS steps FROM {table}", 4, window)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    people=st.lists(touches, min_size=1, max_size=12).filter(any),
    window=st.none() | st.integers(0, 6),
)
def test_any_touches(
    store: ClickHouseStore, people: list[list[tuple[int, int]]], window: int | None
) -> None:
    """Steps that overlap, ties, windows: each person gets as far as the law says."""
    engine = ClickHouseEngine(store._client, State(False, 0, True, False, False))
    found = funnel.reached(engine, Query(ClickHouse()), passage(people, window))
    wanted = [
        chain.reached(sorted((ts, funnel._bits(steps)) for ts, steps in of), 4, window)
        for of in people
    ]
    counts: dict[int, int] = {}
    for row in found:
        counts[row.steps] = counts.get(row.steps, 0) + row.people
    assert counts == {steps: wanted.count(steps) for steps in set(wanted) if steps}


@pytest.mark.parametrize(
    ("of", "way"),
    [
        ([(1, 1), (1, 2), (2, 8)], "plain"),
        ([(1, 3), (2, 3)], "spread"),
        ([(1, 3), (1, 3)], "tangled"),
    ],
)
def test_which_way(
    of: list[tuple[int, int]], way: str, store: ClickHouseStore, monkeypatch: Any
) -> None:
    """The engine folds what it can: events come here of people with both only."""
    ways = ["plain"]
    levels, tangled = funnel._Spread.levels, funnel._tangled
    monkeypatch.setattr(funnel._Spread, "levels", lambda me: ways.append("spread") or levels(me))
    monkeypatch.setattr(funnel, "_tangled", lambda *of: ways.append("tangled") or tangled(*of))
    engine = ClickHouseEngine(store._client, State(False, 0, True, False, False))
    assert funnel.reached(engine, Query(ClickHouse()), passage([of], None)) == [Reached(None, 2, 1)]
    assert way in ways
    assert ("tangled" in ways) == (way == "tangled")


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
