"""Answers as CSV (RFC 4180, UTF-8) that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import msgspec

from .filters import number
from .rows import table

CONTENT_TYPE = "text/csv; charset=utf-8; header=present"

#: A spreadsheet computes what begins so
#: (https://owasp.org/www-community/attacks/CSV_Injection).
_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write(answer: Any, kind: str) -> str:
    """The rows of an answer, the names of the columns first."""
    found = table(answer, kind)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(found.columns)
    writer.writerows([cell(value) for value in row] for row in found.rows)
    return out.getvalue()


def cell(value: Any) -> Any:
    """One value: numbers stay numbers; text that would be a formula gets an apostrophe before it,
    which a spreadsheet does not show."""
    if value is None or isinstance(value, (int, float)):
        return str(value).lower() if isinstance(value, bool) else value
    if isinstance(value, Decimal):
        return format(value, "f")
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return f"'{text}" if text.startswith(_ACTIVE) and number(text) is None else text
