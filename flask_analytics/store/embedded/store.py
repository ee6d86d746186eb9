"""The embedded store: what happens in the application, kept and answered on its own machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ...errors import StoreError
from ...log import QuietLog
from ...metrics.person import Timeline, Traits
from ...metrics.recent import Recent
from ...metrics.window import Range
from ..base import TIMEOUT
from ..sql.answer import answer
from ..sql.engine import Span
from . import persons, records
from .cache import Cache
from .catalog import Catalog
from .faults import Faults
from .hot import Hot
from .keeper import Keeper
from .reader import Reader
from .recent import recent
from .view import View

T = TypeVar("T")

#: Views that one question may see break under it: each was a compaction or a broken file.
TRIES = 20


class EmbeddedStore:
    """A folder with SQLite for what is new and Parquet for what is not, read by DuckDB. Any
    number of processes may write and read it at once, on one machine.

    :param folder: made when needed.
    :param retention_days: events older than that are purged, about once a day.
    :param timeout: seconds that one answer may take.
    :param clock: seconds since the epoch.
    :param log: told what goes wrong in the background.
    :param has_children: False: no process is ever started to seal, purge and erase; call ``tend``.
    """

    scheme = "embedded"

    def __init__(
        self,
        folder: Path,
        *,
        retention_days: int | None = None,
        timeout: float = TIMEOUT,
        clock: Callable[[], float] = time.time,
        log: QuietLog | None = None,
        has_children: bool = True,
    ) -> None:
        self.timeout = timeout
        self._catalog = Catalog(folder)
        self._keeper = Keeper(self._catalog, clock, log, retention_days, has_children)
        self._hot = Hot(self._catalog, self._keeper.look, clock)
        self._faults = Faults(self._catalog)
        self._reader = Reader(self._catalog)
        self._cache = Cache()

    def append(self, bodies: Sequence[bytes]) -> int:
        """Keep events, each ``message_id`` once, all or none. Returns how many were new."""
        return self._hot.append(bodies)

    def answer(self, question: Any) -> Any:
        """Answer one of the questions of ``metrics``; at once where nothing has changed."""
        is_known, known = self._cache.get(question, self._catalog.generation())
        if is_known:
            return known
        found, generation = self._look(
            lambda view: (self._ask(question, view), view.moment.generation)
        )
        self._cache.put(question, generation, found)
        return found

    def _ask(self, question: Any, view: View) -> Any:
        if isinstance(question, Traits):
            return persons.traits(question, self._catalog, view)
        if isinstance(question, Timeline):
            return persons.timeline(question, self._catalog, view)
        if isinstance(question, Recent):
            return recent(question, self._catalog, view)
        return answer(question, view)

    def _look(self, use: Callable[[View], T]) -> T:
        """Look at the store as it is now; once more where what was seen is gone."""
        import duckdb

        for _ in range(TRIES):
            with self._reader.view(self.timeout, self._faults.uncounted) as view:
                try:
                    return use(view)
                except duckdb.Error as error:
                    if isinstance(error, duckdb.FatalException | duckdb.InternalException):
                        self._reader.close()  # it answers nothing any more
                    self._faults.mend(error, view)
        raise StoreError("the store changes faster than it can be read")

    def events(self, span: Range | None = None, person: str | None = None) -> Iterator[bytes]:
        """The events as they came, by time, then message id: for exports and for moving away."""
        whole = self._look(records.bounds) if span is None else (span.start_us, span.end_us)
        if whole is None:
            return iter(())
        return records.stream(lambda piece: self._page(piece, person), whole)

    def _page(self, span: Span, person: str | None) -> list[bytes]:
        return self._look(lambda view: self._bodies(view, span, person))

    def _bodies(self, view: View, span: Span, person: str | None) -> list[bytes]:
        keys = None if person is None else persons.keys_of(person, self._catalog, view)
        if keys == []:
            return []
        return records.bodies(view, self._catalog, span, keys)

    def forget(self, person: str) -> int:
        """Erase all events, ids and traits of a person, by any of their ids: hidden now, written
        out of the files by the keeper. Returns how many events."""
        return self._keeper.forget(person)

    def unalias(self, previous_id: str, user_id: str) -> bool:
        """Undo an alias, as if it had never been made; its events go, too. False: there was
        none."""
        return self._keeper.unalias(previous_id, user_id)

    def purge(self, before: int) -> int:
        """Erase events from before a time (microseconds since the epoch, UTC)."""
        return self._keeper.purge(before)

    def tend(self) -> None:
        """Purge, seal, erase and compact, here and now."""
        self._keeper.tend()

    def describe(self) -> dict[str, Any]:
        """``events``, ``bytes`` on disk, and what else the catalog counts."""
        found = self._catalog.describe()
        if found["erasing"]:
            found["events"] = self._look(records.count)
        return found

    def close(self) -> None:
        """Let go of everything."""
        self._reader.close()
        self._catalog.close()
