"""People of whom no event is left: their ids and traits go with the last one."""

from __future__ import annotations

from collections.abc import Iterable

from .client import Client
from .erase import erase_aliases
from .identity import Alias
from .keeping import slices

#: Seconds in which somebody who was told of may still be on the way: events come after what they
#: tell, see ``keeping``, from another process too.
GRACE = 3600

#: Every id that an event names, or is about to.
_NAMED = """SELECT DISTINCT arrayJoin([who, anon]) AS key FROM events
UNION DISTINCT SELECT key FROM people WHERE at > now() - {grace}"""

_PERSON = """SELECT k.key AS key, if(w.person != 0, w.person, k.key) AS person
FROM ({keys}) AS k LEFT ANY JOIN ({whose}) AS w ON k.key = w.key"""

_NOBODY = "SELECT key, key AS person FROM people WHERE false"


def leave(client: Client, whose: str | None, aliases: Iterable[Alias]) -> None:
    """Erase ids that no event names, nor any other id of the same person. Who was told of within
    the last hour stays until the next time.

    :param whose: a SELECT of ``key`` and ``person``, see ``State.people``.
    """
    whose = whose or _NOBODY
    known = _PERSON.format(keys="SELECT DISTINCT key FROM people", whose=whose)
    there = _PERSON.format(keys=_NAMED.format(grace=GRACE), whose=whose)
    sql = f"SELECT key FROM ({known}) WHERE person NOT IN (SELECT person FROM ({there}))"
    gone = [int(key) for (key,) in client.rows(sql)]
    keys = frozenset(gone)
    erase_aliases(client, [one.message for one in aliases if not keys.isdisjoint(one.keys)])
    for some in slices(gone):
        values, listed = {"keys": some}, "{keys:Array(UInt128)}"
        client.run(f"DELETE FROM links WHERE anon IN {listed} OR first.3 IN {listed}", values)
        client.run(f"DELETE FROM traits WHERE key IN {listed}", values)
        client.run(f"DELETE FROM people WHERE key IN {listed}", values)
