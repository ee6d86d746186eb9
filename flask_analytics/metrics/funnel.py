"""Funnel: how many people get how far through some steps, in their order."""

from __future__ import annotations

import msgspec

from .filters import Filter, Scope
from .window import Range

#: Steps of one funnel.
MIN_STEPS, MAX_STEPS = 2, 20


class Step(msgspec.Struct, frozen=True):
    """Events of a name that pass the filters."""

    event: str
    filters: tuple[Filter, ...] = ()


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """For step k, the people who have events e0..ek, one distinct event for each step, timestamps
    not decreasing (ties in any order), all in the range, and t(ek) - t(e0) <= window where one is
    given; any start of theirs may serve, not only the first. Answered by ``FunnelAnswer``.

    :param steps: 2 to 20.
    :param window: seconds; None: the whole range.
    :param breakdown: a filter field (``property.plan``, ``device``, ``trait.country``). Each
        person is in the group of the value that their first event of step 0 in the range has
        (by time, then message id); a person whose event has none is in no group. The overall
        answer stays as it is without.
    :param limit: groups, the largest at step 0 first, then by key.
    """

    range: Range
    steps: tuple[Step, ...]
    scope: Scope = Scope()
    window: float | None = None
    breakdown: str | None = None
    limit: int = 10


class StepCount(msgspec.Struct, frozen=True):
    """People who got to a step. ``conversion`` is their share of step 0, 0 where that is empty."""

    event: str
    count: int
    conversion: float


class FunnelGroup(msgspec.Struct, frozen=True):
    """The funnel of the people of one group."""

    key: str
    steps: tuple[StepCount, ...]


class FunnelAnswer(msgspec.Struct, frozen=True):
    """The steps over all people, and of each group where a breakdown was asked for."""

    steps: tuple[StepCount, ...]
    groups: tuple[FunnelGroup, ...] = ()


def step_counts(steps: tuple[Step, ...], counts: list[int]) -> tuple[StepCount, ...]:
    """Put counts into words."""
    first = counts[0]
    return tuple(
        StepCount(step.event, count, count / first if first else 0.0)
        for step, count in zip(steps, counts, strict=True)
    )
