"""Answers as Arrow tables and pandas data frames, where these are installed.

``pip install "flask-analytics-bridge[arrow]"`` or ``[pandas]``. Times are text with their zone's
offset, amounts are exact decimals; what holds lists or objects is JSON.
"""

from __future__ import annotations

from typing import Any

import msgspec

from .rows import Table, table


def to_arrow(answer: Any, kind: str | None = None) -> Any:
    """An answer as a ``pyarrow.Table``.

    :param kind: the question's word, such as ``"volume"``: names the columns of an empty answer.
    :raises ImportError: there is no pyarrow.
    """
    import pyarrow

    found = table(answer, kind)
    return pyarrow.table({name: pyarrow.array(cells) for name, cells in _columns(found).items()})


def to_pandas(answer: Any, kind: str | None = None) -> Any:
    """An answer as a ``pandas.DataFrame``.

    :param kind: as for ``to_arrow``.
    :raises ImportError: there is no pandas.
    """
    import pandas

    return pandas.DataFrame(_columns(table(answer, kind)))


def _columns(found: Table) -> dict[str, list[Any]]:
    columns = {
        name: [_plain(row[place]) for row in found.rows] for place, name in enumerate(found.columns)
    }
    return {name: _alike(cells) for name, cells in columns.items()}


def _plain(cell: Any) -> Any:
    return msgspec.json.encode(cell).decode() if isinstance(cell, (list, dict)) else cell


def _alike(cells: list[Any]) -> list[Any]:
    """One type a column, as Arrow asks: a trait's values may be of several, then all are text."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if len(kinds) < 2 or kinds == {int, float}:
        return cells
    return [cell if cell is None or isinstance(cell, str) else str(cell) for cell in cells]
