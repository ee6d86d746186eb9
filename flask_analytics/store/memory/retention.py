"""Retention: who came for the first time, and how many of them came back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ...metrics.retention import Cohort, Period, Retention, RetentionAnswer, Returned
from ...metrics.window import Bucket, label, local_date, micros, moment, starts
from .selection import Selection


def retention(asked: Retention, among: Selection) -> RetentionAnswer:
    """The whole cohort, and the grid."""
    ever = among.by_person(among.ever(asked.scope, asked.start_event))
    start, end = asked.range.start_us, asked.range.end_us
    firsts = {key: rows[0].us for key, rows in ever.items() if start <= rows[0].us < end}
    returns = among.by_person(among.ever(asked.scope, asked.return_event))
    calendar = Calendar(asked)
    people = [
        Comer(calendar.period(first), {calendar.period(row.us) for row in returns.get(key, [])})
        for key, first in firsts.items()
    ]
    returned = calendar.returned(people, calendar.period(end - 1))
    grid = _grid(asked, people, calendar) if asked.grid else ()
    return RetentionAnswer(len(people), returned, tuple(grid))


class Comer:
    """One of the cohort: the period they first came in, and all that they came in."""

    def __init__(self, first: int, periods: set[int]) -> None:
        self.first = first
        self._periods = periods

    def came(self, offset: int) -> bool:
        """Did they come in the nth period after the first? The cohort itself is offset 0."""
        return offset == 0 or self.first + offset in self._periods


class Calendar:
    """The local periods of a question, numbered."""

    def __init__(self, asked: Retention) -> None:
        self._asked = asked
        self._tz = asked.range.tz
        self._current = self.period(asked.now)

    def period(self, us: int) -> int:
        """The number of the local day, week (from Monday) or month of a time."""
        day = local_date(moment(us), self._tz)
        if self._asked.period is Period.MONTH:
            return day.year * 12 + day.month
        ordinal = day.toordinal()  # day 1 was a Monday
        return (ordinal - 1) // 7 if self._asked.period is Period.WEEK else ordinal

    def returned(self, people: list[Comer], last: int) -> tuple[Returned, ...]:
        """Those of a cohort who came back, for each offset.

        :param last: the last period that the cohort could come in.
        """
        return tuple(
            Returned(
                offset,
                sum(person.came(offset) for person in people),
                partial=last + offset >= self._current,
            )
            for offset in self._asked.offsets
        )


def _grid(asked: Retention, people: list[Comer], calendar: Calendar) -> Iterator[Cohort]:
    rows: dict[int, list[Comer]] = defaultdict(list)
    for person in people:
        rows[person.first].append(person)
    for begin in starts(asked.range, Bucket(asked.period)):
        period = calendar.period(micros(begin))
        of = rows[period]
        yield Cohort(label(begin, asked.range.tz), len(of), calendar.returned(of, period))
