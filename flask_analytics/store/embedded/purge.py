"""Old events go: whole segments where all is old, else the segment is rewritten without them; and
with somebody's last event their ids and traits."""

from __future__ import annotations

from . import snapshot
from .erase import erase
from .leave import leave
from .merge import merge
from .seal import seal
from .shelf import Shelf, drop


def purge(shelf: Shelf, before: int) -> int:
    """Erase what happened before a time (microseconds). Returns how many events.

    Seals first: readers keep the hot rows that they have loaded. What is hidden goes first, too:
    it counts no more. The caller holds the lock.
    """
    seal(shelf)
    erase(shelf)
    old = [segment for segment in shelf.segments() if segment.first_us < before]
    whole = [segment for segment in old if segment.last_us < before]
    if whole:
        with shelf.swap() as connection:
            drop(connection, [segment.id for segment in whole], shelf.clock())
            snapshot.changed(connection)
    left = [(s.rows, merge(shelf, [s], before)) for s in old if s.last_us >= before]
    leave(shelf)
    return sum(segment.rows for segment in whole) + sum(had - has for had, has in left)
