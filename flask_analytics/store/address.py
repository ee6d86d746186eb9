"""Stores as text, for configuration: ``embedded:``, ``memory:``, ``clickhouse://...``."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..delivery import folder
from ..log import QuietLog
from .base import Store

#: Scheme -> module and class. Imported when the store opens: engines are heavy.
SCHEMES = {
    "embedded": ("embedded.store", "EmbeddedStore"),
    "memory": ("memory", "MemoryStore"),
    "clickhouse": ("clickhouse.store", "ClickHouseStore"),
    "clickhouses": ("clickhouse.store", "ClickHouseStore"),
    "chdb": ("clickhouse.store", "ClickHouseStore"),
}


class Opener:
    """Opens a store at first use and gives the same one from then on.

    :param address: what ANALYTICS_STORE says.
    :param home: ANALYTICS_DIR; the embedded store lives in ``store`` below it.
    :param is_testing: asked at first use, because TESTING is often set after the extension: then
        the store is one in memory.
    """

    def __init__(
        self,
        address: str,
        home: Path,
        *,
        is_testing: Callable[[], bool],
        retention_days: int,
        log: QuietLog,
    ) -> None:
        self.address = address
        self.place = home / "store"
        self._is_testing = is_testing
        self._retention_days = retention_days
        self._log = log
        self._lock = threading.Lock()
        self._store: Store | None = None

    @property
    def scheme(self) -> str:
        """What kind of store it is going to be."""
        return "memory" if self._is_testing() else self.address.partition(":")[0]

    def __call__(self) -> Store:
        with self._lock:
            if self._store is None:
                self._store = self._open()
            return self._store

    def _open(self) -> Store:
        scheme = self.scheme
        if scheme == "embedded":
            try:
                folder.make(self.place)
            except OSError as error:
                self._log.warning(
                    "store",
                    "%s cannot be written (%s): events are kept in this process's memory only. Set "
                    "ANALYTICS_DIR to a folder that it may write, or ANALYTICS_STORE to None",
                    self.place,
                    error.strerror,
                )
                scheme = "memory"
        # A test may well tell of years ago.
        days = None if self._is_testing() else self._retention_days
        return _build(scheme, self.address, self.place, days)


def _build(scheme: str, address: str, place: Path, retention_days: int | None) -> Store:
    module, name = SCHEMES[scheme]
    kind: Any = getattr(importlib.import_module(f".{module}", __package__), name)
    if scheme == "memory":
        store: Store = kind(retention_days=retention_days)
    elif scheme == "embedded":
        store = kind(place, retention_days=retention_days)
    else:
        store = kind(address, retention_days=retention_days)
    return store
