"""A store that outlives its process, in a few lines: SQLite keeps the events, the memory store
answers. Commands that begin, die and begin again need one; which one is no matter to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from flask_analytics.metrics.window import Range
from flask_analytics.store.memory import MemoryStore


class Shelf:
    """Keeps events in a file, each ``message_id`` once."""

    scheme = "shelf"

    def __init__(self, path: Path) -> None:
        self._path = path
        file = self._open()
        file.execute("PRAGMA journal_mode=WAL")
        with file:
            file.execute("CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, body BLOB)")
        file.close()

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)

    def append(self, bodies: Sequence[bytes]) -> int:
        """All or none."""
        rows = [(msgspec.json.decode(body)["message_id"], body) for body in bodies]
        file = self._open()
        try:
            with file:
                before = file.total_changes
                file.executemany("INSERT OR IGNORE INTO event VALUES (?, ?)", rows)
                return file.total_changes - before
        finally:
            file.close()

    def count(self) -> int:
        """Events in the file, without reading them."""
        file = self._open()
        try:
            return int(file.execute("SELECT count(*) FROM event").fetchone()[0])
        finally:
            file.close()

    def _memory(self) -> MemoryStore:
        file = self._open()
        try:
            store = MemoryStore(limit=1_000_000)
            store.append([body for (body,) in file.execute("SELECT body FROM event")])
            return store
        finally:
            file.close()

    def _keep(self, store: MemoryStore) -> None:
        kept = [(msgspec.json.decode(body)["message_id"], body) for body in store.events()]
        file = self._open()
        try:
            with file:
                file.execute("DELETE FROM event")
                file.executemany("INSERT INTO event VALUES (?, ?)", kept)
        finally:
            file.close()

    def answer(self, question: Any) -> Any:
        return self._memory().answer(question)

    def forget(self, person: str) -> int:
        store = self._memory()
        count = store.forget(person)
        self._keep(store)
        return count

    def unalias(self, previous_id: str, user_id: str) -> bool:
        store = self._memory()
        found = store.unalias(previous_id, user_id)
        self._keep(store)
        return found

    def purge(self, before: int) -> int:
        store = self._memory()
        count = store.purge(before)
        self._keep(store)
        return count

    def events(self, span: Range | None = None, person: str | None = None) -> Iterator[bytes]:
        return self._memory().events(span, person)

    def tend(self) -> None:
        """Nothing to do."""

    def describe(self) -> dict[str, Any]:
        return {"events": self._memory().describe()["events"]}

    def close(self) -> None:
        """Nothing is open."""
