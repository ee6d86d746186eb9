"""The memory store: events in a list, answers by plain Python."""

from __future__ import annotations

import time
from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from threading import RLock
from typing import Any

from ...errors import QuestionError
from ...event import decode, encode
from ...metrics.active import ActiveUsers
from ...metrics.funnel import Funnel
from ...metrics.latency import Latency
from ...metrics.person import People as AskPeople
from ...metrics.person import Timeline, Traits
from ...metrics.recent import Recent
from ...metrics.retention import Retention
from ...metrics.revenue import Revenues
from ...metrics.summary import Dashboard, summarise
from ...metrics.top import Breakdown, TopEvents, TopProperties
from ...metrics.visits import Visits
from ...metrics.volume import Volume
from ...metrics.window import Range
from . import counts, persons
from .active import active_users
from .echoes import Echoes
from .funnel import funnel
from .people import People
from .recent import recent
from .retention import retention
from .row import Row
from .selection import Selection
from .visits import visits

#: Seconds.
HOUR = 3600.0

#: Events that it keeps unless told otherwise.
LIMIT = 100_000

_ANSWERS: dict[type, Callable[[Any, Selection], Any]] = {
    Volume: counts.volume,
    TopEvents: counts.top_events,
    TopProperties: counts.top_properties,
    Breakdown: counts.breakdown,
    Revenues: counts.revenues,
    Latency: counts.latency,
    Funnel: funnel,
    Retention: retention,
    ActiveUsers: active_users,
    Visits: visits,
    Traits: persons.traits,
    Timeline: persons.timeline,
    Recent: recent,
    AskPeople: persons.people,
}


class MemoryStore:
    """Keeps events of one process until it ends; for development, for tests, and as the oracle
    of the other stores. Never writes to a disk.

    :param limit: events; beyond it those of the oldest time are dropped and counted.
    :param retention_days: events older than that are purged, by an append an hour; None: never.
    :param clock: seconds since the epoch.
    """

    scheme = "memory"

    def __init__(
        self,
        limit: int = LIMIT,
        *,
        retention_days: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._limit = limit
        self._retention_days, self._clock = retention_days, clock
        self._expired_at = 0.0
        self._lock = RLock()
        self._clear()

    def _clear(self) -> None:
        self._rows: list[Row] = []  # by time, then message id
        self._seen: dict[str, None] = {}
        self._people = People(self._limit)
        self._echoes = Echoes(self._limit)
        self._dropped = 0

    def append(self, bodies: Sequence[bytes]) -> int:
        """Keep events, each ``message_id`` once, all or none. Returns how many were new."""
        rows = [Row(decode(body), len(body)) for body in bodies]
        with self._lock:
            new = sum(self._keep(row) for row in rows)
            excess = max(len(self._rows) - self._limit, 0)
            del self._rows[:excess]
            self._dropped += excess
            self._expire()
        return new

    def _expire(self) -> None:
        now = self._clock()
        if self._retention_days is not None and abs(now - self._expired_at) >= HOUR:
            self._expired_at = now
            self.purge(int((now - self._retention_days * 24 * HOUR) * 1_000_000))

    def _keep(self, row: Row) -> bool:
        if row.event.message_id in self._seen:
            return False
        self._seen[row.event.message_id] = None
        if len(self._seen) > 2 * self._limit:
            del self._seen[next(iter(self._seen))]
        self._people.learn(row)
        self._echoes.learn(row)
        insort(self._rows, row, key=attrgetter("order"))
        return True

    def answer(self, question: Any) -> Any:
        """Answer one of the questions of ``metrics``."""
        with self._lock:
            if isinstance(question, Dashboard):
                return summarise(question, self.answer)
            function = _ANSWERS.get(type(question))
            if function is None:
                raise QuestionError("question", f"{type(question).__name__} is none of metrics")
            return function(question, Selection(self._rows, self._people, self._echoes))

    def forget(self, person: str) -> int:
        """Erase all events, ids and traits of a person, by any of their ids. Returns how many
        events. Their message ids stay known, so that none comes back by a second delivery. Events
        of others on the same device stay, without the ids."""
        with self._lock:
            key = self._people.find(person)
            if key is None:
                return 0
            count = self._erase(lambda row: self._people.of(row) == key)
            gone = self._people.forget(key)
            for row in self._rows:
                row.take_out(gone)
            return count

    def unalias(self, previous_id: str, user_id: str) -> bool:
        """Undo an alias, as if it had never been made. False: there was none."""
        with self._lock:
            undone = self._people.unalias(previous_id, user_id)
            self._erase(lambda row: row.order in undone)
            return bool(undone)

    def purge(self, before: int) -> int:
        """Erase events from before a time (microseconds since the epoch, UTC), and people of whom
        none is left."""
        with self._lock:
            count = self._erase(lambda row: row.us < before)
            self._people.leave({key for row in self._rows for key in row.names})
            return count

    def _erase(self, is_doomed: Callable[[Row], bool]) -> int:
        kept = [row for row in self._rows if not is_doomed(row)]
        count = len(self._rows) - len(kept)
        self._rows = kept
        return count

    def events(self, span: Range | None = None, person: str | None = None) -> Iterator[bytes]:
        """The events as they came, by time, then message id: for exports and for moving away."""
        with self._lock:
            among = Selection(self._rows, self._people, self._echoes)
            rows = list(self._rows) if person is None else persons.rows_of(person, among)
            if span is not None:
                rows = list(among.within(span, rows))
        return (encode(row.event) for row in rows)

    def tend(self) -> None:
        """Nothing: it is as fast and as small as it gets."""

    def describe(self) -> dict[str, Any]:
        """``events``, their ``bytes`` as JSON, how many were ``dropped`` beyond the ``limit``."""
        with self._lock:
            size = sum(row.size for row in self._rows)
            return {
                "events": len(self._rows),
                "bytes": size,
                "dropped": self._dropped,
                "limit": self._limit,
            }

    def close(self) -> None:
        """Forget everything."""
        with self._lock:
            self._clear()
