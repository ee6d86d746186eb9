"""Parquet: a typed column for each field, property and trait. DuckDB writes it, loaded here."""

from __future__ import annotations

from pathlib import Path

from ...errors import StoreError
from .columns import Spool

_TYPES = {
    "timestamp": "TIMESTAMPTZ",
    "status_code": "INTEGER",
    "duration_ms": "DOUBLE",
    "revenue.amount": "DECIMAL(38,18)",
}
_KINDS = {"text": "VARCHAR", "number": "DOUBLE", "bool": "BOOLEAN"}

#: Memory that DuckDB may take; what needs more waits on the disk.
MEMORY = "512MB"


def write(spool: Spool, rows: Path, path: Path) -> None:
    """:param rows: the spool's file.
    :raises StoreError: it could not be written.
    """
    import duckdb

    columns = {name: _type(spool, name) for name in spool.columns()}
    with duckdb.connect(":memory:", config={"memory_limit": MEMORY}) as connection:
        try:
            connection.read_json(
                str(rows), columns=columns, format="newline_delimited"
            ).write_parquet(str(path), compression="zstd")
        except duckdb.Error as error:
            raise StoreError(f"The Parquet file could not be written: {error}") from None


def _type(spool: Spool, column: str) -> str:
    """Of values of several kinds, all become text."""
    kinds = spool.kinds.get(column)
    if kinds is None:
        return _TYPES.get(column, "VARCHAR")
    return _KINDS[next(iter(kinds))] if len(kinds) == 1 else "VARCHAR"
