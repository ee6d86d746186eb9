"""Segment files: written beside, made durable, then renamed; found again, thrown away."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from . import aside, keys, own, row

if TYPE_CHECKING:
    import duckdb

#: Called with the name of each point that is passed; tests kill the process there.
Point = Callable[[str], None]

EVENTS, HOURS = ".parquet", ".hours.parquet"

#: How files are written now, see ``aside.layout``.
LAYOUT = aside.SINCE

#: The second version of the format is read twice as fast and as small. Its columns are coded so
#: tightly that zstd saves only a tenth more than LZ4, which is half of what reading costs. Groups
#: of rows twice as long as usual cost less to begin, and are short enough for a week's question.
_FORMAT = "(FORMAT parquet, PARQUET_VERSION v2, COMPRESSION lz4_raw, ROW_GROUP_SIZE 245760)"

#: By time; a tie by the parts of the message id, which for ours is the order of its text.
_ORDER = "ts, message_ms, message_prefix, message_count, message_text"

_HOURS = """SELECT CAST(floor(ts / 3600000000.0) AS BIGINT) AS hour, name, type, source, bot, echo,
    count(*) AS n FROM {0} GROUP BY ALL ORDER BY ALL"""


def nowhere(point: str) -> None:
    """A point that nobody waits for."""


class Written(NamedTuple):
    """A segment that is on disk and in no catalog yet."""

    name: str
    rows: int
    first_us: int
    last_us: int
    bytes: int
    keys: Mapping[str, str]


def write(
    duck: duckdb.DuckDBPyConnection,
    folder: Path,
    table: str,
    kinds: Mapping[str, str],
    point: Point = nowhere,
) -> Written:
    """A table as a segment and its counts by the hour. Nobody sees it before the catalog does.

    :param kinds: see ``Segment.keys``.
    """
    name = f"{time.time_ns():x}-{secrets.token_hex(4)}-{LAYOUT}"
    path = folder / name
    for query, ending in (
        (f"SELECT {_columns(kinds)} FROM {table} ORDER BY {_ORDER}", EVENTS),
        (_HOURS.format(table), HOURS),
    ):
        duck.execute(f"COPY ({query}) TO '{_text(path)}{ending}.tmp' {_FORMAT}")
        point("written")
    for ending in (HOURS, EVENTS):
        _settle(Path(f"{path}{ending}"))
        point("renamed")
    sync(folder)
    found = duck.execute(f"SELECT count(*), min(ts), max(ts) FROM {table}").fetchone()
    rows, first_us, last_us = found or (0, 0, 0)
    size = sum(os.path.getsize(f"{path}{ending}") for ending in (EVENTS, HOURS))
    return Written(name, rows, first_us, last_us, size, kinds)


def read(paths: Iterable[str]) -> str:
    """The SQL for the rows of segments: by name, since their properties differ."""
    listed = ", ".join(f"'{_text(path)}'" for path in paths)
    return f"read_parquet([{listed}], union_by_name = true)"


def remove(folder: Path, name: str) -> None:
    """Delete a segment's files, if they are there."""
    for ending in (EVENTS, HOURS):
        Path(f"{folder / name}{ending}").unlink(missing_ok=True)


def sweep(folder: Path, known: Iterable[str]) -> int:
    """Delete what no catalog knows: what a killed process left. Returns how many files."""
    keep = {f"{name}{ending}" for name in known for ending in (EVENTS, HOURS)}
    orphans = [entry for entry in folder.iterdir() if entry.is_file() and entry.name not in keep]
    for orphan in orphans:
        orphan.unlink(missing_ok=True)
    return len(orphans)


def sync(path: Path) -> None:
    """Make durable what a file or a folder holds."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _settle(path: Path) -> None:
    written = Path(f"{path}.tmp")
    own.finished(written)
    written.rename(path)


def _columns(kinds: Mapping[str, str]) -> str:
    """The columns of a segment; a table may have more properties than these."""
    own = [
        keys.quoted(keys.column(letter, key))
        for key, letters in sorted(kinds.items())
        for letter in letters
        if letter != keys.REST
    ]
    return ", ".join([*row.COLUMNS, aside.SQL, *own])


def _text(path: object) -> str:
    return str(path).replace("'", "''")


def encode_keys(kinds: Mapping[str, str]) -> str:
    """As the catalog keeps them."""
    return msgspec.json.encode(kinds).decode()
