"""Rows of segments that are no longer shown, until the keeper has written them out of the files:
those of people who were forgotten, and of aliases that were undone."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from . import mark as marks

#: The time of an event, and the digest of its message id.
Mark = tuple[int, str]


class Hidden(NamedTuple):
    """What one moment hides."""

    #: Keys; events with one of them as their ``who`` are hidden. (As ``anon`` it hides nothing:
    #: on a shared device that event is somebody else's; the id is taken out of it.)
    people: frozenset[int] = frozenset()
    #: Aliases.
    undone: frozenset[Mark] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.people or self.undone)

    @property
    def shown(self) -> tuple[str, ...]:
        """Conditions (DuckDB) of the rows that are not hidden."""
        found = []
        if self.people:
            found.append(f"(who IS NULL OR who NOT IN ({numbers(self.people)}))")
        if self.undone:
            found.append(f"NOT {self.aliases}")
        return tuple(found)

    @property
    def aliases(self) -> str:
        """The condition of the aliases. A text that came from outside is in no SQL: its digest is.
        The cheap columns first, so that few ids are put together."""
        if not self.undone:
            return "false"
        times = numbers({ts for ts, _ in self.undone})
        digests = ", ".join(sorted(f"'{digest}'" for _, digest in self.undone))
        message = f"sha256({marks.joined('message')})"
        return f"(type = 'alias' AND ts IN ({times}) AND {message} IN ({digests}))"


def take(connection: sqlite3.Connection) -> Hidden:
    """What the connection's transaction sees."""
    return Hidden(
        frozenset(who for (who,) in connection.execute("SELECT who FROM erased")),
        frozenset(connection.execute("SELECT ts, digest FROM undone").fetchall()),
    )


def mark(ts: int, message: str) -> Mark:
    """What an alias is hidden by."""
    return ts, hashlib.sha256(message.encode()).hexdigest()


def lift(connection: sqlite3.Connection, gone: Hidden) -> None:
    """Nothing of this is in any file any more."""
    connection.executemany("DELETE FROM erased WHERE who = ?", [(who,) for who in gone.people])
    connection.executemany("DELETE FROM undone WHERE ts = ? AND digest = ?", gone.undone)


def numbers(values: Iterable[int]) -> str:
    """Integers as the inside of a list in SQL."""
    return ", ".join(str(int(value)) for value in sorted(values))
