"""Segments rewritten as one, with what is known by now.

Compaction, purge and erasure are all this: several segments or one go in, a new one comes out in
which late echoes are marked, erased people are missing and each message id is there once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from . import files, hidden, keys, snapshot
from .files import Written
from .hidden import Hidden
from .keys import column, quoted
from .shelf import Shelf, drop, insert
from .snapshot import Segment

if TYPE_CHECKING:
    import duckdb

_TWIN = "ts, message_ms, message_prefix, message_count, message_text"

#: What remains of rows that name somebody who was erased, but are somebody else's.
_VIEW = """CREATE VIEW merged AS SELECT old.* REPLACE (
        coalesce(late.level, echo) AS echo,
        CASE WHEN anon IN (SELECT who FROM erased) THEN NULL ELSE anon END AS anon,
        CASE WHEN previous IN (SELECT who FROM erased) THEN NULL ELSE previous END AS previous,
        {rest} AS rest)
    FROM {source} AS old LEFT JOIN late ON late.event = old.id
    WHERE (who IS NULL OR who NOT IN (SELECT who FROM erased)) AND NOT {undone} AND {keep}"""

#: A column's value as JSON; integers went in as floats.
_VALUES = {
    "s": "to_json({0})",
    "b": "to_json({0})",
    "n": "regexp_replace(CAST(to_json({0}) AS VARCHAR), '[.]0$', '')",
}


def merge(shelf: Shelf, group: Sequence[Segment], since: int | None = None) -> int:
    """One segment instead of these. Returns how many rows it has.

    :param since: leave out what is older (microseconds).
    """
    count, new, marked = shelf.work(lambda: _written(shelf, group, since))
    with shelf.swap() as connection:
        drop(connection, [segment.id for segment in group], shelf.clock())
        if since is not None:
            snapshot.changed(connection)
        if new is not None:
            insert(connection, new, min(s.low for s in group), max(s.high for s in group))
        connection.executemany("DELETE FROM late_echo WHERE event = ? AND level = ?", marked)
    return count


def _written(
    shelf: Shelf, group: Sequence[Segment], since: int | None
) -> tuple[int, Written | None, list[tuple[int, int]]]:
    """How many rows, their file, and the late echoes that are marked in it."""
    with shelf.duck() as duck:
        late, gone = _notes(shelf, duck)
        kinds, demoted = _kinds(duck, group)
        _see(duck, group, demoted, since, gone)
        count = _number(duck, "SELECT count(*) FROM merged")
        new = shelf.write(duck, "merged", kinds) if count else None
        baked = duck.execute("SELECT event, level FROM late WHERE event IN (SELECT id FROM merged)")
        return count, new, baked.fetchall() if late else []


def _notes(shelf: Shelf, duck: duckdb.DuckDBPyConnection) -> tuple[bool, Hidden]:
    """What the catalog knows about rows, as tables. Returns whether some echoes came late, and
    what is to go."""
    with shelf.catalog.read() as connection:
        late = connection.execute("SELECT event, level FROM late_echo").fetchall()
        gone = hidden.take(connection)
    duck.execute("CREATE TABLE late (event BIGINT, level UTINYINT)")
    duck.execute("CREATE TABLE erased (who INTEGER)")
    if late:
        duck.executemany("INSERT INTO late VALUES (?, ?)", late)
    if gone.people:
        duck.executemany("INSERT INTO erased VALUES (?)", [(who,) for who in gone.people])
    return bool(late), gone


def _see(
    duck: duckdb.DuckDBPyConnection,
    group: Sequence[Segment],
    demoted: Mapping[str, str],
    since: int | None,
    gone: Hidden,
) -> None:
    """The view ``merged``."""
    source = files.read([segment.path for segment in group])
    twins = f"SELECT 1 FROM {source} GROUP BY {_TWIN} HAVING count(*) > 1 LIMIT 1"
    keep = "true" if since is None else f"ts >= {since}"
    if len(group) > 1 and duck.execute(twins).fetchone():
        keep += f" QUALIFY row_number() OVER (PARTITION BY {_TWIN}) = 1"
    duck.execute(_VIEW.format(source=source, keep=keep, rest=_rest(demoted), undone=gone.aliases))


def _kinds(
    duck: duckdb.DuckDBPyConnection, group: Sequence[Segment]
) -> tuple[dict[str, str], dict[str, str]]:
    """How properties are kept from now on; and those that no longer have columns, as they were."""
    together = keys.joined(segment.keys for segment in group)
    own = {key: kinds.replace(keys.REST, "") for key, kinds in together.items()}
    with_columns = {key: kinds for key, kinds in own.items() if kinds}
    if len(with_columns) <= keys.MAX_KEYS:
        return together, {}
    chosen = keys.commonest(_counts(duck, group, with_columns))
    demoted = {key: kinds for key, kinds in with_columns.items() if key not in chosen}
    return together | dict.fromkeys(demoted, keys.REST), demoted


def _counts(
    duck: duckdb.DuckDBPyConnection, group: Sequence[Segment], own: Mapping[str, str]
) -> Counter[str]:
    counts: Counter[str] = Counter()
    source = files.read([segment.path for segment in group])
    columns = [(key, column(kind, key)) for key, kinds in own.items() for kind in kinds]
    asked = ", ".join(f"count({quoted(name)})" for _, name in columns)
    found = duck.execute(f"SELECT {asked} FROM {source}").fetchone() or ()
    for (key, _), count in zip(columns, found, strict=True):
        counts[key] += count
    return counts


def _rest(demoted: Mapping[str, str]) -> str:
    """The SQL of ``rest`` with the values of columns that end here."""
    members = [
        f"{_text(key)} || {_VALUES[kind].format(quoted(column(kind, key)))}"
        for key, kinds in demoted.items()
        for kind in kinds
    ]
    if not members:
        return "rest"
    inner = f"concat_ws(',', rest[2:-2], {', '.join(members)})"
    return f"'{{' || nullif({inner}, '') || '}}'"


def _text(key: str) -> str:
    """A key as the beginning of a member, as SQL text."""
    encoded = msgspec.json.encode(key).decode() + ":"
    return "'" + encoded.replace("'", "''") + "'"


def _number(duck: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int((duck.execute(sql).fetchone() or (0,))[0])
