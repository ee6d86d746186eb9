"""Retention: how many of those who came for the first time come back."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from .filters import Scope
from .window import Range

#: Offsets of one question, and the largest.
MAX_OFFSETS, MAX_OFFSET = 100, 1000


class Period(StrEnum):
    """What a cohort and an offset are counted in: local days, weeks from Monday, months."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """The cohort are the people whose first counted event ever (in the scope, of the name
    ``start_event`` if given) lies in the range. returned(n) are those of them with a counted
    event (in the scope, ``return_event`` if given) in the nth local period after the period of
    their own first event; offset 0 is the whole cohort. Answered by ``RetentionAnswer``.

    :param range: for a grid whole periods; ``retention(from, cohort_days)`` makes it.
    :param grid: also one row for each period of the range.
    :param now: when it is asked, UTC microseconds: an offset is ``partial`` while the period that
        the last of its cohort could return in is not over: the nth after the last period of the
        range (of the grid's row), whether or not anybody came in it.
    """

    range: Range
    now: int
    offsets: tuple[int, ...] = (0, 1, 7)
    period: Period = Period.DAY
    scope: Scope = Scope()
    start_event: str | None = None
    return_event: str | None = None
    grid: bool = False


class Returned(msgspec.Struct, frozen=True):
    """People of a cohort who came back. ``partial``: the time for it is not over yet."""

    offset: int
    returned: int
    partial: bool = False


class Cohort(msgspec.Struct, frozen=True):
    """The people who came first in one period; ``time`` is when it starts, as in ``Point``."""

    time: str
    size: int
    returned: tuple[Returned, ...]


class RetentionAnswer(msgspec.Struct, frozen=True):
    """The whole cohort, and with ``grid`` those of each period, empty ones too."""

    size: int
    returned: tuple[Returned, ...]
    cohorts: tuple[Cohort, ...] = ()
