"""Properties as columns: ``s:plan`` for its texts, ``n:plan`` for numbers, ``b:plan`` for booleans.

What finds no column is in ``rest``, the JSON of an object: lists, objects, null, integers that a
float would spoil, and the properties that are rarest where there are too many.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

#: Properties of one segment that have columns.
MAX_KEYS = 200

#: Integers from here on are not kept as floats, which know 15 digits for certain.
MAX_INTEGER = 10**15

#: The kinds of columns, and their types in DuckDB.
KINDS = {"s": "VARCHAR", "n": "DOUBLE", "b": "BOOLEAN"}

#: Not a kind of column: some values are in ``rest``.
REST = "r"


def column(kind: str, key: str) -> str:
    """The name of a property's column. Engines do not tell ``Plan`` from ``plan``: we do."""
    return f"{kind}:{re.sub('[A-Z^]', lambda found: '^' + found[0].lower(), key)}"


def key_of(column: str) -> str:
    """The property of a column."""
    return re.sub(r"\^(.)", lambda found: found[1].upper(), column[2:])


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def kind(value: Any) -> str:
    """The kind of column that a value belongs to."""
    if isinstance(value, str):
        return "s"
    if isinstance(value, bool):
        return "b"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < MAX_INTEGER):
        return "n"
    return REST


def number(value: float) -> int | float:
    """A number as it was: integers went in as floats."""
    return int(value) if value.is_integer() and abs(value) < MAX_INTEGER else value


def commonest(counts: Counter[str], had: Iterable[str] = ()) -> frozenset[str]:
    """The properties that have columns: those that had them, then by frequency, then by name."""
    chosen = list(had)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    fit = [key for key, _ in ranked if key not in chosen and key.isprintable()]
    return frozenset(chosen + fit[: MAX_KEYS - len(chosen)])


def joined(many: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """How properties are kept, of several tables together."""
    kinds: dict[str, set[str]] = {}
    for keys in many:
        for key, letters in keys.items():
            kinds.setdefault(key, set()).update(letters)
    return {key: "".join(sorted(letters)) for key, letters in kinds.items()}
