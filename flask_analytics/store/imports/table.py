"""Rows under a header, from which each format of tables makes its own events."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from typing import Any

from .format import Record
from .lines import Lines
from .refusal import Refused

#: Characters of a cell. A quote that is never closed ends here, and not with the file.
MAX_CELL = 64 * 1024

#: What may stand between cells.
DELIMITERS = ",;\t|"


def header(first: str, delimiter: str | None = None) -> tuple[list[str], str]:
    """The names in a first line, and what stands between them."""
    found = delimiter or max(DELIMITERS, key=first.count)
    names = next(csv.reader([first], delimiter=found), [])
    return [name.strip() for name in names], found


class Table:
    """Cuts CSV into rows.

    :param delimiter: None: told by the header.
    """

    def __init__(self, delimiter: str | None = None, encoding: str = "utf-8") -> None:
        self._delimiter = delimiter
        self._encoding = encoding

    def rows(self, lines: Lines, begin: Callable[[list[str]], None]) -> Iterator[Record]:
        """The rows after the header, each of one line or, with quotes, of several. The content is
        a list of cells, a ``Refused``, or None where a line is too long.

        :param begin: told the header.
        """
        kept: list[bytes] = []
        rows = self._reader(lines, kept, begin)
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

    def _reader(
        self, lines: Lines, kept: list[bytes], begin: Callable[[list[str]], None]
    ) -> Iterator[list[str]]:
        def texts() -> Iterator[str]:
            for line in lines:
                kept.append(line)
                # What cannot be read is refused with its row, not with the rest of the file.
                yield line.decode(self._encoding, "surrogateescape") + "\n"

        csv.field_size_limit(MAX_CELL)
        first = next(lines, b"").decode(self._encoding, "replace")
        names, delimiter = header(first, self._delimiter)
        begin(names)
        return csv.reader(texts(), delimiter=delimiter)


def cells(names: list[str], content: Any) -> dict[str, str]:
    """A row's cells by the names of their columns, without the empty ones.

    :raises Refused: it has not as many as the header.
    """
    if isinstance(content, Refused):
        raise content
    if len(content) != len(names):
        more = "more" if len(content) > len(names) else "fewer"
        raise Refused(f"the row has {more} cells than the header")
    return {name: cell for name, cell in zip(names, content, strict=True) if cell}
