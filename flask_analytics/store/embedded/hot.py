"""Events come in: one transaction a batch, with everything that has to be known of them."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from ...metrics import facts
from . import identity, mark, snapshot
from .catalog import Catalog
from .identity import ANONYMOUS, USER, Key, Link
from .rows import insert
from .slim import Slim, decode, without_ip

_HOT = "INSERT OR FAIL INTO hot"
_SEEN = "INSERT OR IGNORE INTO seen"

#: Variables of one statement; any SQLite allows as many.
MANY = 500

#: What arrives: what is to be known of it, and its JSON.
Event = tuple[Slim, bytes]

#: A row of ``hot``.
Row = tuple[int, int, int | None, int | None, int | None, int, bytes]


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
        self._look = look
        self._clock = clock

    def append(self, bodies: Sequence[bytes]) -> int:
        """Keep events, each ``message_id`` once, all or none. Returns how many were new.

        :raises ValueError: one of them is no event.
        :raises StoreError: there is no room, or others write without end.
        """
        events = [(slim, without_ip(body, slim)) for body in bodies if (slim := decode(body))]
        with self._catalog.write() as connection:
            batch = _Batch(connection)
            count = batch.store(events, self._clock())
        if count:
            self._look(batch.waiting, batch.since)
        return count


class _Batch:
    """Events inside their transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._ids: dict[Key, int] = {}
        self._links: list[Link] = []
        self._are_people_new = False
        #: Hot rows after it, about; and since when there are any.
        self.waiting, self.since = 0, 0.0

    def store(self, events: list[Event], now: float) -> int:
        first = snapshot.highest(self._connection) + 1
        new = self._unseen(events, first)
        if not new:
            return 0
        self._ids = self._keys([slim for _, slim, _ in new])
        insert(self._connection, _HOT, [self._row(*one) for one in new])
        self._count()
        self._weigh(first, new[-1][0], now)
        return len(new)

    def _keys(self, events: list[Slim]) -> dict[Key, int]:
        had, mentioned = _ids_in(events), _mentioned(events)
        found = identity.keys(self._connection, had)
        identity.meet(self._connection, found.values())
        return found | identity.hear(self._connection, mentioned - had) if mentioned else found

    def _unseen(self, events: list[Event], first: int) -> list[tuple[int, Slim, bytes]]:
        """Those that are new, each with its id. The ids of others are not used."""
        by_key: dict[bytes, Event] = {}
        for event in events:
            by_key.setdefault(mark.key(event[0].message_id), event)
        rows = list(zip(by_key, itertools.count(first)))
        known: set[bytes] = set()
        if insert(self._connection, _SEEN, rows) < len(rows):
            known.update(self._known(list(by_key), first))
        return [(id, *by_key[key]) for key, id in rows if key not in known]

    def _known(self, keys: list[bytes], first: int) -> Iterator[bytes]:
        """Which of these came before the event of this id."""
        for n in range(0, len(keys), MANY):
            some = keys[n : n + MANY]
            places = ", ".join("?" * len(some))
            sql = f"SELECT key FROM seen WHERE key IN ({places}) AND event < ?"
            yield from (key for (key,) in self._execute(sql, [*some, first]).fetchall())

    def _row(self, id: int, slim: Slim, body: bytes) -> Row:
        """As it is kept; what else it tells is noted."""
        user, anonymous, ts = slim.user_id, slim.anonymous_id, slim.ts
        anon = self._ids[ANONYMOUS, anonymous] if anonymous else None
        who = self._ids[USER, user] if user else anon
        if user and anon is not None and who is not None:
            self._links.append(Link(anon, who, ts, slim.message_id))
        if who is not None and (slim.traits or slim.previous_id or slim.group_id):
            self._learn(slim, who, ts)
        previous = self._ids[USER, slim.previous_id] if slim.previous_id else None
        echo = self._echo(id, slim) if slim.is_view else 0
        return (id, ts, who, anon if user else None, previous, echo, body)

    def _learn(self, slim: Slim, who: int, ts: int) -> None:
        """Who is who, as far as this event tells."""
        if slim.type == "alias" and slim.user_id and slim.previous_id:
            self._are_people_new |= self._alias(slim, who, slim.previous_id)
        if slim.known_traits:
            told = (who, slim.known_traits, ts, slim.message_id)
            self._are_people_new |= identity.set_traits(self._connection, *told)

    def _alias(self, slim: Slim, who: int, previous_id: str) -> bool:
        previous = self._ids[USER, previous_id], self._ids[ANONYMOUS, previous_id]
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

    def _count(self) -> None:
        """Answers may change from now on."""
        if self._links:
            self._are_people_new |= identity.link(self._connection, self._links)
        snapshot.changed(self._connection, *["people_generation"] * self._are_people_new)

    def _weigh(self, first: int, last: int, now: float) -> None:
        low = self._execute("SELECT min(id) FROM hot").fetchone()[0]
        self.waiting = last + 1 - low
        if low >= first:
            self._execute("UPDATE meta SET value = ? WHERE key = 'hot_since'", (int(now),))
        row = self._execute("SELECT value FROM meta WHERE key = 'hot_since'").fetchone()
        self.since = float(row[0])


def _ids_in(events: Iterable[Slim]) -> set[Key]:
    """Every id that these events have."""
    found: set[Key] = set()
    for slim in events:
        if slim.user_id:
            found.add((USER, slim.user_id))
        if slim.anonymous_id:
            found.add((ANONYMOUS, slim.anonymous_id))
    return found


def _mentioned(events: Iterable[Slim]) -> set[Key]:
    """Every id that these events say somebody had before."""
    texts = {slim.previous_id for slim in events if slim.previous_id}
    return {(kind, text) for text in texts for kind in (USER, ANONYMOUS)}
