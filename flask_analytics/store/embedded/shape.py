"""Hot rows as a DuckDB table with exactly the columns of a segment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from . import keys, row
from .snapshot import HotRow

if TYPE_CHECKING:
    import duckdb
    import numpy as np

#: Rows that are decoded at once: what that takes in memory is a few times their JSON.
CHUNK = 20_000

#: Rows up to which values go to DuckDB in lists, one by one: as arrays they would go faster, but a
#: process that has just started would first import numpy, which takes a tenth of a second.
FEW = 1_000

#: Columns that get their value in SQL, from what Python passes.
_MADE = {
    "message_ms": "message_ms - ts // 1000",
    "view_ms": "view_ms - ts // 1000",
    "amount": "CAST(amount AS DECIMAL(38,18))",
}


class _Properties(msgspec.Struct, gc=False):
    properties: dict[str, msgspec.Raw] = {}


_properties = msgspec.json.Decoder(_Properties).decode


class Shape:
    """A table of a DuckDB connection that hot rows are loaded into.

    :param duck: see ``engine.connect``.
    :param table: its name; the table is made here.
    :param has_agents: see ``row.columns``.
    """

    def __init__(
        self, duck: duckdb.DuckDBPyConnection, table: str = "hot", has_agents: bool = True
    ) -> None:
        self.duck, self.table, self._has_agents = duck, table, has_agents
        #: How each property is kept, see ``Segment.keys``. Grows with what is loaded.
        self.keys: dict[str, str] = {}
        columns = ", ".join(f"{name} {type}" for name, type in row.COLUMNS.items())
        duck.execute(f"CREATE OR REPLACE TABLE {table} ({columns})")

    def load(self, rows: Sequence[HotRow], late_echo: Mapping[int, int] | None = None) -> None:
        """Add rows. Properties get columns in the order of how many of these rows have them.

        :param late_echo: id -> level, over what the rows say.
        """
        counts = Counter(key for one in rows for key in _properties(one.body).properties)
        had = [key for key, letters in self.keys.items() if letters != keys.REST]
        chosen = keys.commonest(counts, had)
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            self._add(_Chunk(chunk, chosen, late_echo or {}, self._has_agents))

    def _add(self, chunk: _Chunk) -> None:
        self.keys = keys.joined([self.keys, chunk.keys()])
        for name, kind in chunk.columns.items():
            self.duck.execute(
                f"ALTER TABLE {self.table} ADD COLUMN IF NOT EXISTS"
                f" {keys.quoted(name)} {keys.KINDS[kind]}"
            )
        if chunk.is_small:
            self._insert(*chunk.lists())
            return
        self.duck.register("_chunk", chunk.arrays())
        try:
            self._insert("_chunk", [])
        finally:
            self.duck.unregister("_chunk")

    def _insert(self, source: str, values: list[Any]) -> None:
        made = ", ".join(f"{expression} AS {name}" for name, expression in _MADE.items())
        self.duck.execute(
            f"INSERT INTO {self.table} BY NAME SELECT * REPLACE ({made}) FROM {source}", values
        )


class _Chunk:
    """Some rows, turned into arrays."""

    def __init__(
        self,
        rows: Sequence[HotRow],
        chosen: frozenset[str],
        late_echo: Mapping[int, int],
        has_agents: bool,
    ) -> None:
        self._chosen = chosen
        self._count = len(rows)
        self.is_small = len(rows) <= FEW
        #: Column -> kind, of properties; and what is in them.
        self.columns: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._slots: dict[tuple[str, str], Any] = {}
        self._letters: defaultdict[str, set[str]] = defaultdict(set)
        self._rests: list[str | None] = [None] * len(rows)
        self._tuples = []
        for n, one in enumerate(rows):
            event = row.decode(one.body)
            echo = late_echo.get(one.id, one.echo)
            self._tuples.append(row.columns(one, echo, event, has_agents))
            self._keep(n, event.properties)

    def keys(self) -> dict[str, str]:
        """How each property is kept."""
        return {key: "".join(sorted(letters)) for key, letters in self._letters.items()}

    def arrays(self) -> dict[str, np.ndarray[Any, Any]]:
        """All columns, by name."""
        fixed = {name: _array(values, row.COLUMNS[name]) for name, values in self._fixed()}
        return fixed | self._values

    def lists(self) -> tuple[str, list[Any]]:
        """SQL of the columns that have any value, and their values."""
        columns = [(name, row.COLUMNS[name], list(values)) for name, values in self._fixed()
                   if name in _MADE or any(value is not None for value in values)]  # fmt: skip
        columns += [(n, keys.KINDS[kind], self._values[n]) for n, kind in self.columns.items()]
        listed = ", ".join(
            f"unnest(${index}::{_passed(type)}[]) AS {keys.quoted(name)}"
            for index, (name, type, _) in enumerate(columns, 1)
        )
        return f"(SELECT {listed})", [values for _, _, values in columns]

    def _fixed(self) -> Iterator[tuple[str, Sequence[Any]]]:
        """The columns that every segment has, and what is in them."""
        return zip(row.COLUMNS, [*zip(*self._tuples, strict=True), self._rests], strict=True)

    def _keep(self, n: int, properties: Mapping[str, Any]) -> None:
        rest = {}
        for key, value in properties.items():
            kind = keys.kind(value) if key in self._chosen else keys.REST
            if kind == keys.REST:
                rest[key] = value
                self._letters[key].add(kind)
            elif (array := self._slots.get((kind, key))) is not None:
                array[n] = value
            else:
                self._open(kind, key)[n] = value
        if rest:
            self._rests[n] = msgspec.json.encode(rest).decode()

    def _open(self, kind: str, key: str) -> Any:
        name = keys.column(kind, key)
        self._letters[key].add(kind)
        self.columns[name] = kind
        column = self._empty(keys.KINDS[kind])
        self._slots[kind, key] = self._values[name] = column
        return column

    def _empty(self, type: str) -> Any:
        return [None] * self._count if self.is_small else _empty(self._count, type)


def _passed(type: str) -> str:
    """The type of a column as Python has it: amounts are texts."""
    return "VARCHAR" if type.startswith("DECIMAL") else type


def _empty(count: int, type: str) -> Any:
    import numpy as np

    if type == "DOUBLE":
        return np.full(count, np.nan)
    if type == "BOOLEAN":
        return np.ma.masked_array(np.zeros(count, dtype=bool), mask=True)
    return np.empty(count, dtype=object)


def _array(values: Iterable[Any], type: str) -> np.ndarray[Any, Any]:
    """A column as DuckDB reads it. Integers with nulls have a mask."""
    import numpy as np

    values = list(values)
    if type == "VARCHAR" or type.startswith("DECIMAL"):
        array = np.empty(len(values), dtype=object)
        array[:] = values
        return array
    if type == "DOUBLE":
        return np.array(values, dtype=float)
    mask = [value is None for value in values]
    return np.ma.masked_array([value or 0 for value in values], mask, dtype=_DTYPES[type])


_DTYPES = {
    "BIGINT": "int64", "INTEGER": "int32", "UTINYINT": "uint8", "BOOLEAN": "bool",
}  # fmt: skip
