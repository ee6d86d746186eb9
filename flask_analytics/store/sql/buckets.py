"""The buckets of a series: SQL numbers cells of time that no local hour crosses, Python knows which
bucket each of them lies in."""

from __future__ import annotations

from bisect import bisect_right

from ...metrics.window import Bucket, Range, label, micros, starts
from .dialect import Dialect
from .zones import HOUR, cell


class Buckets:
    """All buckets that touch a range, by time."""

    def __init__(self, span: Range, bucket: Bucket) -> None:
        begins = starts(span, bucket)
        #: When each starts, as answers write it.
        self.labels = [label(begin, span.tz) for begin in begins]
        self._edges = [micros(begin) for begin in begins]
        self._size = cell((span.start_us, span.end_us), span.zone)
        self._base = span.start_us // HOUR

    def key(self, dialect: Dialect, ts: str) -> str:
        """SQL of the number of the cell that a time of the range is in."""
        return dialect.divide(f"{ts} - {self._base * HOUR}", self._size)

    @property
    def hour_key(self) -> str | None:
        """The same of the relation of hours; None where a cell is less than one."""
        return f"hour - {self._base}" if self._size == HOUR else None

    def place(self, key: int) -> int:
        """Which bucket a cell is in."""
        at = self._base * HOUR + key * self._size
        return max(bisect_right(self._edges, at) - 1, 0)
