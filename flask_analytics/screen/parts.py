"""What the drawings of answers share: bars that fit, times, shares, keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..metrics.duration import told
from ..metrics.window import Bucket, Range
from .bars import bar
from .counters import printable
from .table import new_table, number

Parts = list[RenderableType]

#: Widest bar, in cells.
MAX_BAR = 40


class Place(NamedTuple):
    """Where it is drawn: cells in a line, and whether it has block letters."""

    width: int
    is_fancy: bool

    def bar(self, value: float, most: float, taken: int, style: str = "cyan") -> Text:
        """A bar in what a table leaves when its other columns have ``taken`` cells."""
        width = max(4, min(MAX_BAR, self.width - taken))
        return bar(value, most, width, self.is_fancy, style)


def period(span: Range) -> str:
    """A range as people write it: the last day is the last inside."""
    start, end = span.local(span.start), span.local(span.end)
    if start.time() == end.time() == start.time().min:
        last = end - timedelta(days=1)
        days = f"{start:%Y-%m-%d}" + (f" to {last:%Y-%m-%d}" if last.date() > start.date() else "")
        return f"{days} {span.zone}"
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} {span.zone}"


def share(part: float, whole: float) -> str:
    """Per cent, one digit behind the point."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def when(text: str, bucket: Bucket) -> str:
    """A bucket's start."""
    at = datetime.fromisoformat(text)
    if bucket is Bucket.HOUR:
        return f"{at:%a %Y-%m-%d %H:%M}"
    return f"{at:%Y-%m}" if bucket is Bucket.MONTH else f"{at:%a %Y-%m-%d}"


def series(points: Any, bucket: Bucket, name: str, place: Place) -> Table:
    """A row for each bucket."""
    table = numbers(new_table("time", name, ""), 1)
    most = max((point.count for point in points), default=0)
    for point in points:
        drawn = place.bar(point.count, most, 32)
        table.add_row(when(point.time, bucket), number(point.count), drawn)
    return table


def numbers(table: Table, *columns: int) -> Table:
    for column in columns:
        table.columns[column].justify = "right"
        table.columns[column].no_wrap = True
    return table


def key_text(text: str | None) -> Text:
    return Text("(none)", "dim") if text is None else Text(printable(text) or "(empty)")


def seconds(length: float | None) -> str:
    """A length of time."""
    return "unknown" if length is None else told(length)


def milliseconds(length: float | None) -> str:
    """Seconds, as milliseconds."""
    if length is None:
        return "-"
    return f"{length * 1000:,.0f} ms" if length >= 0.01 else f"{length * 1000:.1f} ms"


def change(new: int, old: int) -> Text:
    """By how many per cent it grew."""
    if not old or new == old:
        return Text("")
    rate = (new - old) / old
    return Text(f"{rate:+.1%}", "green" if rate > 0 else "red")
