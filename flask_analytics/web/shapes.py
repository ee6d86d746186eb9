"""Answers as the read API's JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from ..metrics.active import ActiveAnswer, ActiveUsers
from ..metrics.funnel import Funnel, FunnelAnswer, FunnelGroup, StepCount
from ..metrics.latency import RouteLatency
from ..metrics.person import Person, Seen
from ..metrics.retention import Period, Retention, RetentionAnswer, Returned
from ..metrics.revenue import Amount, Revenues, Sum
from ..metrics.summary import Summary
from ..metrics.top import Entry, Slice
from ..metrics.understood import understood
from ..metrics.visits import VisitsAnswer
from ..metrics.volume import Point


class People(msgspec.Struct, frozen=True):
    """Distinct people of the whole range."""

    people: int


class Return(msgspec.Struct, frozen=True, omit_defaults=True):
    """People of a cohort who came back so many days, weeks or months after their own first one.
    ``partial`` is there, and true, while the time for it is not over."""

    returned: int
    offset_days: int | UnsetType = UNSET
    offset_weeks: int | UnsetType = UNSET
    offset_months: int | UnsetType = UNSET
    partial: bool = False


class CohortReturns(msgspec.Struct, frozen=True):
    """The people who came first in one period, which starts at ``time``."""

    time: str
    cohort: int
    results: tuple[Return, ...]


#: What ``results`` is, for each kind of question.
RESULTS: Mapping[str, Any] = {
    "volume": tuple[Point, ...],
    "top": tuple[Entry, ...],
    "breakdown": tuple[Slice, ...],
    "funnel": tuple[StepCount, ...],
    "retention": tuple[Return, ...],
    "active": People | tuple[Point, ...],
    "visits": VisitsAnswer,
    "revenue": tuple[Sum, ...],
    "latency": tuple[RouteLatency, ...],
    "dashboard": Summary,
    "people": tuple[Seen, ...],
    "traits": Person,
    "timeline": tuple[dict[str, Any], ...],
    "recent": tuple[dict[str, Any], ...],
}

#: What may stand beside it.
BESIDE: Mapping[str, Mapping[str, Any]] = {
    "funnel": {"groups": tuple[FunnelGroup, ...]},
    "retention": {"cohort": int, "cohorts": tuple[CohortReturns, ...]},
    "active": {"people": int},
}


def body(question: Any, answer: Any) -> Any:
    """``{"results": ..., "query": ...}``; a dashboard is its object alone."""
    if isinstance(answer, Summary):
        return answer
    shape = _SHAPES.get(type(question))
    content = shape(question, answer) if shape else {"results": answer}
    return {**content, "query": understood(question)}


def _funnel(question: Funnel, answer: FunnelAnswer) -> dict[str, Any]:
    groups = {"groups": answer.groups} if question.breakdown else {}
    return {"results": answer.steps, **groups}


def _revenue(question: Revenues, answer: tuple[Sum, ...]) -> dict[str, Any]:
    """Amounts as people write them: 1000, not 1E+3."""
    return {"results": [
        Sum(one.currency, _plain(one.amount), one.count,
            tuple(Amount(of.time, _plain(of.amount), of.count) for of in one.series))
        for one in answer
    ]}  # fmt: skip


def _plain(amount: Decimal) -> Decimal:
    return Decimal(format(amount, "f"))


def _active(question: ActiveUsers, answer: ActiveAnswer) -> dict[str, Any]:
    if question.interval is None:
        return {"results": People(answer.people)}
    return {"results": answer.series, "people": answer.people}


def _retention(question: Retention, answer: RetentionAnswer) -> dict[str, Any]:
    def returns(given: tuple[Returned, ...]) -> tuple[Return, ...]:
        return tuple(_return(question.period, one) for one in given)

    content: dict[str, Any] = {"results": returns(answer.returned), "cohort": answer.size}
    if question.grid:
        content["cohorts"] = [
            CohortReturns(cohort.time, cohort.size, returns(cohort.returned))
            for cohort in answer.cohorts
        ]
    return content


def _return(period: Period, one: Returned) -> Return:
    if period is Period.WEEK:
        return Return(one.returned, offset_weeks=one.offset, partial=one.partial)
    if period is Period.MONTH:
        return Return(one.returned, offset_months=one.offset, partial=one.partial)
    return Return(one.returned, offset_days=one.offset, partial=one.partial)


_SHAPES: Mapping[type, Callable[[Any, Any], dict[str, Any]]] = {
    Funnel: _funnel,
    ActiveUsers: _active,
    Retention: _retention,
    Revenues: _revenue,
}
