"""How far somebody got through the steps of a funnel, and when."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_analytics.metrics.chain import Touch, times


def by_trying_all(touches: list[Touch], steps: int, window: int | None) -> tuple[int, ...]:
    """The law, word by word: some order of some distinct events serves the steps; of those that
    serve the most, the times that come first."""
    for count in range(steps, 0, -1):
        served = [
            tuple(time for time, _ in chosen)
            for chosen in permutations(touches, count)
            if all(step in matched for step, (_, matched) in enumerate(chosen))
        ]
        fitting = [
            at
            for at in served
            if list(at) == sorted(at) and (window is None or at[-1] - at[0] <= window)
        ]
        if fitting:
            return min(fitting)
    return ()


touches = st.lists(
    st.tuples(st.integers(0, 5), st.frozensets(st.integers(0, 3), max_size=4)), max_size=6
).map(lambda found: sorted(found, key=lambda touch: touch[0]))


@settings(max_examples=400)
@given(touches, st.integers(1, 4), st.none() | st.integers(0, 4))
def test_it_is_what_trying_everything_finds(
    touches: list[Touch], steps: int, window: int | None
) -> None:
    """Ties, overlapping steps, windows: never more and never less than the law gives."""
    touches = [(time, frozenset(s for s in matched if s < steps)) for time, matched in touches]
    assert times(touches, steps, window) == by_trying_all(touches, steps, window)


@pytest.mark.parametrize(
    ("touches", "window", "expected"),
    [
        pytest.param([], None, 0, id="nobody came"),
        pytest.param([(1, {1})], None, 0, id="a later step alone is none"),
        pytest.param([(1, {0}), (2, {1}), (3, {2})], None, 3, id="one after the other"),
        pytest.param([(1, {1}), (2, {0})], None, 1, id="the wrong order"),
        pytest.param([(1, {1}), (1, {0})], None, 2, id="a tie serves in any order"),
        pytest.param([(1, {0, 1})], None, 1, id="one event is one step"),
        pytest.param([(1, {0, 1}), (1, {0})], None, 2, id="a tie is shared out"),
        pytest.param([(1, {0, 1, 2}), (1, {0, 1}), (1, {0})], None, 3, id="with moving others"),
        pytest.param([(0, {0}), (10, {1})], 10, 2, id="the window's end is in it"),
        pytest.param([(0, {0}), (11, {1})], 10, 1, id="beyond the window"),
        pytest.param([(0, {0}), (9, {0}), (11, {1})], 10, 2, id="a later start serves"),
        pytest.param([(0, {0}), (1, {1}), (5, {0}), (6, {2})], 6, 3, id="an earlier start serves"),
        pytest.param([(5, {0}), (5, {1})], 0, 2, id="a window of nothing is one moment"),
    ],
)
def test_by_hand(touches: list[Touch], window: int | None, expected: int) -> None:
    """The cases that a reader would ask about."""
    found = times(touches, 3 if expected == 3 or len(touches) > 3 else 2, window)
    assert len(found) == expected


@pytest.mark.parametrize(
    ("touches", "window", "expected"),
    [
        pytest.param([(1, {0}), (5, {0}), (6, {1})], None, (1, 6), id="from the first time on"),
        pytest.param([(1, {0}), (5, {0}), (6, {1})], 4, (5, 6), id="the first that fits"),
        pytest.param([(1, {0}), (2, {0}), (6, {1})], 5, (1, 6), id="the window's end is in it"),
        pytest.param([(1, {0}), (2, {1}), (8, {1}), (9, {2})], None, (1, 2, 9), id="each at once"),
        pytest.param(
            [(1, {0}), (2, {1}), (8, {0}), (9, {1}), (10, {2})], 5, (8, 9, 10), id="the furthest"
        ),
        pytest.param([(1, {0}), (2, {0}), (2, {1}), (3, {2})], None, (1, 2, 3), id="a tie"),
        pytest.param([(1, {0}), (2, {1}), (3, {1}), (9, {2})], 5, (1, 2), id="no further in time"),
        pytest.param([(1, {0}), (7, {0})], 5, (1,), id="who only began did so the first time"),
    ],
)
def test_when(touches: list[Touch], window: int | None, expected: tuple[int, ...]) -> None:
    """One attempt of each person, that which began first of those that got furthest."""
    assert times(touches, 3, window) == expected


def test_a_crowd_at_one_moment_is_no_burden() -> None:
    """Ten thousand events in one microsecond that all serve every step."""
    assert times([(1, set(range(20)))] * 10_000, 20) == (1,) * 20
    assert times([(1, set(range(19)))] * 10_000, 20) == (1,) * 19
