"""One engine for the run, a database for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from flask_analytics.event import Event, Source, encode
from flask_analytics.store.clickhouse.store import ClickHouseStore

pytest.importorskip("chdb", reason="there is no chdb")

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

Open = Callable[[], ClickHouseStore]


def event(number: int, name: str = "buy", **fields: Any) -> bytes:
    """An event of the API, so many minutes after noon."""
    when = NOON + timedelta(minutes=number)
    fields = {"timestamp": when, "source": Source.API, "message_id": f"m{number}"} | fields
    return encode(Event(event_name=name, **fields))


@pytest.fixture
def database(store_folder: Path) -> str:
    """The address of an empty database."""
    return f"chdb:///{store_folder}/chdb?database=t{uuid4().hex}"


@pytest.fixture
def another(database: str) -> Iterator[Open]:
    """Opens the database once more, as another process would."""
    opened: list[ClickHouseStore] = []

    def open() -> ClickHouseStore:
        opened.append(ClickHouseStore(database))
        return opened[-1]

    yield open
    for store in opened:
        store.close()


@pytest.fixture
def store(another: Open) -> ClickHouseStore:
    """A new, empty store."""
    return another()
