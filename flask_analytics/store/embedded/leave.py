"""People of whom no event is left: their ids and traits go with the last one.

A person is kept as long as one event names any of their ids, as its own or as a mention.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

import msgspec

from . import arrival, files, identity, snapshot
from .erase import FORGET
from .shelf import Shelf

#: Ids that are erased in one transaction, during which nobody can write.
STEP = 1_000

_NAMED = "SELECT DISTINCT unnest([who, anon, previous]) FROM {segments}"


def leave(shelf: Shelf) -> int:
    """Erase ids that no event names. Returns how many.

    The caller holds the lock, so that new rows come only to what is hot.
    """
    used = _sealed(shelf)
    with shelf.catalog.read() as connection:
        seen = snapshot.counters(connection)
        used.update(_hot(connection))
        ids = [id for (id,) in connection.execute("SELECT id FROM identity ORDER BY id")]
        stands = identity.remap(connection)
    people = {stands.get(key, key) for key in used}
    gone = [id for id in ids if stands.get(id, id) not in people]
    generation, count = seen["people_generation"], 0
    for start in range(0, len(gone), STEP):
        with shelf.catalog.write() as connection:
            if snapshot.counter(connection, "people_generation") != generation:
                break  # who is who has changed meanwhile: the next time
            back = {stands.get(key, key) for key in _hot(connection, seen["last_event"])}
            some = [id for id in gone[start : start + STEP] if stands.get(id, id) not in back]
            count += _forget(connection, some)
            generation += 1
    return count


def _forget(connection: sqlite3.Connection, ids: Sequence[int]) -> int:
    told = {"keys": msgspec.json.encode(ids).decode()}
    for statement in FORGET:
        connection.execute(statement, told)
    snapshot.changed(connection, "people_generation", "removals")
    return len(ids)


def _sealed(shelf: Shelf) -> set[int]:
    paths = [segment.path for segment in shelf.segments()]
    if not paths:
        return set()
    with shelf.duck() as duck:
        named = duck.execute(_NAMED.format(segments=files.read(paths)))
        return {key for (key,) in named.fetchall() if key is not None}


def _hot(connection: sqlite3.Connection, after: int = 0) -> Iterator[int]:
    """The keys that hot events name."""
    for packed in arrival.packed(connection, after):
        for _, _, *keys, _, _ in arrival.unpack(packed):
            yield from (key for key in keys if key is not None)
