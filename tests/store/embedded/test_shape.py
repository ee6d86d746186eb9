"""Hot rows as a table, by either way that they get there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from flask_analytics.event import decode
from flask_analytics.metrics.window import micros
from flask_analytics.store.embedded import engine, keys, shape
from flask_analytics.store.embedded.snapshot import HotRow

from ..histories import CENTRE, histories


def table(rows: list[HotRow]) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    """How properties are kept, and the rows, columns by name."""
    with engine.connect() as duck:
        made = shape.Shape(duck)
        made.load(rows)
        names = sorted(name for name, *_ in duck.execute("DESCRIBE hot").fetchall())
        listed = ", ".join(map(keys.quoted, names))
        return made.keys, duck.execute(f"SELECT {listed} FROM hot ORDER BY rowid").fetchall()


def hot(number: int, body: bytes) -> HotRow:
    """A row as an append leaves it, people and echoes at random."""
    who = number % 3 or None
    return HotRow(number, micros(decode(body).timestamp), who, None, None, number % 2, body)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_lists_and_arrays_make_the_same_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any events: a few rows are the same rows as among many."""

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(histories(CENTRE["UTC"]))
    def holds(batches: list[list[bytes]]) -> None:
        bodies = [body for batch in batches for body in batch]
        rows = [hot(number, body) for number, body in enumerate(bodies, 1)]
        monkeypatch.setattr(shape, "FEW", len(rows))
        lists = table(rows)
        monkeypatch.setattr(shape, "FEW", 0)
        assert table(rows) == lists

    holds()
