"""Segments of earlier versions beside those of this one: the same answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_analytics.metrics.filters import Scope, parse
from flask_analytics.metrics.volume import Volume
from flask_analytics.metrics.window import Range, moment
from flask_analytics.store.embedded import engine, files
from flask_analytics.store.embedded.merge import merge
from flask_analytics.store.embedded.store import EmbeddedStore
from flask_analytics.store.memory import MemoryStore

from ..histories import CENTRE, histories
from ..kinds import opened
from ..questions import questions
from ..test_same import assert_same, outcome
from .actors import DAY, START, make

SPAN = Range(moment(START - DAY), moment(START + 30 * DAY))

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130 Safari"


def age(store: EmbeddedStore) -> int:
    """Make of all segments what a version without ``aside`` wrote. Returns how many there are."""
    found = [one for one in store._keeper.shelf.segments() if one.has_aside]
    for segment in found:
        path = Path(segment.path)
        name = path.stem.rpartition("-")[0]
        with engine.connect() as duck:
            duck.execute(
                f"COPY (SELECT * EXCLUDE (aside) FROM '{path}' ORDER BY ts) "
                f"TO '{path.with_name(name + files.EVENTS)}' {files._FORMAT}"
            )
        Path(segment.hours_path).rename(path.with_name(name + files.HOURS))
        path.unlink()
        with store._catalog.write() as connection:
            connection.execute("UPDATE segment SET name = ? WHERE id = ?", (name, segment.id))
    return len(found)


def count(store: EmbeddedStore, **asked: Any) -> int:
    """Counted events that pass a filter on a property: no counts by the hour know them."""
    store._cache.clear()
    scope = Scope(filters=(parse("property.plan=pro"),), **asked)
    return sum(point.count for point in store.answer(Volume(range=SPAN, scope=scope)))


def test_earlier_segments_answer_alike(tmp_path: Path) -> None:
    """Bots, echoes and what is no activity are left out of both, and of both merged."""
    store = EmbeddedStore(tmp_path / "store", has_children=False)
    plan = {"properties": {"plan": "pro"}}
    for n in range(2):
        view = {"type": "pageview", "name": None, "view_id": f"v{n}", "user_agent": BROWSER}
        store.append([
            make("seen", **plan, user_agent=BROWSER),
            make("seen", **plan, user_agent="Googlebot/2.1 (+http://www.google.com/bot.html)"),
            make(source="server", **view, **plan),
            make(source="browser", **view, **plan),
            make(type="group", name=None, **plan, user_agent=BROWSER),
        ])  # fmt: skip
        store.tend()
        assert n or age(store) == 1

    assert sorted(one.has_aside for one in store._keeper.shelf.segments()) == [False, True]
    assert count(store) == 4
    assert count(store, source="browser") == 2
    assert count(store, bots=True) == 6

    with store._keeper.shelf.locked():
        merge(store._keeper.shelf, store._keeper.shelf.segments())
    assert [one.has_aside for one in store._keeper.shelf.segments()] == [True]
    assert count(store) == 4
    store.close()


def test_an_echo_known_late_is_left_out_of_a_scan(tmp_path: Path) -> None:
    """What a file says of an event's echo is true until the server's view arrives."""
    store = EmbeddedStore(tmp_path / "store", has_children=False)
    view = {"type": "pageview", "name": None, "view_id": "v1", "user_agent": BROWSER,
            "properties": {"plan": "pro"}}  # fmt: skip
    store.append([make(source="browser", **view)])
    store.tend()
    store.append([make("other", properties={"plan": "pro"}, user_agent=BROWSER)])
    store.tend()
    assert count(store) == 2

    store.append([make(source="server", **view)])

    assert count(store) == 2
    assert count(store, source="browser") == 1
    store.close()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_any_history_in_segments_of_both_layouts(store_folder: Path) -> None:
    """Aged at any time, by itself or beside newer ones: the oracle's answers."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        with opened("embedded", store_folder) as store:
            assert isinstance(store, EmbeddedStore)
            oracle = MemoryStore()
            for batch in data.draw(histories(CENTRE["UTC"])):
                assert store.append(batch) == oracle.append(batch)
                if data.draw(st.booleans()):
                    store.tend()
                if data.draw(st.booleans()):
                    age(store)
            for question in data.draw(st.lists(questions("UTC"), min_size=4, max_size=10)):
                assert_same(outcome(store, question), outcome(oracle, question), question)

    holds()
