"""Retention: who came first in a period, and how many of them came back after so many."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ...errors import QuestionError
from ...metrics import window
from ...metrics.retention import Cohort, Period, RetentionAnswer, Returned
from ...metrics.window import Bucket, Range
from ..charts.heat import shade
from .desk import Desk

#: Periods that the grid looks back, and offsets that it shows.
LOOK_BACK = {Period.DAY: 14, Period.WEEK: 10, Period.MONTH: 9}


class Cell(NamedTuple):
    """How many came back; ``shade`` is a class of the stylesheet."""

    text: str
    shade: str
    title: str


def retention(desk: Desk) -> dict[str, Any]:
    """All that the page shows."""
    period = _period(desk)
    count = LOOK_BACK[period]
    own = {
        "grid": True, "period": period, "offset": list(range(count)),
        "start_event": desk.report.one("start_event"),
        "return_event": desk.report.one("return_event"),
    }  # fmt: skip
    asked = desk.ask("retention", _span(desk, period, count), **own)
    cohorts = [cohort for cohort in asked.answer.cohorts if cohort.size]
    return {
        "period": period, "periods": tuple(Period), "offsets": range(count),
        "rows": [_row(desk, cohort, period) for cohort in asked.answer.cohorts],
        "total": _total(desk, asked.answer, period, cohorts),
        "size": asked.answer.size, "csv": asked.csv, "is_empty": not cohorts,
        "start_event": own["start_event"], "return_event": own["return_event"],
        "names": [entry.key for entry in desk.ask("top", limit=100).answer],
    }  # fmt: skip


def _period(desk: Desk) -> Period:
    wanted = desk.report.one("period") or Period.WEEK
    try:
        return Period(wanted)
    except ValueError:
        raise QuestionError(
            "period", f"{wanted!r:.40} is no period: use {', '.join(Period)}"
        ) from None


def _span(desk: Desk, period: Period, count: int) -> Range:
    """So many periods up to the end of the report: a grid of its range alone would be a corner."""
    span, bucket = desk.report.range, Bucket(period)
    begin = window.floor(span.end - timedelta(microseconds=1), bucket, span.tz)
    for _ in range(count - 1):
        begin = window.floor(begin - timedelta(hours=1), bucket, span.tz)
    return Range(begin, span.end, span.zone)


def _row(desk: Desk, cohort: Cohort, period: Period) -> tuple[str, int, list[Cell]]:
    name = desk.times.name(cohort.time, Bucket(period))
    return name, cohort.size, _cells(desk, cohort.size, cohort.returned, period, cohort.time)


def _total(
    desk: Desk, answer: RetentionAnswer, period: Period, cohorts: list[Cohort]
) -> list[Cell]:
    """Nothing where the period has begun for nobody."""
    first = min((cohort.time for cohort in cohorts), key=datetime.fromisoformat, default="")
    return _cells(desk, answer.size, answer.returned, period, first)


def _cells(
    desk: Desk, size: int, returned: tuple[Returned, ...], period: Period, time: str
) -> list[Cell]:
    return [_cell(desk, size, one, _is_ahead(desk, one, period, time)) for one in returned]


def _is_ahead(desk: Desk, one: Returned, period: Period, time: str) -> bool:
    """Whether the period has not even begun."""
    if not one.partial or not time:
        return False
    begin, tz = datetime.fromisoformat(time), desk.report.range.tz
    for _ in range(one.offset):
        begin = window.following(begin, Bucket(period), tz)
    return begin > desk.report.now


def _cell(desk: Desk, size: int, one: Returned, is_ahead: bool) -> Cell:
    if is_ahead or not size:
        return Cell("", shade(None), "")
    share = one.returned / size
    told = f"{desk.figures.count(one.returned)} of {desk.figures.count(size)}"
    title = f"{told}, not over yet" if one.partial else told
    return Cell(desk.figures.percent(share), shade(share), title)
