"""CSV: a header that names fields, an event on each row.

A column's name is a field of the event, or ``properties.NAME``, ``traits.NAME``,
``context.NAME``, ``revenue.amount``, ``revenue.currency``. An empty cell is no value. Cells
are text, numbers of properties too: stores compare them as text, or as numbers where asked to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...event import Event
from .fixed import made
from .format import Record
from .lines import Lines
from .ndjson import FIELDS
from .refusal import Refused, Unreadable
from .table import Table, cells

#: Groups of fields that a column may name one of.
GROUPS = ("properties.", "traits.", "context.")

_MAPPINGS = frozenset({"properties", "traits", "context", "integrations", "revenue", "consent"})
PLAIN = FIELDS - _MAPPINGS
_MONEY = ("revenue.amount", "revenue.currency")

#: Stands for a field that no event has.
_NOBODY = ""


def check_field(name: str) -> bool:
    """Whether a column may be mapped to this."""
    return name in PLAIN or name in _MONEY or any(
        name.startswith(group) and name != group for group in GROUPS
    )  # fmt: skip


class Csv:
    """Reads rows.

    :param fixed: values for fields whose cell is empty or not there.
    :param columns: field -> name of its column, where the header calls it something else.
    :param keeps_rest: columns that are no field are properties.
    :param changed: told of columns that nobody reads.
    """

    name = "csv"

    def __init__(
        self,
        fixed: Mapping[str, str],
        columns: Mapping[str, str] | None = None,
        keeps_rest: bool = False,
        delimiter: str | None = None,
        encoding: str = "utf-8",
        changed: dict[str, int] | None = None,
    ) -> None:
        self._fixed = dict(fixed)
        self._columns = dict(columns or {})
        self._keeps_rest = keeps_rest
        self._table = Table(delimiter, encoding)
        self._encoding = encoding
        self._fields: list[str] = []
        self._changed = {} if changed is None else changed

    def records(self, lines: Lines) -> Iterator[Record]:
        """The rows after the header."""
        return self._table.rows(lines, self._read_header)

    def _read_header(self, names: list[str]) -> None:
        """:raises Unreadable: the columns do not make an event."""
        if not names:
            raise Unreadable("it is empty: a CSV begins with the names of its columns")
        shown = ", ".join(names)[:300]
        for field, column in self._columns.items():
            if column not in names:
                raise Unreadable(
                    f"it has no column {column!r} for {field}: its columns are {shown}"
                )
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise Unreadable(f"it has the column {twice!r} twice: rename one")
        self._fields = [self._field(name) for name in names]
        for name, read in zip(names, self._fields, strict=True):
            if read == _NOBODY:
                why = f"column {name[:40]!r} left out: no event has one; --map or --rest"
                self._changed[why] = 1
        if "timestamp" not in self._fields and "timestamp" not in self._fixed:
            raise Unreadable(
                f"no column tells when: name it, as in --map timestamp={names[0]!r}; its columns "
                f"are {shown}"
            )

    def _field(self, column: str) -> str:
        for field, mapped in self._columns.items():
            if mapped == column:
                return field
        if check_field(column) and column not in self._columns:
            return column
        if column == "name" and "event_name" not in self._columns:
            return "event_name"
        return f"properties.{column}" if self._keeps_rest and column else _NOBODY

    def event(self, content: Any) -> Event:
        """:raises Refused: the row is no event."""
        told = {**self._fixed, **cells(self._fields, content)}
        told.pop(_NOBODY, None)
        return self._made(told)

    def _made(self, told: dict[str, str]) -> Event:
        for field, cell in told.items():
            if not cell.isascii():
                _check_text(field, cell, self._encoding)
        return made(told)


def _check_text(field: str, cell: str, encoding: str) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in cell):
        raise Refused(f"{field}: is not {encoding}; name the right one with --encoding")
