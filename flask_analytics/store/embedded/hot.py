"""Events come in: one transaction a batch, with everything that has to be known of them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ...metrics import facts
from ...metrics.window import micros
from . import arrival, identity, mark, people, snapshot
from .arrival import Columns
from .catalog import Catalog
from .identity import ANONYMOUS, USER, Link
from .people import Numbers, People
from .rows import insert
from .slim import Slim, decode, without_ip

_SEEN = "INSERT OR IGNORE INTO seen"

#: Variables of one statement; any SQLite allows as many.
MANY = 500


class Events(NamedTuple):
    """What arrives: the keys of the message ids, what is to be known, and the JSON."""

    keys: Sequence[bytes]
    slims: Sequence[Slim]
    bodies: Sequence[bytes]

    def only(self, places: Sequence[int]) -> Events:
        """Some of them."""
        return Events(
            [self.keys[n] for n in places],
            [self.slims[n] for n in places],
            [self.bodies[n] for n in places],
        )


class Hot:
    """Where events arrive.

    :param look: told after each append how many rows are hot, and since when: see ``Keeper``.
    :param clock: seconds since the epoch.
    """

    def __init__(
        self,
        catalog: Catalog,
        look: Callable[[int, float], None] = lambda rows, since: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._catalog = catalog
        self._people = People()
        self._look = look
        self._clock = clock

    def append(self, bodies: Sequence[bytes]) -> int:
        """Keep events, each ``message_id`` once, all or none. Returns how many were new.

        :raises ValueError: one of them is no event.
        :raises StoreError: there is no room, or others write without end.
        """
        slims = [decode(body) for body in bodies]
        keys = [mark.key(slim.message_id) for slim in slims]
        kept = [
            body if slim.client_ip is None else without_ip(body, slim)
            for body, slim in zip(bodies, slims, strict=True)
        ]
        events = _once(Events(keys, slims, kept))
        with self._people.held(), self._catalog.write() as connection:
            batch = _Batch(connection, self._people)
            count = batch.store(events, self._clock())
        if count:
            self._look(batch.waiting, batch.since)
        return count


def _once(events: Events) -> Events:
    """The first of each message id."""
    if len(set(events.keys)) == len(events.keys):
        return events
    places: dict[bytes, int] = {}
    for n, key in enumerate(events.keys):
        places.setdefault(key, n)
    return events.only(list(places.values()))


class _Batch:
    """Events inside their transaction."""

    def __init__(self, connection: sqlite3.Connection, people: People) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._people = people
        self._meta = snapshot.counters(connection)
        #: By kind.
        self._ids: dict[int, Numbers] = {}
        self._links: list[Link] = []
        self._are_people_new = False
        #: Hot rows after it, about; and since when there are any.
        self.waiting, self.since = 0, 0.0

    def store(self, events: Events, now: float) -> int:
        first = self._meta["last_event"] + 1
        ids, new = self._unseen(events, first)
        if not ids:
            return 0
        self._number(new.slims)
        arrival.add(self._connection, self._columns(ids, new.slims, new.bodies))
        self._people.settle(self._connection, len(ids))
        self._count(ids[-1])
        self._weigh(first, ids[-1], now)
        return len(ids)

    def _number(self, events: Sequence[Slim]) -> None:
        """Give every id that these events have, or mention, its number."""
        had = {
            USER: {slim.user_id for slim in events if slim.user_id},
            ANONYMOUS: {slim.anonymous_id for slim in events if slim.anonymous_id},
        }
        self._people.follow(self._connection, self._meta)
        for kind, texts in had.items():
            self._ids[kind] = self._people.keys(self._connection, kind, texts)
        people.meet(self._connection, [id for some in self._ids.values() for id in some.values()])
        if mentioned := {slim.previous_id for slim in events if slim.previous_id}:
            for kind, found in self._people.hear(self._connection, mentioned).items():
                self._ids[kind] |= found

    def _unseen(self, events: Events, first: int) -> tuple[Sequence[int], Events]:
        """Those that are new, with their ids. The ids of others are not used."""
        ids = range(first, first + len(events.keys))
        if insert(self._connection, _SEEN, events.keys, ids) == len(ids):
            return list(ids), events
        known = set(self._known(events.keys, first))
        places = [n for n, key in enumerate(events.keys) if key not in known]
        return [ids[n] for n in places], events.only(places)

    def _known(self, keys: Sequence[bytes], first: int) -> Iterator[bytes]:
        """Which of these came before the event of this id."""
        for n in range(0, len(keys), MANY):
            some = keys[n : n + MANY]
            places = ", ".join("?" * len(some))
            sql = f"SELECT key FROM seen WHERE key IN ({places}) AND event < ?"
            yield from (key for (key,) in self._execute(sql, [*some, first]).fetchall())

    def _columns(
        self, ids: Sequence[int], events: Sequence[Slim], bodies: Sequence[bytes]
    ) -> Columns:
        """As they are kept; what else they tell is noted."""
        ts = [micros(slim.timestamp) for slim in events]
        users = [self._ids[USER].get(slim.user_id or "") for slim in events]
        anons = [self._ids[ANONYMOUS].get(slim.anonymous_id or "") for slim in events]
        who = [user or anon for user, anon in zip(users, anons, strict=True)]
        anon = [anon if user else None for user, anon in zip(users, anons, strict=True)]
        told = zip(anon, who, ts, events, strict=True)
        self._links = [
            Link(device, person, at, slim.message_id)
            for device, person, at, slim in told
            if device is not None and person is not None
        ]
        previous: list[int | None] = [None] * len(ids)
        echo = [0] * len(ids)
        for n, slim in enumerate(events):
            person = who[n]
            if person is not None and (slim.traits or slim.previous_id or slim.group_id):
                self._learn(slim, person, ts[n])
            if slim.previous_id:
                previous[n] = self._ids[USER][slim.previous_id]
            if slim.view_id and slim.is_view:
                echo[n] = self._echo(ids[n], slim)
        return Columns(ids, ts, who, anon, previous, echo, bodies)

    def _learn(self, slim: Slim, who: int, ts: int) -> None:
        """Who is who, as far as this event tells."""
        if slim.type == "alias" and slim.user_id and slim.previous_id:
            self._are_people_new |= self._alias(slim, who, slim.previous_id)
        if slim.known_traits:
            told = (who, slim.known_traits, ts, slim.message_id)
            self._are_people_new |= identity.set_traits(self._connection, *told)

    def _alias(self, slim: Slim, who: int, previous_id: str) -> bool:
        previous = self._ids[USER][previous_id], self._ids[ANONYMOUS][previous_id]
        return identity.alias(self._connection, slim.message_id, slim.ts, who, previous)

    def _echo(self, id: int, slim: Slim) -> int:
        """Note a page view, so that its twin of the other channel is known by either."""
        key = mark.key(slim.view_id or "")
        if slim.source == "server":
            self._answered(id, key, 2 if facts.is_bot(slim.user_agent, slim.source) else 1)
        elif slim.source == "browser":
            return self._heard(id, key)
        return 0

    def _answered(self, id: int, key: bytes, level: int) -> None:
        """A server's view: browser views that came before it are its echoes."""
        self._execute("INSERT OR IGNORE INTO view VALUES (?, ?, ?)", (key, level, id))
        # In ``hot`` readers may have them already, so the row itself stays as it is.
        self._execute(
            "INSERT OR REPLACE INTO late_echo SELECT event, ? FROM waiting WHERE key = ?",
            (level, key),
        )
        self._execute("DELETE FROM waiting WHERE key = ?", (key,))

    def _heard(self, id: int, key: bytes) -> int:
        """A browser's view: an echo, or it waits for the server's."""
        row = self._execute("SELECT level FROM view WHERE key = ?", (key,)).fetchone()
        if row is None:
            self._execute("INSERT INTO waiting VALUES (?, ?)", (key, id))
        return row[0] if row else 0

    def _count(self, last: int) -> None:
        """Answers may change from now on."""
        if links := self._people.unheard(self._links):
            self._are_people_new |= identity.link(self._connection, links)
        snapshot.changed(self._connection, *["people_generation"] * self._are_people_new)
        snapshot.put(self._connection, "last_event", last)

    def _weigh(self, first: int, last: int, now: float) -> None:
        low = arrival.low(self._connection) or first
        self.waiting, self.since = last + 1 - low, float(self._meta["hot_since"])
        if low >= first:
            self.since = float(int(now))
            snapshot.put(self._connection, "hot_since", int(now))
