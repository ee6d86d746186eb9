"""Everybody at once gets as far as each alone by ``metrics.chain``."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_analytics.metrics import chain
from flask_analytics.store.embedded.funnel import Hits, depths

#: person, time, steps as bits: few values, so that all ties happen.
rows = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 6), st.integers(1, 15)), max_size=25)


def hits(found: list[tuple[int, int, int]]) -> Hits:
    """Rows as DuckDB gives them."""
    columns = np.array(found, np.int64).reshape(-1, 3).T
    return Hits(*(column.copy() for column in columns))


def one_by_one(found: list[tuple[int, int, int]], window: int | None) -> dict[int, int]:
    """What the law says."""
    return {
        person: chain.reached(
            [(time, {n for n in range(4) if bits >> n & 1}) for _, time, bits in mine], 4, window
        )
        for person, mine in groupby(sorted(found), key=lambda row: row[0])
    }


@given(found=rows, window=st.sampled_from([None, 0, 1, 2, 5]))
def test_everybody_gets_as_far_as_alone(
    found: list[tuple[int, int, int]], window: int | None
) -> None:
    """Any events in any order, with ties, repeated steps and steps that overlap."""
    reached = depths(hits(found), 4, window)

    pairs = zip(reached.person.tolist(), reached.depth.tolist(), strict=True)
    assert dict(pairs) == one_by_one(found, window)


@pytest.mark.parametrize("window", [None, 1])
def test_nobody_is_nobody(window: int | None) -> None:
    """Without events there are no people."""
    assert depths(hits([]), 4, window).person.tolist() == []


def test_many_people_for_a_century() -> None:
    """Numbers of people times microseconds are beyond 64 bits: rows are counted instead."""
    century = 100 * 365 * 86_400 * 10**6
    found = [(who, time, bits) for who in range(2_000) for time, bits in ((0, 1), (century, 2))]

    assert depths(hits(found), 2, None).depth.tolist() == [2] * 2_000
    assert depths(hits(found), 2, century - 1).depth.tolist() == [1] * 2_000
