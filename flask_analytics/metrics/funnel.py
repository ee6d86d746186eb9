"""Funnel: how many people get how far through some steps, in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from .filters import Filter, Scope
from .latency import nearest_rank
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

    Times are those of one attempt of each person: of all their chains e0..ek as above, to the last
    step k that any of them gets to, the one with the earliest t(e0); of several the one with the
    earliest t(e1); and so on. Without a window that is the first time they did step 0, the first
    time after it that they did step 1, ...; with one, the first start that gets as far within it.

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
    """People who got to a step.

    :param conversion: their share of step 0, 0 where that is empty.
    :param median_seconds: median (nearest rank: of an even number the lower of the two in the
        middle) of t(ek) - t(ek-1) of the attempts of those who got to this step k, to the
        microsecond; None for step 0 and where nobody got there.
    """

    event: str
    count: int
    conversion: float
    median_seconds: float | None = None


class FunnelGroup(msgspec.Struct, frozen=True):
    """The funnel of the people of one group."""

    key: str
    steps: tuple[StepCount, ...]


class FunnelAnswer(msgspec.Struct, frozen=True):
    """The steps over all people, and of each group where a breakdown was asked for."""

    steps: tuple[StepCount, ...]
    groups: tuple[FunnelGroup, ...] = ()


class Progress(NamedTuple):
    """How far some people got: for each step their number, and the median seconds of those who
    got there from the step before."""

    counts: Sequence[int]
    medians: Sequence[float | None]


def progress(attempts: Iterable[Sequence[int]], length: int) -> Progress:
    """Add up.

    :param attempts: of each person what ``chain.times`` says, in microseconds.
    :param length: steps.
    """
    gaps: list[list[int]] = [[] for _ in range(length)]
    for times in attempts:
        for step, time in enumerate(times):
            gaps[step].append(time - times[step - 1] if step else 0)
    medians = [nearest_rank([gap / 10**6 for gap in sorted(of)], 0.5) for of in gaps[1:]]
    return Progress([len(of) for of in gaps], [None, *medians])


def step_counts(steps: tuple[Step, ...], found: Progress) -> tuple[StepCount, ...]:
    """Put it into words."""
    first = found.counts[0]
    return tuple(
        StepCount(step.event, count, count / first if first else 0.0, median)
        for step, count, median in zip(steps, *found, strict=True)
    )
