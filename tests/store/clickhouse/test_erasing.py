"""What is taken back is in no answer, and then on no disk."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.metrics.person import Traits
from flask_analytics.metrics.window import micros
from flask_analytics.store.clickhouse.client import Client
from flask_analytics.store.clickhouse.store import ClickHouseStore

from .conftest import NOON, Open, event


def test_forgotten_everywhere(store: ClickHouseStore, store_folder: Path) -> None:
    """After ``tend`` no file of the engine has the person's id, however it is written."""
    marker = "zanzibar-7391"
    store.append([event(1, user_id=marker, traits={"plan": marker}), event(2, user_id="other")])
    assert store.forget(marker) == 1
    assert store.answer(Traits(marker)).traits == {}
    store.tend()
    tables = [name for (name,) in store._client.rows("SHOW TABLES") if not name.startswith("told")]
    for table in tables:
        rows = store._client.rows(f"SELECT * FROM {table} SETTINGS apply_deleted_mask = 0")
        assert marker not in str(rows), table


def test_a_past_is_dropped(store: ClickHouseStore) -> None:
    """Whole pieces and parts of one; none of it comes back by a second delivery."""
    bodies = [event(day * 1440) for day in range(0, 120, 10)]
    store.append(bodies)
    assert store.purge(micros(NOON + timedelta(days=55))) == 6
    assert store.describe()["events"] == 6
    assert store.append(bodies) == 0
    assert store.purge(micros(NOON + timedelta(days=55))) == 0


def test_tend_keeps_the_days_it_was_told(database: str) -> None:
    """Retention is by the clock: events of the year 2026 are old some time, those of 9999 never."""
    store = ClickHouseStore(database, retention_days=1)
    future = NOON.replace(year=9999)
    store.append([event(1, timestamp=NOON.replace(year=2000)), event(2, timestamp=future)])
    store.tend()
    assert store.describe()["events"] == 1
    store.close()


def test_others_see_it_at_once(store: ClickHouseStore, another: Open) -> None:
    """Another process's next answer has it, with aliases made and undone in between."""
    other = another()
    store.append([event(1, user_id="a"), event(2, user_id="b")])
    alias = event(3, "alias", type="alias", previous_id="a", user_id="b")
    assert other.answer(Traits("a")).id == "a"
    store.append([alias])
    assert other.answer(Traits("a")).id == "b"
    assert other.unalias("a", "b")
    assert store.answer(Traits("a")).id == "a"
    assert store.append([alias]) == 0
    assert not store.unalias("a", "b")


def test_who_is_just_arriving_is_not_purged(
    store: ClickHouseStore, another: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process purges after the ids are kept and before their events are."""
    other, insert = another(), Client.insert

    def late(client: Client, table: str, rows: Any) -> None:
        if table == "events":
            other.purge(0)
        insert(client, table, rows)

    store.append([event(0)])  # the tables
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Client, "insert", late)
        identify = {"type": "identify", "traits": {"plan": "pro"}}
        store.append([event(1, user_id="ann", anonymous_id="device", **identify)])

    found = store.answer(Traits("ann"))
    assert (found.ids, found.traits) == (("ann", "device"), {"plan": "pro"})
    assert store.forget("ann") == 1
