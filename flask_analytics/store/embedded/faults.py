"""What can go wrong under a question: files that vanish, files that are broken, too little time.

A segment that a compaction has replaced is gone a minute later: whoever still looks for it looks
at the store anew. A segment that is broken is put aside, and the rest answers; one that only this
process cannot open, for want of descriptors or rights, stays where it is. Where only its counts by
the hour cannot be read, its events are counted instead.
"""

from __future__ import annotations

import os

from ...delivery.latch import allocate_lock
from ...errors import StoreError
from . import quarantine
from .catalog import Catalog
from .snapshot import NOTHING, Segment
from .view import View


class TooMuch(StoreError):
    """A question needs more memory than it may have."""


class Faults:
    """Finds out why DuckDB failed, and takes what is broken out of the way. For any thread."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = allocate_lock()
        #: Counts by the hour that this process could not read.
        self.uncounted: frozenset[str] = frozenset()

    def mend(self, error: Exception, view: View) -> None:
        """Make the next look at the store a better one.

        :raises StoreError: it would be no better.
        """
        import duckdb

        view.deadline.check()
        if isinstance(error, duckdb.OutOfMemoryException):
            raise TooMuch("the answer needs more memory than a question may have") from error
        live = {segment.id for segment in self._catalog.snapshot(NOTHING).segments}
        before = view.moment.segments
        if not all(segment.id in live for segment in before):
            return
        if not sum(self._aside(error, segment) for segment in before):
            raise StoreError(f"DuckDB: {str(error).splitlines()[0]}") from error

    def _aside(self, error: Exception, segment: Segment) -> bool:
        """Put a segment aside, or its counts, if the error is about them."""
        if _is_about(error, segment.hours_path):
            with self._lock:
                self.uncounted |= {segment.hours_path}
            return True
        if _is_about(error, segment.path) and not quarantine.is_closed(error, segment.path):
            self._catalog.quarantine(segment, str(error))
            return True
        return False


def _is_about(error: Exception, path: str) -> bool:
    return path in str(error) or not os.path.exists(path)
