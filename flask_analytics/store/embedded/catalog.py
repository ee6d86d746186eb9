"""The folder of a store and its ``store.db``: who is there, which segments, what is hot."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ...errors import StoreError
from . import arrival, identity, own, quarantine, schema, snapshot
from .connections import PATIENCE, READ, Connections
from .snapshot import Segment, Snapshot

_COUNTS = {
    "hot": arrival.COUNT,
    "sealed": "SELECT coalesce(sum(rows), 0) FROM segment WHERE dropped IS NULL",
    "segments": "SELECT count(*) FROM segment WHERE dropped IS NULL",
    "ids": "SELECT count(*) FROM identity",
    "erasing": "SELECT (SELECT count(*) FROM erased) + (SELECT count(*) FROM undone)",
    "quarantined": "SELECT count(*) FROM quarantined",
    "quarantined_events": "SELECT coalesce(sum(rows), 0) FROM quarantined",
}


class Catalog:
    """One folder, as seen by this process. For any thread; a forked child opens its own.

    :param folder: made when needed, readable by nobody else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.segments_folder = folder / "segments"
        self._connections = Connections(folder / "store.db", self._prepare)
        self._known: dict[int, Segment] = {}
        self._make_folders()

    def _make_folders(self) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            own.folder(self.segments_folder)
        except OSError as error:
            raise StoreError(
                f"the analytics store needs the folder {self.folder}: {error}"
            ) from error

    def _prepare(self, connection: sqlite3.Connection) -> None:
        schema.prepare(connection, self.folder)

    def write(self, is_durable: bool = False) -> AbstractContextManager[sqlite3.Connection]:
        """A transaction: one writer at a time, all or nothing.

        :param is_durable: on the disk at the end, also should the power fail.
        """
        return self._connections.transaction(is_durable=is_durable)

    def read(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection that sees one moment throughout."""
        return self._connections.transaction(READ)

    def borrow(self, patience: float = PATIENCE) -> AbstractContextManager[sqlite3.Connection]:
        """A connection outside any transaction, for pragmas.

        :param patience: seconds to wait for others.
        """
        return self._connections.borrow(patience)

    def snapshot(self, after: int = 0) -> Snapshot:
        """The store as it is now.

        :param after: leave out hot rows up to this id, which the caller has already.
        """
        with self.read() as connection:
            return snapshot.take(connection, self.folder, after, self._known)

    def generation(self) -> int:
        """Equal as long as no answer can have changed."""
        with self.read() as connection:
            return snapshot.generation(connection)

    def remap(self) -> Mapping[int, int]:
        """Key -> the key that stands for its person, where they differ."""
        with self.read() as connection:
            return identity.remap(connection)

    def keys_of(self, text: str) -> tuple[int, ...]:
        """All keys of whoever has this id: the user of that id, else the anonymous one."""
        with self.read() as connection:
            return identity.person(connection, text)

    def ids_of(self, keys: Iterable[int] | None = None) -> Mapping[int, tuple[int, str]]:
        """Key -> (0 user or 1 anonymous, id), of some keys or of all."""
        with self.read() as connection:
            return identity.texts(connection, keys)

    def id_of(self, key: int) -> str | None:
        """The id behind a key. None: it was forgotten."""
        return self.ids_of([key]).get(key, (0, None))[1]

    def traits(self, name: str) -> Mapping[int, Any]:
        """The values of one trait: key that stands for a person -> value as JSON knows it."""
        with self.read() as connection:
            return identity.trait(connection, name)

    def traits_of(self, keys: Iterable[int]) -> dict[str, Any]:
        """All traits of a person, given by all their keys."""
        with self.read() as connection:
            return identity.traits_of(connection, keys)

    def quarantine(self, segment: Segment, fault: str) -> None:
        """Put a segment aside that cannot be read: the rest answers."""
        with self.write(is_durable=True) as connection:
            quarantine.put_aside(connection, self.folder, segment, fault)

    def describe(self) -> dict[str, Any]:
        """Counts and sizes. What is hidden but not yet rewritten counts still."""
        with self.read() as connection:
            counts = {name: connection.execute(sql).fetchone()[0] for name, sql in _COUNTS.items()}
        counts["events"] = counts["hot"] + counts["sealed"]
        counts["bytes"] = sum(size(path) for path in self.folder.rglob("*"))
        return counts

    def close(self) -> None:
        """Let go of the file."""
        self._connections.close()


def size(path: Path) -> int:
    """Bytes of a file; none of what is gone."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0
