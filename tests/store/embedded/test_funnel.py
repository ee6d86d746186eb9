"""Everybody at once gets as far, at the same times, as each alone by ``metrics.chain``."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_analytics.metrics import chain
from flask_analytics.metrics.funnel import progress
from flask_analytics.store.embedded.funnel import Hits, attempts
from flask_analytics.store.embedded.paces import Attempts, folded

#: person, time, steps as bits: few values, so that all ties happen.
rows = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 6), st.integers(1, 15)), max_size=25)


def hits(found: list[tuple[int, int, int]]) -> Hits:
    """Rows as DuckDB gives them."""
    columns = np.array(found, np.int64).reshape(-1, 3).T
    return Hits(*(column.copy() for column in columns))


Found = dict[int, tuple[int, ...]]


def told(found: Attempts) -> Found:
    """When each person did the steps that they got through."""
    rows = zip(*(column.tolist() for column in found.times), strict=True)
    each = zip(found.person.tolist(), found.depth.tolist(), rows, strict=True)
    return {person: times[:depth] for person, depth, times in each}


def one_by_one(found: list[tuple[int, int, int]], window: int | None) -> Found:
    """What the law says."""
    return {
        person: chain.times(
            [(time, {n for n in range(4) if bits >> n & 1}) for _, time, bits in mine], 4, window
        )
        for person, mine in groupby(sorted(found), key=lambda row: row[0])
    }


@given(found=rows, window=st.sampled_from([None, 0, 1, 2, 5]))
def test_everybody_gets_as_far_as_alone(
    found: list[tuple[int, int, int]], window: int | None
) -> None:
    """Any events in any order, with ties, repeated steps and steps that overlap."""
    assert told(attempts(hits(found), 4, window)) == one_by_one(found, window)


@given(
    found=rows,
    window=st.sampled_from([None, 2]),
    groups=st.none() | st.dictionaries(st.integers(1, 4), st.sampled_from("xy")),
)
def test_sums_and_medians_are_those_of_the_definition(
    found: list[tuple[int, int, int]], window: int | None, groups: dict[int, str] | None
) -> None:
    """Of all, and of each group that somebody of it is in."""
    each = {person: times for person, times in one_by_one(found, window).items() if times}
    by_group: dict[str, list[tuple[int, ...]]] = {}
    for person, times in each.items():
        if person in (groups or {}):
            by_group.setdefault((groups or {})[person], []).append(times)

    answer = folded(attempts(hits(found), 4, window), groups)

    assert answer.overall == progress(each.values(), 4)
    assert {key: (*map(list, of),) for key, of in answer.groups.items()} == {
        key: progress(of, 4) for key, of in by_group.items()
    }


@pytest.mark.parametrize("window", [None, 1])
def test_nobody_is_nobody(window: int | None) -> None:
    """Without events there are no people."""
    assert attempts(hits([]), 4, window).person.tolist() == []


def test_many_people_for_a_century() -> None:
    """Numbers of people times microseconds are beyond 64 bits: rows are counted instead."""
    century = 100 * 365 * 86_400 * 10**6
    found = [(who, time, bits) for who in range(2_000) for time, bits in ((0, 1), (century, 2))]

    assert set(told(attempts(hits(found), 2, None)).values()) == {(0, century)}
    assert set(told(attempts(hits(found), 2, century - 1)).values()) == {(0,)}
