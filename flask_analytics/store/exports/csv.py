"""CSV: a column for each field, property and trait. Its columns are those that imports read."""

from __future__ import annotations

import csv
import io
from typing import BinaryIO

from ...metrics.csv import cell
from .columns import Spool


def write(spool: Spool, file: BinaryIO) -> None:
    """RFC 4180, UTF-8, safe for spreadsheets (see ``metrics.csv``)."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    try:
        columns = spool.columns()
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow([cell(column) for column in columns])
        for row in spool.rows():
            writer.writerow([cell(row.get(column)) for column in columns])
    finally:
        text.detach()  # the file is not ours to close
