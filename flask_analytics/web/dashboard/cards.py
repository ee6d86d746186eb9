"""The figures of the first page: how much, how it changed, how it went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from ...metrics.revenue import Sum
from ...metrics.visits import VisitsAnswer, VisitsPoint
from ...metrics.volume import Point
from ...metrics.window import Bucket
from .desk import Asked, Desk
from .figures import NONE
from .series import Height, Points

#: Local days that a point of the visitors' series looks back, so that it is those of its bucket.
_ROLLING = {Bucket.HOUR: 1, Bucket.DAY: 1, Bucket.WEEK: 7, Bucket.MONTH: 30}

#: Actions, also those that ``set_event_name`` gave a name of their own.
ACTION = "action~"

#: Statuses that are the server's fault.
FAULTS = ("source=server", "status>499")

#: What each figure counts.
HELP = {
    "visitors": "People with any event in the range, each once.",
    "pageviews": "Pages that were shown; one that server and browser both saw counts once.",
    "actions": "Requests that change something (POST, PUT, PATCH, DELETE), also those that "
    "set_event_name gave a name of their own.",
    "revenue": "The exact sum, refunds taken off; currencies are never added up.",
    "engaged": "How long somebody was looking, for each visit; told by the browser module.",
    "errors": "The share of the server's answers with a status of 500 or more.",
}


@dataclass(frozen=True)
class Card:
    """One figure."""

    name: str
    title: str
    value: str
    change: str = ""
    #: ``good``, ``bad`` or nothing.
    mood: str = ""
    points: Points = ()
    before: Points | None = None
    asked: Asked | None = None
    #: What the series counts, where that differs from the title.
    series: str = ""
    unit: str = ""
    #: A point of the series as text; default: a count.
    write: Callable[[float], str] | None = None

    @property
    def help(self) -> str:
        """What it counts, in a sentence."""
        return HELP[self.name]


def cards(desk: Desk) -> list[Card]:
    """All of them, in their order."""
    return [build(desk) for build in _CARDS]


def _visitors(desk: Desk) -> Card:
    bucket = desk.report.bucket
    own = {"interval": bucket, "rolling": _ROLLING[bucket]}
    asked = desk.ask("active", **own)
    before = desk.before("active", **own)
    card = _card(desk, "visitors", "Visitors", asked.answer.people, before and before.people)
    return _with(card, asked, asked.answer.series, before and before.series,
                 "Visitors in 24 hours" if bucket is Bucket.HOUR else "")  # fmt: skip


def _views(desk: Desk) -> Card:
    return _volume(desk, "pageviews", "Page views", event="pageview")


def _actions(desk: Desk) -> Card:
    return _volume(desk, "actions", "Actions", filter=desk.report.narrowed(ACTION))


def _volume(desk: Desk, name: str, title: str, **own: Any) -> Card:
    own = {"bucket": desk.report.bucket, **own}
    asked = desk.ask("volume", **own)
    before = desk.before("volume", **own)
    card = _card(desk, name, title, _total(asked.answer), None if before is None else
                 _total(before))  # fmt: skip
    return _with(card, asked, asked.answer, before)


def _revenue(desk: Desk) -> Card:
    """Of the currency with the most events: sums of several are never added."""
    asked = desk.ask("revenue", interval=desk.report.bucket)
    if not asked.answer:
        return Card("revenue", "Revenue", NONE)
    first: Sum = max(asked.answer, key=lambda one: one.count)
    earlier = desk.before("revenue", interval=desk.report.bucket) or ()
    was: Sum | None = next((one for one in earlier if one.currency == first.currency), None)
    card = _card(
        desk, "revenue", "Revenue", float(first.amount), None if was is None else float(was.amount)
    )
    title = "Revenue" if len(asked.answer) == 1 else f"Revenue, 1 of {len(asked.answer)} currencies"
    card = replace(card, title=title, value=_rounded(desk, first.amount), unit=first.currency,
                   write=_amounts(desk, first))  # fmt: skip
    return _with(card, asked, _money(first), was and _money(was), "Revenue")


def _rounded(desk: Desk, amount: Decimal) -> str:
    """For a card: cents up to a thousand, whole numbers up to a million."""
    if abs(amount) < 1000:
        return desk.figures.amount(amount)
    size = float(amount)
    return desk.figures.count(size) if abs(size) < 10**6 else desk.figures.short(size)


def _money(of: Sum) -> list[Height]:
    return [Height(one.time, float(one.amount)) for one in of.series]


def _amounts(desk: Desk, of: Sum) -> Callable[[float], str]:
    """With as many digits after the point as the sum has."""
    digits = max(-int(of.amount.as_tuple().exponent), 0)
    return lambda value: desk.figures.amount(Decimal(f"{value:.{digits}f}"))


def _engaged(desk: Desk) -> Card:
    """Seconds of a visit that somebody was looking."""
    asked = desk.ask("visits", interval=desk.report.bucket)
    before = desk.before("visits", interval=desk.report.bucket)
    value = _per_visit(asked.answer)
    if value is None:
        return Card("engaged", "Engaged per visit", NONE)
    was = before and _per_visit(before)
    card = _card(desk, "engaged", "Engaged per visit", value, was, desk.figures.span)
    card = replace(card, write=desk.figures.span)
    return _with(card, asked, _looking(asked.answer), before and _looking(before))


def _looking(answer: VisitsAnswer) -> list[Height]:
    return [Height(one.time, _per_visit(one) or 0.0) for one in answer.series]


def _per_visit(answer: VisitsAnswer | VisitsPoint) -> float | None:
    return None if answer.engaged is None or not answer.visits else answer.engaged / answer.visits


def _errors(desk: Desk) -> Card:
    now, before = desk.ask("latency", limit=1000).answer, desk.before("latency", limit=1000)
    rate = _rate(now)
    if rate is None:
        return Card("errors", "Error rate", NONE)
    was = None if before is None else _rate(before)
    card = _card(desk, "errors", "Error rate", rate, was, desk.figures.percent, is_bad=True)
    own = {"filter": desk.report.narrowed(*FAULTS), "bucket": desk.report.bucket}
    asked = desk.ask("volume", **own)
    return _with(card, asked, asked.answer, desk.before("volume", **own), "Errors")


def _rate(routes: Sequence[Any]) -> float | None:
    count = sum(route.count for route in routes)
    return sum(route.errors for route in routes) / count if count else None


def _card(
    desk: Desk,
    name: str,
    title: str,
    value: float,
    before: float | None,
    write: Callable[[float], str] | None = None,
    is_bad: bool = False,
) -> Card:
    told = (write or desk.figures.short)(value)
    if before is None:
        return Card(name, title, told)
    moods = ("bad", "good") if is_bad else ("good", "bad")
    mood = "" if value == before or not before else moods[value < before]
    return Card(name, title, told, desk.figures.change(value, before), mood)


def _with(card: Card, asked: Asked, points: Any, before: Any = None, series: str = "") -> Card:
    return replace(card, points=points, before=before, asked=asked, series=series)


def _total(points: Sequence[Point]) -> int:
    return sum(point.count for point in points)


_CARDS: tuple[Callable[[Desk], Card], ...] = (
    _visitors, _views, _actions, _revenue, _engaged, _errors
)  # fmt: skip
