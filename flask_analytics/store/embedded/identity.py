"""Who is who: dense numbers for ids, which anonymous id belongs to which user, aliases, traits.

A user id and an anonymous id of the same text are two keys. Functions here take a connection
inside a transaction; ``Catalog`` and ``Hot`` begin it. New ids get their numbers in ``People``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

USER, ANONYMOUS = 0, 1

#: Every id: those that are not yet in ``known`` are at the end of ``identity``, see ``People``.
_ALL = """(SELECT id, kind, key FROM known UNION ALL SELECT id, kind, key FROM identity
    WHERE id > (SELECT value FROM meta WHERE key = 'settled')) AS identity"""

#: An id is known by an event that has it, or by an alias that names it.
_IS_HEARSAY = """EXISTS (SELECT 1 FROM hearsay WHERE hearsay.id = identity.id) AND NOT EXISTS
    (SELECT 1 FROM alias WHERE NOT undone AND (user = identity.id OR anon = identity.id))"""

_FIND_ONE = f"""SELECT id FROM {_ALL} WHERE kind IN (0, 1) AND key = ? AND NOT ({_IS_HEARSAY})
    ORDER BY kind LIMIT 1"""

_STRAYS = f"""SELECT id FROM {_ALL} WHERE kind IN (0, 1)
    AND key IN (SELECT value FROM json_each(?)) AND {_IS_HEARSAY}"""

_LINK = """INSERT INTO link VALUES (?, ?, ?, ?) ON CONFLICT (anon) DO UPDATE
    SET who = excluded.who, ts = excluded.ts, message = excluded.message
    WHERE (excluded.ts, excluded.message) < (link.ts, link.message)"""

_TRAIT = """INSERT INTO trait VALUES (?, ?, ?, ?, ?) ON CONFLICT (who, name) DO UPDATE
    SET value = excluded.value, ts = excluded.ts, message = excluded.message
    WHERE (excluded.ts, excluded.message) >= (trait.ts, trait.message)"""

_ALIASES = "SELECT who, user, anon FROM alias WHERE NOT undone ORDER BY ts, message"


class Link(NamedTuple):
    """An anonymous id that came together with a user id."""

    anon: int
    who: int
    ts: int
    message: str


class Alias(NamedTuple):
    """An event that made two ids one person's."""

    message: str
    ts: int
    who: int
    #: The previous id as a user's.
    user: int


def _listed(values: Iterable[object]) -> str:
    """Values as one parameter, for ``json_each``."""
    return msgspec.json.encode(list(values)).decode()


def link(connection: sqlite3.Connection, links: Iterable[Link]) -> bool:
    """Keep the first user of each anonymous id, by time, then message id. True: some changed."""
    first: dict[int, Link] = {}
    for one in links:
        known = first.get(one.anon)
        if known is None or (one.ts, one.message) < (known.ts, known.message):
            first[one.anon] = one
    return connection.executemany(_LINK, first.values()).rowcount > 0


def alias(
    connection: sqlite3.Connection, message: str, ts: int, who: int, previous: tuple[int, int]
) -> bool:
    """Keep an alias: ``previous`` are the keys of its text, as a user id and as an anonymous id.

    One that was undone stays so, also when its event comes again.
    """
    row = (message, ts, who, *previous)
    done = connection.execute("INSERT OR IGNORE INTO alias VALUES (?, ?, ?, ?, ?, 0)", row)
    return done.rowcount > 0


def unalias(connection: sqlite3.Connection, previous_id: str, user_id: str) -> list[Alias]:
    """Undo every alias of a pair. Returns which."""
    done = connection.execute(
        "UPDATE alias SET undone = 1 WHERE NOT undone"
        f" AND user = (SELECT id FROM {_ALL} WHERE kind = 0 AND key = ?)"
        f" AND who = (SELECT id FROM {_ALL} WHERE kind = 0 AND key = ?)"
        " RETURNING message, ts, who, user",
        (previous_id, user_id),
    )
    return [Alias(*row) for row in done.fetchall()]


def set_traits(
    connection: sqlite3.Connection, who: int, traits: Mapping[str, Any], ts: int, message: str
) -> bool:
    """Keep the newest value of each trait. True: some changed."""
    rows = [(who, name, msgspec.json.encode(v), ts, message) for name, v in traits.items()]
    return connection.executemany(_TRAIT, rows).rowcount > 0


