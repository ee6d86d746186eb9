"""Segments that cannot be read are moved to ``quarantine/`` and counted."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

from . import own, snapshot
from .snapshot import Segment

if TYPE_CHECKING:
    from .catalog import Catalog


def put_aside(connection: sqlite3.Connection, folder: Path, segment: Segment, fault: str) -> bool:
    """Move a segment's files and leave it out from now on. False: it was no longer live.

    The files go first: killed in between, the next reader misses them and comes here again.
    """
    live = "SELECT 1 FROM segment WHERE id = ? AND dropped IS NULL"
    if connection.execute(live, (segment.id,)).fetchone() is None:
        return False
    aside = folder / "quarantine"
    own.folder(aside)
    for path in (Path(segment.path), Path(segment.hours_path)):
        if path.exists():
            path.rename(aside / path.name)
    connection.execute("DELETE FROM segment WHERE id = ?", (segment.id,))
    row = (Path(segment.path).stem, segment.rows, time.time(), fault)
    connection.execute("INSERT OR REPLACE INTO quarantined VALUES (?, ?, ?, ?)", row)
    snapshot.changed(connection)
    return True


def discard(folder: Path) -> int:
    """Delete what was put aside; the catalog still counts it. Returns how many files."""
    gone = [path for path in (folder / "quarantine").glob("*") if path.is_file()]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def sort_out(catalog: Catalog, segments: tuple[Segment, ...] | list[Segment]) -> int:
    """Read segments from end to end, and put aside those that cannot be. Returns how many."""
    import duckdb

    from . import engine, files

    bad = 0
    with engine.connect() as duck:
        for segment in segments:
            try:
                duck.execute(f"SELECT bit_xor(hash(row)) FROM {files.read([segment.path])} AS row")
            except duckdb.Error as error:
                if _is_broken(error, segment.path):
                    catalog.quarantine(segment, str(error))
                    bad += 1
    return bad


def _is_broken(error: Exception, path: str) -> bool:
    """Is it the file's fault? Which class an error has of a file that is none differs between
    versions of DuckDB; those without one of their own name the file."""
    import duckdb

    of_files = (duckdb.IOException, duckdb.InvalidInputException, duckdb.DataError)
    is_about = isinstance(error, of_files) or path in str(error)
    return is_about and not is_closed(error, path)


def is_closed(error: Exception, path: str) -> bool:
    """Is the file there, and only this process cannot open it: for want of descriptors, or of the
    right to read what another user wrote?"""
    return "Cannot open file" in str(error) and os.path.exists(path)
