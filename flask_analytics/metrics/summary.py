"""The dashboard's first page: a few figures, beside those of the period before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from .active import ActiveUsers
from .filters import Scope
from .top import Entry, TopEvents
from .volume import Volume
from .window import Range, midnight


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """The last local days, including the whole of today. Answered by ``Summary``.

    :param range: the days, from midnight to midnight.
    """

    range: Range
    scope: Scope = Scope()
    limit: int = 10


class Figures(msgspec.Struct, frozen=True):
    """``total_events`` and ``top_events`` of the days; ``dau`` people of the last one; ``wau`` of
    the last seven, whatever the range is."""

    total_events: int
    dau: int
    wau: int
    top_events: tuple[Entry, ...]


class Summary(msgspec.Struct, frozen=True):
    """The figures, and the same of as many days before."""

    total_events: int
    dau: int
    wau: int
    top_events: tuple[Entry, ...]
    previous: Figures


def summarise(question: Dashboard, ask: Callable[[Any], Any]) -> Summary:
    """Put the answer together from the answers to simpler questions."""
    now = _figures(question, question.range, ask)
    before = _figures(question, question.range.before(), ask)
    return Summary(now.total_events, now.dau, now.wau, now.top_events, before)


def _figures(question: Dashboard, span: Range, ask: Callable[[Any], Any]) -> Figures:
    scope = question.scope
    volume = ask(Volume(range=span, scope=scope))
    top = ask(TopEvents(range=span, scope=scope, limit=question.limit))
    day, week = (ask(ActiveUsers(range=last(span, n), scope=scope)) for n in (1, 7))
    return Figures(sum(point.count for point in volume), day.people, week.people, top)


def last(span: Range, count: int) -> Range:
    """So many local days that end with a range."""
    day = span.local(span.end - timedelta(microseconds=1)).date() - timedelta(count - 1)
    return Range(midnight(day, span.tz), span.end, span.zone)
