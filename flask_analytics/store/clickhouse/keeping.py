"""Keeping events, each message id once.

Reading with FINAL would be exact by itself, and costs every question about eightfold. So an event
that comes again is found before it is kept. What is left is two processes that keep one event at
the same moment (a server that answered too late, so that it was sent again): each looks once more
after it has kept. The later of two looks finds it, or the one of the batch that comes again
because its sender was killed before. Then ``twice`` says so, and until ``tend`` has merged them
questions are read with FINAL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .client import Client
from .insert import Arrival, arrivals, event_row, told
from .schema import PARTITION

#: Ids that are asked for at once.
AT_ONCE = 5000

_KNOWN = """SELECT message_id, count() FROM events
WHERE message_id IN {ids:Array(String)} GROUP BY message_id
UNION ALL SELECT message_id, 1 FROM gone WHERE message_id IN {ids:Array(String)}"""

_COUNTED = """SELECT view FROM views WHERE view IN {ids:Array(UInt128)}
GROUP BY view HAVING min(bot) = 0"""


def keep(client: Client, bodies: Sequence[bytes]) -> int:
    """Keep events. What they tell of people goes first: the events themselves are the word that
    all is kept, and whoever was killed before says it again. Returns how many were new."""
    arrived = arrivals(bodies)
    known = _known(client, [of.message for of in arrived])
    new = [of for of in arrived if of.message not in known]
    if new:
        client.insert("told", told(new))
        views = _counted_views(client, new)
        client.insert("events", [event_row(of, views) for of in new])
        _known(client, [of.message for of in new])
    return len(new)


def _known(client: Client, ids: list[str]) -> set[str]:
    """Which of these are there already; those that are there twice are noted."""
    found: set[str] = set()
    for some in slices(ids):
        rows = client.rows(_KNOWN, {"ids": some})
        doubles = [{"message_id": id} for id, count in rows if count > 1]
        client.insert("twice", doubles)
        found.update(id for id, _ in rows)
    return found


def _counted_views(client: Client, new: list[Arrival]) -> set[int]:
    views = [of.view for of in new if of.seen_by_browser]
    rows = (row for some in slices(views) for row in client.rows(_COUNTED, {"ids": some}))
    return {int(view) for (view,) in rows}


def slices(values: Sequence[Any]) -> Iterator[list[Any]]:
    """A few at a time."""
    for start in range(0, len(values), AT_ONCE):
        yield list(values[start : start + AT_ONCE])


def merge_doubles(client: Client) -> None:
    """Make one of what is there twice."""
    ids = [id for (id,) in client.rows("SELECT DISTINCT message_id FROM twice")]
    if not ids:
        return
    for partition in sorted(_partitions(client, ids)):
        client.run(f"OPTIMIZE TABLE events PARTITION {partition} FINAL")
    for some in slices(ids):
        client.run("DELETE FROM twice WHERE message_id IN {ids:Array(String)}", {"ids": some})


def _partitions(client: Client, ids: Iterable[str]) -> set[int]:
    sql = f"SELECT DISTINCT intDiv(ts, {PARTITION}) FROM events WHERE message_id IN {{ids:Array(String)}}"
    return {row[0] for some in slices(list(ids)) for row in client.rows(sql, {"ids": some})}
