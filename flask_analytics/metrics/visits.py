"""Visits: what people do in one go."""

from __future__ import annotations

import msgspec

from .filters import Scope
from .window import Bucket, Range

#: Seconds without an event that end a visit.
GAP = 30 * 60

#: Engaged seconds under which a visit of one page view is a bounce.
BOUNCE = 10.0


class Visits(msgspec.Struct, frozen=True, kw_only=True):
    """A person's counted events in the range, with gaps under 30 minutes, are one visit; those of
    nobody are in none. Answered by ``VisitsAnswer``.

    :param interval: also a series; a visit is in the bucket that it begins in.
    """

    range: Range
    scope: Scope = Scope()
    interval: Bucket | None = None


class VisitsPoint(msgspec.Struct, frozen=True):
    """One bucket: ``time`` is when it starts, as of ``volume.Point``; the visits that begin in it
    and their engaged seconds, None where no event tells. Empty ones too."""

    time: str
    visits: int
    engaged: float | None


class VisitsAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
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
    :param series: with an ``interval``.
    """

    visits: int
    people: int
    views: int
    bounces: int
    bounce_rate: float
    engaged: float | None
    median_seconds: float | None
    series: tuple[VisitsPoint, ...] = ()
