"""The kinds of store that there are, and how to open one of each for a test."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from flask_analytics.store.base import Store
from flask_analytics.store.memory import MemoryStore


def memory(folder: Path) -> AbstractContextManager[Store]:
    return closing(MemoryStore())


def embedded(folder: Path) -> AbstractContextManager[Store]:
    from flask_analytics.store.embedded.store import EmbeddedStore

    # Each forgetting would start a process, which waits a minute before it tidies up.
    place = folder / f"embedded-{uuid4().hex}"
    return closing(EmbeddedStore(place, has_children=False))


#: Databases that were used and are empty again.
_FREE: dict[Path, list[str]] = {}

_TABLES = """SELECT name FROM system.tables WHERE database = currentDatabase()
    AND engine LIKE '%MergeTree' AND name != 'migrations'"""


@contextmanager
def clickhouse(folder: Path) -> Iterator[Store]:
    """One process has one engine, which stays with its folder: a store is a database of it. An
    engine with hundreds of them is slow, so one that was used is emptied and used again."""
    from flask_analytics.store.clickhouse.address import parse
    from flask_analytics.store.clickhouse.client import Client
    from flask_analytics.store.clickhouse.store import ClickHouseStore

    free = _FREE.setdefault(folder, [])
    name = free.pop() if free else f"t{uuid4().hex}"
    address = f"chdb:///{folder}/chdb?database={name}"
    store = ClickHouseStore(address)
    try:
        yield store
    finally:
        store.close()
    client = Client(parse(address), timeout=30)
    for (table,) in client.rows(_TABLES):
        client.run(f"TRUNCATE TABLE {table}")
    client.close()
    free.append(name)


class Kind(NamedTuple):
    """A way to open a store, the modules without which there is none, and how many of the
    histories it is tried with, where opening takes long."""

    open: Callable[[Path], AbstractContextManager[Store]]
    modules: tuple[str, ...] = ()
    share: float = 1.0

    @property
    def is_slow(self) -> bool:
        """Whether that is because of the engine."""
        return self.share < 1

    @property
    def missing(self) -> str | None:
        """The first module that is not installed."""
        return next((name for name in self.modules if not _is_there(name)), None)


#: The one list. A new kind of store is tested by everything once it is in here.
KINDS = {
    "memory": Kind(memory),
    "embedded": Kind(embedded, ("flask_analytics.store.embedded.store", "duckdb")),
    "clickhouse": Kind(
        clickhouse, ("flask_analytics.store.clickhouse.store", "clickhouse_connect", "chdb"), 0.15
    ),
}


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of a package on the way
        return False


def opened(kind: str, folder: Path) -> AbstractContextManager[Store]:
    """A new, empty store, closed at the end."""
    return KINDS[kind].open(folder)
