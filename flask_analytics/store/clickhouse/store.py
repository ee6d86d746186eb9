"""The ClickHouse store: the same questions, the same numbers, on as many machines as it takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from time import time
from typing import Any

from msgspec.json import decode

from ...metrics.person import Timeline, Traits
from ...metrics.recent import Recent
from ...metrics.window import Range
from ..base import TIMEOUT
from ..sql.answer import answer
from ..sql.recent import newest
from . import erase, history, keeping
from .address import parse
from .client import Client
from .engine import ClickHouseEngine
from .identity import Identity
from .leave import leave
from .migrations import migrate
from .people import People
from .state import State, look
from .tend import describe, tend

#: Microseconds.
DAY = 86400 * 10**6


class ClickHouseStore:
    """Events on a ClickHouse server, or in ClickHouse's engine inside this process.

    Opens nothing until it is used first; then it makes the database and its tables. Safe to share
    between threads and workers. A call waits for the server: ask from a thread of a pool where an
    event loop must not stand still.

    :param address: ``clickhouse://user:password@host:8123/db``, ``clickhouses://`` the same by
        TLS, ``chdb:///folder?database=db`` inside this process (one folder for each process).
    :param retention_days: events that are older are purged, by an append a day; None: never.
    :param timeout: seconds that an answer may take.
    :raises ConfigurationError: the address is none.
    """

    def __init__(
        self, address: str, *, retention_days: int | None = None, timeout: float = TIMEOUT
    ) -> None:
        where = parse(address)
        self.scheme = where.scheme
        self._retention_days = retention_days
        self._client = Client(where, timeout)
        self._identity = Identity(self._client)
        self._lock = threading.Lock()
        self._is_ready = False
        self._expired_at = 0.0

    def __repr__(self) -> str:
        return f"<ClickHouseStore {self._client.address.masked}>"

    def append(self, bodies: Sequence[bytes]) -> int:
        """Keep events, each ``message_id`` once, all or none. Returns how many were new."""
        count = keeping.keep(self._ready(), bodies)
        if self._retention_days is not None and time() - self._expired_at >= DAY / 10**6:
            self._expire()
        return count

    def answer(self, question: Any) -> Any:
        """Answer one of the questions of ``metrics``."""
        client, state = self._ready(), self._look()
        if isinstance(question, Traits):
            return People(client, self._identity, state).traits(question)
        if isinstance(question, Timeline):
            return People(client, self._identity, state).timeline(question)
        engine = ClickHouseEngine(client, state)
        if isinstance(question, Recent):
            return tuple(map(decode, history.marked(client, newest(question, engine))))
        return answer(question, engine)

    def forget(self, person: str) -> int:
        """Erase all events, ids and traits of a person. Returns how many events."""
        client = self._ready()
        people = People(client, self._identity, self._look())
        known = people.find(person)
        if known is None:
            return 0
        return erase.erase_person(client, known, people.broken(known.keys))

    def unalias(self, previous_id: str, user_id: str) -> bool:
        """Undo an alias, as if it had never been made. False: there was none."""
        return erase.unalias(self._ready(), previous_id, user_id)

    def purge(self, before: int) -> int:
        """Erase events from before a time (microseconds since the epoch, UTC), and people of whom
        none is left."""
        client = self._ready()
        count = erase.purge(client, before)
        state = self._look()
        leave(client, state.people, self._identity.aliases() if state.version else [])
        return count

    def _expire(self) -> None:
        """Purge what is too old: once a day in each process that takes events in."""
        assert self._retention_days is not None
        self._expired_at = time()  # first: where it fails, the next try is tomorrow
        self.purge(int(time() * 10**6) - self._retention_days * DAY)

    def events(self, span: Range | None = None, person: str | None = None) -> Iterator[bytes]:
        """The events as they came, by time, then message id. What arrives meanwhile may be among
        them or not."""
        client, keys = self._ready(), None
        if person is not None:
            known = People(client, self._identity, self._look()).find(person)
            keys = known.keys if known else frozenset()
        limits = (span.start_us, span.end_us) if span else None
        return history.bodies(client, limits, keys)

    def tend(self) -> None:
        """Merge, settle, purge and rewrite, here and now. One process a day is enough."""
        client = self._ready()
        if self._retention_days is not None:
            self._expire()
        tend(client, self._look().version)

    def describe(self) -> dict[str, Any]:
        """``events``, ``bytes`` on disk, ``parts``, first and last time, the server's version."""
        return {"address": self._client.address.masked, **describe(self._ready())}

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _ready(self) -> Client:
        with self._lock:
            if not self._is_ready:
                migrate(self._client)
                self._is_ready = True
        return self._client

    def _look(self) -> State:
        state = look(self._client)
        if state.version and not state.is_learnt:
            self._identity.learn(state.version)
        return state