def remap(connection: sqlite3.Connection) -> dict[int, int]:
    """Key -> the key that stands for its person, where they differ."""
    stands = joined(connection)
    for anon, who in connection.execute("SELECT anon, who FROM link"):
        stands[anon] = stands.get(who, who)
    return stands


def joined(connection: sqlite3.Connection) -> dict[int, int]:
    """The same by aliases alone: those are few, links are as many as people."""
    return _Components(connection.execute(_ALIASES)).stands_for()


class _Components:
    """Keys connected by aliases, given oldest first: the newest target stands for all."""

    def __init__(self, aliases: Iterable[tuple[int, int, int]]) -> None:
        self._parent: dict[int, int] = {}
        self._target: dict[int, int] = {}
        for who, *previous in aliases:
            root = self._root(who)
            for key in previous:
                self._parent[self._root(key)] = root
            self._target[root] = who

    def stands_for(self) -> dict[int, int]:
        """Each key's target, where it is another key."""
        targets = {key: self._target[self._root(key)] for key in list(self._parent)}
        return {key: target for key, target in targets.items() if key != target}

    def _root(self, key: int) -> int:
        parent = self._parent
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key


def find(connection: sqlite3.Connection, text: str) -> int | None:
    """The key that an id is: the user's of that id, else the anonymous one."""
    row = connection.execute(_FIND_ONE, (text,)).fetchone()
    return row[0] if row else None


def strays(connection: sqlite3.Connection, texts: Iterable[str]) -> tuple[int, ...]:
    """Keys of ids that nobody has, and no alias names any more."""
    return tuple(row[0] for row in connection.execute(_STRAYS, (_listed(texts),)))


def person(connection: sqlite3.Connection, text: str) -> tuple[int, ...]:
    """All keys of whoever has this id: the user of that id, else the anonymous one."""
    start = find(connection, text)
    if start is None:
        return ()
    joined = _joined(connection, {_user(connection, start)})
    linked = {
        row[0]
        for key in joined
        for row in connection.execute("SELECT anon FROM link WHERE who = ?", (key,))
    }
    own = {key for key in joined if _user(connection, key) in joined}
    return tuple(sorted(own | linked))


def _user(connection: sqlite3.Connection, key: int) -> int:
    row = connection.execute("SELECT who FROM link WHERE anon = ?", (key,)).fetchone()
    return row[0] if row else key


def _joined(connection: sqlite3.Connection, start: set[int]) -> set[int]:
    """What aliases connect with these keys."""
    found, new = set(start), set(start)
    while new:
        key = new.pop()
        rows = connection.execute(
            "SELECT who, user, anon FROM alias"
            " WHERE NOT undone AND (who = :key OR user = :key OR anon = :key)",
            {"key": key},
        )
        fresh = {one for row in rows for one in row} - found
        found |= fresh
        new |= fresh
    return found


def texts(
    connection: sqlite3.Connection, wanted: Iterable[int] | None = None
) -> dict[int, tuple[int, str]]:
    """Key -> (kind, id), of some keys or of all."""
    sql = "SELECT id, kind, key FROM identity"
    if wanted is None:
        return {id: (kind, text) for id, kind, text in connection.execute(sql)}
    chosen = f"{sql} WHERE id IN (SELECT value FROM json_each(?))"
    rows = connection.execute(chosen, (_listed(wanted),))
    return {id: (kind, text) for id, kind, text in rows}


def trait(connection: sqlite3.Connection, name: str) -> dict[int, Any]:
    """The values of one trait, by the key that stands for the person."""
    stands = remap(connection)
    rows = connection.execute(
        "SELECT who, value FROM trait WHERE name = ? ORDER BY ts, message", (name,)
    )
    return {stands.get(who, who): msgspec.json.decode(value) for who, value in rows}


def traits_of(connection: sqlite3.Connection, keys: Iterable[int]) -> dict[str, Any]:
    """The newest value of each trait of a person, given by all their keys."""
    rows = connection.execute(
        "SELECT name, value FROM trait WHERE who IN (SELECT value FROM json_each(?))"
        " ORDER BY ts, message",
        (_listed(keys),),
    )
    return {name: msgspec.json.decode(value) for name, value in rows}
