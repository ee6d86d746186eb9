"""The newest events of the embedded store: what is not in the answer is not read whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.metrics.recent import Recent
from flask_analytics.metrics.window import Range, moment
from flask_analytics.store.embedded import restore
from flask_analytics.store.embedded.store import EmbeddedStore

from .actors import DAY, SECOND, START, make

SPAN = Range(moment(START - DAY), moment(START + 30 * DAY))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    """Four segments and some hot rows: a rare event in each, among many others at its time."""
    store = EmbeddedStore(tmp_path / "store", has_children=False)
    for day in range(5):
        at = START + day * DAY
        store.append([make("often", at + nth % 7 * SECOND) for nth in range(200)])
        store.append([make("rare", at)])
        if day < 4:
            store.tend()
    yield store
    store.close()


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"event": "rare"}, 5),
        ({"like": "RAR", "limit": 3}, 3),
        ({"limit": 7}, 7),
        ({"event": "nope"}, 0),
    ],
)
def test_only_what_is_in_the_answer_is_put_together(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], count: int
) -> None:
    """However many others there are, also at the same moment."""
    whole, read = restore.event, []

    def counted(row: Any, ids: Any) -> bytes:
        read.append(row["name"])
        return whole(row, ids)

    monkeypatch.setattr(restore, "event", counted)

    assert len(store.answer(Recent(range=SPAN, **asked))) == count
    assert len(read) == count
