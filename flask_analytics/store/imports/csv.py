"""CSV: a header that names fields, an event on each row.

A column's name is a field of the event, or ``properties.NAME``, ``traits.NAME``,
``context.NAME``, ``revenue.amount``, ``revenue.currency``. An empty cell is no value. Cells
are text, numbers of properties too: stores compare them as text, or as numbers where asked to.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from ...event import Event, Source
from .format import Record
from .lines import Lines
from .ndjson import FIELDS, reason
from .refusal import Refused, Unreadable

#: Groups of fields that a column may name one of.
GROUPS = ("properties.", "traits.", "context.")

_MAPPINGS = frozenset({"properties", "traits", "context", "integrations", "revenue"})
PLAIN = FIELDS - _MAPPINGS
_MONEY = ("revenue.amount", "revenue.currency")

#: Characters of a cell. A quote that is never closed ends here, and not with the file.
MAX_CELL = 64 * 1024

_NUMBER = re.compile(r"\d{9,11}(\.\d+)?|\d{13}").fullmatch


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
        self._delimiter = delimiter
        self._encoding = encoding
        self._fields: list[str | None] = []
        self._changed = {} if changed is None else changed

    def records(self, lines: Lines) -> Iterator[Record]:
        """The rows after the header, each of one line or, with quotes, of several."""
        kept: list[bytes] = []
        rows = self._reader(lines, kept)
        while True:
            kept.clear()
            first = lines.number + 1
            try:
                row: Any = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                row = Refused(f"no row of CSV: {error}")
            if row:
                yield Record(first, b"\n".join(kept), None if lines.is_cut else row)

    def _reader(self, lines: Lines, kept: list[bytes]) -> Iterator[list[str]]:
        def texts() -> Iterator[str]:
            for line in lines:
                kept.append(line)
                # What cannot be read is refused with its row, not with the rest of the file.
                yield line.decode(self._encoding, "surrogateescape") + "\n"

        csv.field_size_limit(MAX_CELL)
        first = next(lines, b"").decode(self._encoding, "replace")
        delimiter = self._delimiter or max(",;\t|", key=first.count)
        header = next(csv.reader([first], delimiter=delimiter), [])
        self._read_header([name.strip() for name in header])
        return csv.reader(texts(), delimiter=delimiter)

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
            if read is None:
                why = f"column {name[:40]!r} left out: no event has one; --map or --rest"
                self._changed[why] = 1
        if "timestamp" not in self._fields and "timestamp" not in self._fixed:
            raise Unreadable(
                f"no column tells when: name it, as in --map timestamp={names[0]!r}; its columns "
                f"are {shown}"
            )

    def _field(self, column: str) -> str | None:
        for field, mapped in self._columns.items():
            if mapped == column:
                return field
        if check_field(column) and column not in self._columns:
            return column
        if column == "name" and "event_name" not in self._columns:
            return "event_name"
        return f"properties.{column}" if self._keeps_rest and column else None

    def event(self, content: Any) -> Event:
        """:raises Refused: the row is no event."""
        if isinstance(content, Refused):
            raise content
        if len(content) != len(self._fields):
            raise Refused(
                f"the row has {'more' if len(content) > len(self._fields) else 'fewer'} cells "
                "than the header"
            )
        told: dict[str, Any] = dict(self._fixed)
        for field, cell in zip(self._fields, content, strict=True):
            if field and cell:
                told[field] = cell
        return self._made(told)

    def _made(self, told: dict[str, Any]) -> Event:
        wire: dict[str, Any] = {}
        for field, cell in told.items():
            if not cell.isascii():
                _check_text(field, cell, self._encoding)
            group, dot, name = field.partition(".")
            if dot:
                wire.setdefault(group, {})[name] = cell
            else:
                wire[field] = cell
        if "timestamp" in wire:
            wire["timestamp"] = moment(wire["timestamp"])
        wire.setdefault("source", Source.API)  # a server's without a user agent are bots'
        return _convert(wire)


def _convert(wire: dict[str, Any]) -> Event:
    try:
        event = msgspec.convert(wire, Event, strict=False)
    except msgspec.ValidationError as error:
        raise Refused(reason(error)) from None
    if event.duration is not None:
        event.duration /= 1000
    return event


def _check_text(field: str, cell: str, encoding: str) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in cell):
        raise Refused(f"{field}: is not {encoding}; name the right one with --encoding")


def moment(text: str) -> datetime:
    """A time as tables have it: ISO 8601, with or without a zone, or seconds or milliseconds
    since 1970.

    :raises Refused: it is none.
    """
    text = text.strip()
    try:
        if _NUMBER(text):
            return datetime.fromtimestamp(float(text) / (1000 if len(text) == 13 else 1), UTC)
        return datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise Refused(
            "timestamp: is no time such as 2026-11-21T08:00:00+01:00 or 1795248000"
        ) from None
