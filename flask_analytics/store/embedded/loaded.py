"""What this process has in DuckDB's memory beside the segments: hot rows, who is who.

Tables are never changed once they are there, only added and dropped: a question that has begun
its transaction keeps those it began with.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from ...delivery.latch import allocate_lock
from .catalog import Catalog
from .hidden import Hidden
from .keys import joined
from .shape import Shape
from .snapshot import HotRow, Segment, Snapshot

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Tables of hot rows; beyond that they become one.
MAX_CHUNKS = 8


class Chunk(NamedTuple):
    """Some hot rows as a table with the columns of a segment; browser, os and device are empty."""

    table: str
    #: Their ids, ascending: row n of the table is ``ids[n]``.
    ids: list[int]
    #: As ``Segment.keys``.
    keys: Mapping[str, str]

    def rows(self, low: int, high: int) -> tuple[int, int]:
        """The first row with an id from ``low`` on, and the first with one beyond ``high``."""
        return bisect_left(self.ids, low), bisect_left(self.ids, high + 1)


class Moment(NamedTuple):
    """All that one question reads."""

    segments: tuple[Segment, ...]
    chunks: tuple[Chunk, ...]
    #: Hot rows of this moment have ids from ``low`` up to ``high``.
    low: int
    high: int
    hidden: Hidden
    #: The table of (key, person), where they differ; None: they differ nowhere.
    people: str | None
    #: The table of (id, level), and what is in it; None: nothing.
    echoes: str | None
    late_echo: Mapping[int, int]
    generation: int
    #: The largest key of anybody.
    top_key: int


class Loaded:
    """Follows the catalog, one snapshot after the other. For any thread of one process."""

    def __init__(self, catalog: Catalog, instance: DuckDBPyConnection) -> None:
        self._catalog = catalog
        self._duck = instance.cursor()
        self._lock = allocate_lock()
        self._tables = count(1)
        self._chunks: list[Chunk] = []
        #: Rows below have been dropped here: an older snapshot would miss some.
        self._low = 0
        self._removals = 0
        self._people: tuple[int, str | None] = (-1, None)
        self._echoes: tuple[Mapping[int, int], str | None] = ({}, None)
        self._duck.execute("CREATE TABLE now (one TINYINT)")

    def moment(self, cursor: DuckDBPyConnection) -> Moment:
        """The store as it is now. Begins the cursor's transaction, which sees just that."""
        while True:
            with self._lock:
                after = self._newest()
            snapshot = self._catalog.snapshot(after)
            with self._lock:
                if self._bring(snapshot, after):
                    cursor.execute("BEGIN")
                    cursor.execute("FROM now").fetchall()  # only a look at a table begins it
                    return self._moment(snapshot, after)

    def _newest(self) -> int:
        return self._chunks[-1].ids[-1] if self._chunks else 0

    def _bring(self, snapshot: Snapshot, after: int) -> bool:
        """Load what is new. False: the snapshot does not go with what is here, take another."""
        if snapshot.low_id < self._low:
            return False
        if snapshot.removals != self._removals:
            self._removals = snapshot.removals
            self._drop(len(self._chunks))
            if after:
                return False
        self._drop_sealed(snapshot.low_id)
        fresh = [row for row in snapshot.hot if row.id > self._newest()]
        if fresh:
            self._load(fresh)
        self._follow(snapshot)
        return True

    def _drop_sealed(self, low: int) -> None:
        self._low = low
        self._drop(sum(chunk.ids[-1] < low for chunk in self._chunks))

    def _drop(self, number: int) -> None:
        """Drop the oldest tables."""
        for chunk in self._chunks[:number]:
            self._duck.execute(f"DROP TABLE {chunk.table}")
        del self._chunks[:number]

    def _load(self, rows: list[HotRow]) -> None:
        shape = Shape(self._duck, f"hot_{next(self._tables)}", has_agents=False)
        shape.load(rows)
        self._chunks.append(Chunk(shape.table, [row.id for row in rows], dict(shape.keys)))
        if len(self._chunks) > MAX_CHUNKS:
            self._merge()

    def _merge(self) -> None:
        """Make one table of all: each costs every question a little."""
        table = f"hot_{next(self._tables)}"
        parts = " UNION ALL BY NAME ".join(f"FROM {chunk.table}" for chunk in self._chunks)
        self._duck.execute(f"CREATE TABLE {table} AS {parts}")
        ids = [id for chunk in self._chunks for id in chunk.ids]
        keys = joined(chunk.keys for chunk in self._chunks)
        self._drop(len(self._chunks))
        self._chunks.append(Chunk(table, ids, keys))

    def _follow(self, snapshot: Snapshot) -> None:
        """Who is who, and echoes that were known late."""
        generation, table = self._people
        if generation != snapshot.people_generation:
            self._replace(table)
            table = self._pairs("key INTEGER, person INTEGER", self._catalog.remap())
            self._people = (snapshot.people_generation, table)
        echoes, table = self._echoes
        if echoes != snapshot.late_echo:
            self._replace(table)
            table = self._pairs("id BIGINT, level UTINYINT", snapshot.late_echo)
            self._echoes = (snapshot.late_echo, table)

    def _replace(self, table: str | None) -> None:
        if table is not None:
            self._duck.execute(f"DROP TABLE {table}")

    def _pairs(self, columns: str, pairs: Mapping[int, int]) -> str | None:
        """A table of pairs of numbers, unless there are none."""
        if not pairs:
            return None
        import numpy as np

        table, size = f"pairs_{next(self._tables)}", len(pairs)
        self._duck.register("_pairs", {
            "a": np.fromiter(pairs.keys(), np.int64, size),
            "b": np.fromiter(pairs.values(), np.int64, size),
        })  # fmt: skip
        self._duck.execute(f"CREATE TABLE {table} ({columns})")
        self._duck.execute(f"INSERT INTO {table} FROM _pairs")
        self._duck.unregister("_pairs")
        return table

    def _moment(self, snapshot: Snapshot, after: int) -> Moment:
        return Moment(
            segments=snapshot.segments,
            chunks=tuple(self._chunks),
            low=snapshot.low_id,
            high=snapshot.hot[-1].id if snapshot.hot else after,
            hidden=snapshot.hidden,
            people=self._people[1],
            echoes=self._echoes[1],
            late_echo=snapshot.late_echo,
            generation=snapshot.generation,
            top_key=snapshot.top_key,
        )
