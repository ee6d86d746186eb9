"""Visits: what people do in one go."""

from __future__ import annotations

import msgspec

from .filters import Scope
from .window import Range

#: Seconds without an event that end a visit.
GAP = 30 * 60

#: Engaged seconds under which a visit of one page view is a bounce.
BOUNCE = 10.0


class Visits(msgspec.Struct, frozen=True, kw_only=True):
    """A person's counted events in the range, with gaps under 30 minutes, are one visit; those of
    nobody are in none. Answered by ``VisitsAnswer``."""

    range: Range
    scope: Scope = Scope()


class VisitsAnswer(msgspec.Struct, frozen=True):
    """Counts over the range.

    :param visits: all of them.
    :param people: who made them.
    :param views: page views in them.
    :param bounces: visits with exactly one page view, no matter what else, and less than 10
        engaged seconds where these are known.
    :param bounce_rate: their share; 0 without visits.
    :param engaged: sum of ``engaged_seconds`` of the browser's ``engagement`` events, seconds;
        None where no event tells.
    :param median_seconds: median (nearest rank) of the seconds from a visit's first event to its
        last; None without visits.
    """

    visits: int
    people: int
    views: int
    bounces: int
    bounce_rate: float
    engaged: float | None
    median_seconds: float | None
