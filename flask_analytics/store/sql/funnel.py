"""Funnel: the events that each engine folds its own way, and its rows made into the answer."""

from __future__ import annotations

from typing import NamedTuple

from ...metrics.funnel import Funnel, FunnelAnswer, FunnelGroup, step_counts


class Passage(NamedTuple):
    """A funnel, ready to be folded.

    :param sql: a SELECT of ``person`` (never NULL), ``ts`` and ``steps``: each counted event in
        the range that serves for any step, bit k of ``steps`` (1 << k) set where it serves for
        step k. In no order. An event that serves for several may be used for one of them only.
    :param count: steps.
    :param window: microseconds that t(ek) - t(e0) may be at most, None for no limit.
    :param groups: a SELECT of ``person`` and ``key`` (text, never NULL), each person once at
        most: whose group. None: no breakdown. Shares the values of ``sql``.
    """

    sql: str
    count: int
    window: int | None
    groups: str | None = None


class Reached(NamedTuple):
    """People of a group who got exactly so many steps far (1 to ``Passage.count``)."""

    key: str | None
    steps: int
    people: int


def fold(question: Funnel, reached: list[Reached]) -> FunnelAnswer:
    """The answer: people who got at least so far, overall and by group."""
    overall = [0] * len(question.steps)
    groups: dict[str, list[int]] = {}
    for key, steps, people in reached:
        _add(overall, steps, people)
        if key is not None:
            _add(groups.setdefault(key, [0] * len(overall)), steps, people)
    largest = sorted(groups.items(), key=lambda item: (-item[1][0], item[0]))
    return FunnelAnswer(
        step_counts(question.steps, overall),
        tuple(
            FunnelGroup(key, step_counts(question.steps, counts))
            for key, counts in largest[: question.limit]
        ),
    )


def _add(counts: list[int], steps: int, people: int) -> None:
    for step in range(steps):
        counts[step] += people
