"""What a reader sees: the segments and the hot rows of one moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from . import arrival, aside, hidden
from .hidden import Hidden

#: Beyond every hot row: no rows are wanted.
NOTHING = 2**62

SEGMENTS = """SELECT id, name, rows, first_us, last_us, low, high, bytes, keys FROM segment
    WHERE dropped IS NULL ORDER BY first_us, id"""


class HotRow(NamedTuple):
    """An event that is not sealed yet. ``body`` is its JSON."""

    id: int
    #: Microseconds since the epoch.
    ts: int
    #: The key of its user id, else of its anonymous id.
    who: int | None
    #: The key of its anonymous id, where it has both.
    anon: int | None
    #: The key of an alias's ``previous_id``.
    previous: int | None
    #: As it was when it came: ``Snapshot.late_echo`` knows better.
    echo: int
    body: bytes


class Segment(NamedTuple):
    """A sealed file of events, sorted by time, and its counts by the hour beside it."""

    id: int
    path: str
    hours_path: str
    rows: int
    #: The times of its first and its last event, both inside.
    first_us: int
    last_us: int
    #: The smallest and the largest hot id of its events.
    low: int
    high: int
    bytes: int
    #: For each property how it is kept: ``s``, ``n``, ``b`` are columns (``shape.column``), ``r``
    #: means that some values are in ``rest``.
    keys: Mapping[str, str]
    #: Is there a column ``aside``?
    has_aside: bool


class Snapshot(NamedTuple):
    """One moment of the store."""

    segments: tuple[Segment, ...]
    hot: list[HotRow]
    #: Hot rows below are sealed or gone: whoever has loaded them drops them.
    low_id: int
    #: Event id -> level, over what the hot row or the segment says. Only events that may become
    #: an echo have an id in a segment.
    late_echo: Mapping[int, int]
    #: What segments hold that is no longer shown.
    hidden: Hidden
    #: Equal as long as no answer can have changed: sealing and compacting change none.
    generation: int
    #: Raised whenever a hot row goes for another reason than that it was sealed.
    removals: int
    #: Equal as long as who is who, and their traits, have not changed.
    people_generation: int
    #: The largest key of anybody.
    top_key: int


def take(
    connection: sqlite3.Connection, folder: Path, after: int, known: dict[int, Segment]
) -> Snapshot:
    """The moment that the connection's transaction sees.

    :param after: the newest hot row that the caller has already.
    :param known: segments read before; immutable, so their keys are not parsed again.
    """
    meta = counters(connection)
    low = arrival.low(connection)
    return Snapshot(
        segments=segments(connection, folder, known),
        hot=hot(connection, after),
        low_id=meta["last_event"] + 1 if low is None else low,
        late_echo=dict(connection.execute("SELECT event, level FROM late_echo").fetchall()),
        hidden=hidden.take(connection),
        generation=meta["generation"],
        removals=meta["removals"],
        people_generation=meta["people_generation"],
        top_key=top_key(connection),
    )


def hot(connection: sqlite3.Connection, after: int = 0) -> list[HotRow]:
    """Hot rows beyond an id, oldest first."""
    packed = arrival.packed(connection, after)
    return [HotRow(*row) for rows in packed for row in arrival.unpack(rows)]


def segments(
    connection: sqlite3.Connection, folder: Path, known: dict[int, Segment] | None = None
) -> tuple[Segment, ...]:
    """The live segments, by time."""
    before = known if known is not None else {}
    found = {
        row[0]: before.get(row[0]) or _segment(folder, *row) for row in connection.execute(SEGMENTS)
    }
    if known is not None:
        known.clear()
        known.update(found)
    return tuple(found.values())


def _segment(
    folder: Path, id: int, name: str, rows: int, first: int, last: int,
    low: int, high: int, size: int, keys: str,
) -> Segment:  # fmt: skip
    path = folder / "segments" / name
    return Segment(
        id, f"{path}.parquet", f"{path}.hours.parquet", rows, first, last, low, high, size,
        msgspec.json.decode(keys, type=dict[str, str]), aside.layout(name) >= aside.SINCE,
    )  # fmt: skip


def highest(connection: sqlite3.Connection) -> int:
    """The largest hot id that was ever given."""
    return counter(connection, "last_event")


def top_key(connection: sqlite3.Connection) -> int:
    """The largest key of an id that was ever given."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'identity'").fetchone()
    return int(row[0]) if row else 0


def generation(connection: sqlite3.Connection) -> int:
    """Equal as long as no answer can have changed."""
    return counter(connection, "generation")


def counters(connection: sqlite3.Connection) -> dict[str, int]:
    """All of ``meta``."""
    return dict(connection.execute("SELECT key, value FROM meta").fetchall())


def counter(connection: sqlite3.Connection, name: str) -> int:
    """One of ``meta``; 0 where it was never put."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
    return int(row[0]) if row else 0


def put(connection: sqlite3.Connection, name: str, value: int) -> None:
    """Put one of ``meta``."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))


def changed(connection: sqlite3.Connection, *counters: str) -> None:
    """Answers may differ from now on: what readers remember is void.

    :param counters: others than the generation that are raised, too.
    """
    for name in ("generation", *counters):
        connection.execute("UPDATE meta SET value = value + 1 WHERE key = ?", (name,))
