"""Times in the viewer's zone, which is named beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ...errors import QuestionError
from ...metrics import window
from ...metrics.window import Bucket, Range
from .figures import MINUS, NONE

#: The browser's zone, as our script found it.
COOKIE = "analytics_zone"


def known(name: str | None) -> str:
    """A zone that there is: the one that was named, else UTC."""
    try:
        return window.zone(name or "UTC").key
    except QuestionError:
        return "UTC"


class Times:
    """Writes times.

    :param zone: IANA name.
    :param now: UTC.
    """

    def __init__(self, zone: str, now: datetime) -> None:
        self.zone, self.now = zone, now
        self._tz = window.zone(zone)

    def offset(self) -> str:
        """The zone's distance from UTC now: ``UTC+1``."""
        minutes = round((self.now.astimezone(self._tz).utcoffset() or timedelta()).total_seconds())
        hours, rest = divmod(abs(minutes) // 60, 60)
        if not minutes:
            return "UTC"
        return f"UTC{'+' if minutes > 0 else MINUS}{hours}" + (f":{rest:02}" if rest else "")

    def at(self, moment: str | float | datetime | None) -> str:
        """To the second: ``21 Nov 2026, 08:00:12``."""
        if moment is None:
            return NONE
        local = self._local(moment)
        return f"{_day(local)} {local:%Y, %H:%M:%S}"

    def day(self, moment: str | float | datetime) -> str:
        """The local day: ``Saturday, 21 Nov 2026``."""
        local = self._local(moment)
        return f"{local:%A}, {_day(local)} {local:%Y}"

    def clock(self, moment: str | float | datetime) -> str:
        """The time of day alone."""
        return f"{self._local(moment):%H:%M:%S}"

    def ago(self, moment: str | float | datetime) -> str:
        """How long ago, roughly."""
        seconds = (self.now - self._local(moment)).total_seconds()
        for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
            if seconds >= size:
                return f"{int(seconds // size)} {unit} ago"
        return "just now"

    def label(self, start: str, bucket: Bucket) -> str:
        """A bucket, short: for an axis."""
        local = self._local(start)
        if bucket is Bucket.HOUR:
            return f"{local:%H:%M}"
        return f"{local:%b %Y}" if bucket is Bucket.MONTH else _day(local)

    def name(self, start: str, bucket: Bucket) -> str:
        """A bucket, in full."""
        local = self._local(start)
        if bucket is Bucket.HOUR:
            return f"{local:%a} {_day(local)}, {local:%H:%M}"
        if bucket is Bucket.WEEK:
            return f"Week of {_day(local)} {local:%Y}"
        return (
            f"{local:%B %Y}" if bucket is Bucket.MONTH else f"{local:%a} {_day(local)} {local:%Y}"
        )

    def range(self, span: Range) -> str:
        """First and last day."""
        first = self._local(span.start)
        last = self._local(span.end - timedelta(microseconds=1))
        if first.date() == last.date():
            return f"{_day(first)} {first:%Y}"
        same = first.year == last.year
        return f"{_day(first)}{'' if same else f' {first.year}'} {NONE} {_day(last)} {last.year}"

    def _local(self, moment: str | float | datetime) -> datetime:
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        elif not isinstance(moment, datetime):
            moment = datetime.fromtimestamp(moment, UTC)
        return moment.astimezone(self._tz)


def _day(local: datetime) -> str:
    return f"{local.day} {local:%b}"
