"""The kinds of store that there are, and how to open one of each for a test."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from flask_analytics.store.base import Store
from flask_analytics.store.memory import MemoryStore


def memory(folder: Path) -> Store:
    return MemoryStore()


def embedded(folder: Path) -> Store:
    from flask_analytics.store.embedded.store import EmbeddedStore

    store = EmbeddedStore(folder / f"embedded-{uuid4().hex}")
    # These tests tend by themselves: a process for each erasure of each history takes minutes.
    store._keeper.start = lambda: None  # type: ignore[method-assign]
    return store


def clickhouse(folder: Path) -> Store:
    from flask_analytics.store.clickhouse.store import ClickHouseStore

    # One process has one engine, which stays with its folder: each store is a database of it.
    return ClickHouseStore(f"chdb:///{folder}/chdb?database=t{uuid4().hex}")


class Kind(NamedTuple):
    """A way to open a store, the modules without which there is none, and how many of the
    histories it is tried with, where opening takes long."""

    open: Callable[[Path], Store]
    modules: tuple[str, ...] = ()
    share: float = 1.0

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


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Store]:
    """A new, empty store, closed at the end."""
    store = KINDS[kind].open(folder)
    try:
        yield store
    finally:
        store.close()
