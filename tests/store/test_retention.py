"""What is too old goes by itself, and people go with the last of their events."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from flask_analytics.event import Event, EventType, decode, encode
from flask_analytics.metrics.person import Person, Traits
from flask_analytics.metrics.window import micros
from flask_analytics.store.base import Store
from flask_analytics.store.clickhouse import leave
from flask_analytics.store.memory import MemoryStore

from .tale import alias, at, event, identify

DAY = 86_400.0


def names(store: Store) -> list[str | None]:
    return [decode(body).event_name for body in store.events()]


def told(name: str, days: float, **fields: Any) -> bytes:
    """An event of so many days ago."""
    moment = datetime.now(UTC) - timedelta(days=days)
    return encode(Event(event_name=name, message_id=uuid4().hex, timestamp=moment, **fields))


def test_with_the_last_event_goes_the_person(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids, traits and aliases of whom nothing is left; nothing of whom something is."""
    monkeypatch.setattr(leave, "GRACE", -60)  # else an hour would have to pass
    store.append([
        event("9:00", "x", "old", "device"), identify("9:00", "old", {"plan": "pro"}),
        alias("9:01", "older", "old"), event("9:02", "x", "ann"),
        identify("9:03", "ann", {"plan": "free"}), alias("9:04", "annie", "ann"),
        event("10:00", "x", "annie"),
    ])  # fmt: skip

    assert store.purge(micros(at("9:30"))) == 6

    for _ in range(2):
        for id in ("old", "device", "older"):
            assert store.answer(Traits(id)) == Person(id, (id,), {})
        assert store.answer(Traits("ann")) == Person("ann", ("ann", "annie"), {"plan": "free"})
        store.tend()
    store.append([event("11:00", "x", "old")])
    assert store.answer(Traits("old")) == Person("old", ("old",), {})


def test_memory_keeps_to_its_days(clock: Any) -> None:
    """An append an hour looks; by the clock."""
    clock.now = time.time()
    store = MemoryStore(retention_days=30, clock=clock)
    store.append([told("old", 31, user_id="gone"), told("edge", 29.99, user_id="stays")])
    assert names(store) == ["edge"]
    assert store.answer(Traits("gone")).ids == ("gone",)

    clock.tick(DAY)
    store.append([told("new", 0)])

    assert names(store) == ["new"]


def test_the_embedded_store_does_it_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of its own, which an append starts: nobody calls anything."""
    from flask_analytics.store.embedded import keeper
    from flask_analytics.store.embedded.store import EmbeddedStore

    children: list[int] = []
    monkeypatch.setattr(keeper, "MANY", 2)  # else a day would have to pass
    monkeypatch.setattr(keeper.native, "start_thread", lambda f, args: children.append(args[0]))

    with closing(EmbeddedStore(tmp_path, retention_days=395)) as store:
        traits: dict[str, Any] = {"type": EventType.IDENTIFY, "traits": {"plan": "pro"}}
        old = told("old", 396, user_id="gone", **traits)
        store.append([old, told("new", 394, user_id="stays")])

        _wait(lambda: names(store) == ["new"])
        _wait(lambda: store.answer(Traits("gone")) == Person("gone", ("gone",), {}))
    for child in children:
        os.kill(child, signal.SIGTERM)  # it would wait for readers of what it has dropped
        keeper._reap(child)


@pytest.mark.slow
def test_clickhouse_does_it_by_itself(store_folder: Path) -> None:
    """An append a day does, in each process that takes events in."""
    pytest.importorskip("chdb")
    from flask_analytics.store.clickhouse.store import ClickHouseStore

    address = f"chdb:///{store_folder}/chdb?database=r{uuid4().hex}"
    with closing(ClickHouseStore(address, retention_days=395)) as store:
        store.append([told("old", 396, user_id="gone"), told("new", 394, user_id="stays")])

        assert names(store) == ["new"]


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < deadline, "nothing has been purged"
        time.sleep(0.1)
