"""People of whom no event is left: their ids and traits go with the last one.

A person is kept as long as one event names any of their ids, as its own or as a mention.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from . import arrival, files, identity, snapshot
from .erase import FORGET
from .shelf import Shelf

#: Ids that are erased in one transaction, during which nobody can write.
STEP = 1_000

_NAMED = """SELECT key FROM (SELECT DISTINCT unnest([who, anon, previous]) AS key FROM {segments})
WHERE key BETWEEN 0 AND {top}"""

#: Each key with the user of its link, or itself.
_KNOWN = """SELECT id, coalesce(who, id) FROM identity LEFT JOIN link ON anon = id ORDER BY id"""

_SOME = """SELECT value, coalesce(who, value) FROM json_each(?) LEFT JOIN link ON anon = value"""


def leave(shelf: Shelf) -> int:
    """Erase ids that no event names. Returns how many.

    The caller holds the lock, so that new rows come only to what is hot. Keys are dense: a byte for
    each, by its number, is all that is remembered of those who stay.
    """
    used = _sealed(shelf)
    with shelf.catalog.read() as connection:
        seen = snapshot.counters(connection)
        used.extend(bytes(snapshot.top_key(connection) + 1 - len(used)))
        for key in _hot(connection):
            used[key] = 1
        stands = identity.joined(connection)
        gone = _unnamed(connection, used, stands)
    generation, count = seen["people_generation"], 0
    for start in range(0, len(gone), STEP):
        with shelf.catalog.write() as connection:
            if snapshot.counter(connection, "people_generation") != generation:
                break  # who is who has changed meanwhile: the next time
            new = set(_hot(connection, seen["last_event"]))
            back = {person for _, person in _people(connection, new, stands)}
            step = _people(connection, gone[start : start + STEP], stands)
            count += _forget(connection, [id for id, person in step if person not in back])
            generation += 1
    return count


def _unnamed(
    connection: sqlite3.Connection, used: bytearray, stands: Mapping[int, int]
) -> array[int]:
    """The ids of people of whom no key is used."""
    people = bytearray(len(used))
    for id, user in connection.execute(_KNOWN):
        if used[id]:
            people[stands.get(user, user)] = 1
    known = connection.execute(_KNOWN)
    return array("q", (id for id, user in known if not people[stands.get(user, user)]))


def _people(
    connection: sqlite3.Connection, keys: Iterable[int], stands: Mapping[int, int]
) -> list[tuple[int, int]]:
    """Keys, each with the one that stands for its person."""
    listed = msgspec.json.encode(list(keys)).decode()
    return [(key, stands.get(user, user)) for key, user in connection.execute(_SOME, (listed,))]


def _forget(connection: sqlite3.Connection, ids: Sequence[int]) -> int:
    told = {"keys": msgspec.json.encode(ids).decode()}
    for statement in FORGET:
        connection.execute(statement, told)
    snapshot.changed(connection, "people_generation", "removals")
    return len(ids)


def _sealed(shelf: Shelf) -> bytearray:
    """1 for each key that sealed events name."""
    with shelf.catalog.read() as connection:
        top = snapshot.top_key(connection)
    used, paths = bytearray(top + 1), [segment.path for segment in shelf.segments()]
    if paths:
        with shelf.duck() as duck:
            named = duck.execute(_NAMED.format(segments=files.read(paths), top=top))
            while some := named.fetchmany(STEP):
                for (key,) in some:
                    used[key] = 1
    return used


def _hot(connection: sqlite3.Connection, after: int = 0) -> Iterator[int]:
    """The keys that hot events name."""
    for packed in arrival.packed(connection, after):
        for _, _, *keys, _, _ in arrival.unpack(packed):
            yield from (key for key in keys if key is not None)
