"""The columns that questions know, made of those that a segment has (see ``row.COLUMNS``)."""

from __future__ import annotations

from collections.abc import Mapping

from ..sql.dialect import Query
from ..sql.duckdb import DuckDB
from ..sql.engine import Columns, Property
from .keys import REST, column, quoted
from .row import COLUMNS, LOGICAL

_DUCKDB = DuckDB()


def listed(query: Query, columns: Columns, keys: Mapping[str, str]) -> str:
    """What to select of something with a segment's columns. A person is ``who`` here still.

    :param keys: how it keeps properties, see ``Segment.keys``.
    """
    found = [logical(name) for name in sorted(columns.names)]
    for each in columns.properties:
        sql = _property(query, each, keys.get(each.name, ""))
        found.append(f"{sql} AS {each.alias}")
    return ", ".join(found) or "1 AS one"


def logical(name: str) -> str:
    """A column of the logical relation, under its name."""
    if name == "person":
        return "who"
    return f"{LOGICAL[name]} AS {name}" if name in LOGICAL else name


def nothing(query: Query, columns: Columns) -> str:
    """A SELECT of the same columns without any row."""
    nulls = ", ".join(f"CAST(NULL AS {type}) AS {name}" for name, type in COLUMNS.items())
    return f"SELECT {listed(query, columns, {})} FROM (SELECT {nulls}) WHERE false"


def _property(query: Query, each: Property, kinds: str) -> str:
    """The text of a property, or its number, wherever its values are kept."""
    make = _number if each.numeric else _text
    values = [sql for kind in kinds if (sql := make(query, each.name, kind))]
    if not values:
        return f"CAST(NULL AS {'DOUBLE' if each.numeric else 'VARCHAR'})"
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def _text(query: Query, name: str, kind: str) -> str:
    """``facts.text`` of the values of one kind."""
    if kind == REST:
        return _rest(query, name)
    value = quoted(column(kind, name))
    if kind == "n":
        return f"({_DUCKDB.double_text(value)})"
    return value if kind == "s" else f"CAST({value} AS VARCHAR)"


def _number(query: Query, name: str, kind: str) -> str | None:
    """``filters.number`` of that text; no boolean is one."""
    if kind == "n":
        return f"({_DUCKDB.double_number(quoted(column(kind, name)))})"
    return None if kind == "b" else f"({_DUCKDB.number(_text(query, name, kind))})"


def _rest(query: Query, name: str) -> str:
    """A value in the JSON of ``rest``. Integers too long for 64 bits read as DOUBLE there."""
    at = query.value("/" + name.replace("~", "~0").replace("/", "~1"))
    text = f"json_extract_string(rest, {at})"
    double = _DUCKDB.double_text(f"CAST({text} AS DOUBLE)")
    return (
        f"(CASE json_type(rest, {at}) WHEN 'VARCHAR' THEN {text} WHEN 'BOOLEAN' THEN {text} "
        f"WHEN 'BIGINT' THEN {text} WHEN 'UBIGINT' THEN {text} WHEN 'DOUBLE' THEN "
        f"CASE WHEN regexp_full_match({text}, '-?[0-9]+') THEN {text} ELSE {double} END END)"
    )
