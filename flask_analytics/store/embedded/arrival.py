"""The hot log: what one append brought is one row of ``arrival``, its events packed together.

A row for each event took a place in a tree for each; what readers need of them is unpacked by those
who read. Events up to ``meta.sealed`` are in segments: their rows are on the way out, and nobody
looks at them any more. Ids are never used again (``meta.last_event``): readers and ``erased`` rely
on it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

#: id, ts, who, anon, previous, echo, body: see ``snapshot.HotRow``.
Row = tuple[int, int, int | None, int | None, int | None, int, bytes]


class Columns(NamedTuple):
    """Events by what is known of them, which is how they are packed. Ids ascend."""

    id: Sequence[int]
    ts: Sequence[int]
    who: Sequence[int | None]
    anon: Sequence[int | None]
    previous: Sequence[int | None]
    echo: Sequence[int]
    body: Sequence[bytes]


#: Events of one row: what is unpacked and packed again where one of them goes.
MOST = 500

#: Bytes of sealed rows that go in one transaction, during which nobody can write: each is
#: overwritten with zeros.
BYTES = 1_000_000

#: Rows are taken out in the order in which they came, so what is not sealed is one range.
_AFTER = """SELECT rows FROM arrival WHERE first > max(?, (SELECT value FROM meta
    WHERE key = 'sealed')) ORDER BY first"""

_LOW = """SELECT first FROM arrival WHERE first > (SELECT value FROM meta WHERE key = 'sealed')
    ORDER BY first LIMIT 1"""

COUNT = """SELECT coalesce(sum(count), 0) FROM arrival
    WHERE first > (SELECT value FROM meta WHERE key = 'sealed')"""

_SEALED = """SELECT first, length(rows) FROM arrival
    WHERE first <= (SELECT value FROM meta WHERE key = 'sealed') ORDER BY first"""

_pack = msgspec.msgpack.encode
_unpack = msgspec.msgpack.Decoder(
    tuple[
        list[int], list[int], list[int | None], list[int | None], list[int | None], list[int],
        list[bytes],
    ]
).decode  # fmt: skip


def unpack(packed: bytes) -> list[Row]:
    """The events of one row."""
    return list(zip(*_unpack(packed), strict=True))


def add(connection: sqlite3.Connection, events: Columns) -> None:
    """Keep events; their ids are beyond all that were ever given."""
    for start in range(0, len(events.id), MOST):
        some = [column[start : start + MOST] for column in events]
        values = (some[0][0], len(some[0]), _pack(some))
        connection.execute("INSERT OR FAIL INTO arrival VALUES (?, ?, ?)", values)


def packed(connection: sqlite3.Connection, after: int = 0) -> Iterator[bytes]:
    """What is hot, a row at a time, for ``unpack``.

    :param after: the newest event that the caller has already.
    """
    for (rows,) in connection.execute(_AFTER, (after,)):
        yield rows


def low(connection: sqlite3.Connection) -> int | None:
    """The smallest id that is hot. None: nothing is."""
    row = connection.execute(_LOW).fetchone()
    return int(row[0]) if row else None


def change(connection: sqlite3.Connection, new: Callable[[Row], Row | None]) -> int:
    """Change events, or take them out: None. Returns how many of those that are hot went.

    Rows on the way out are changed, too: what is erased must be nowhere.
    """
    sealed = connection.execute("SELECT value FROM meta WHERE key = 'sealed'").fetchone()[0]
    gone = 0
    for (first,) in connection.execute("SELECT first FROM arrival").fetchall():
        sql = "SELECT rows FROM arrival WHERE first = ?"
        had = unpack(connection.execute(sql, (first,)).fetchone()[0])
        has = [row for one in had if (row := new(one)) is not None]
        if has != had:
            _put(connection, first, has)
        gone += (first > sealed) * (len(had) - len(has))
    return gone


def _put(connection: sqlite3.Connection, first: int, rows: list[Row]) -> None:
    if rows:
        values = (len(rows), _pack(list(zip(*rows, strict=True))), first)
        connection.execute("UPDATE arrival SET count = ?, rows = ? WHERE first = ?", values)
    else:
        connection.execute("DELETE FROM arrival WHERE first = ?", (first,))


def clear(connection: sqlite3.Connection) -> bool:
    """Take out some of what is sealed. False: there is no more."""
    size, last = 0, None
    for first, length in connection.execute(_SEALED):
        if last is not None and size + length > BYTES:
            break
        size, last = size + length, first
    if last is not None:
        connection.execute("DELETE FROM arrival WHERE first <= ?", (last,))
    return last is not None
