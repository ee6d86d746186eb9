"""The funnel: how many people got how far, and how fast."""

from __future__ import annotations

from collections import defaultdict

from ...metrics import chain
from ...metrics.funnel import (
    Funnel,
    FunnelAnswer,
    FunnelGroup,
    Step,
    StepCount,
    progress,
    step_counts,
)
from .row import Row
from .selection import Selection

SECOND = 1_000_000


def funnel(asked: Funnel, among: Selection) -> FunnelAnswer:
    """Everybody's steps, and those of each group."""
    rows = among.counted(asked, *(step.event for step in asked.steps))
    people = [Journey(asked, of, among) for of in among.by_person(rows).values()]
    groups: dict[str, list[Journey]] = defaultdict(list)
    for journey in people:
        if journey.group is not None:
            groups[journey.group].append(journey)
    found = [FunnelGroup(key, _counts(asked, of)) for key, of in groups.items()]
    found.sort(key=lambda group: (-group.steps[0].count, group.key))
    return FunnelAnswer(_counts(asked, people), tuple(found[: asked.limit]))


class Journey:
    """One person in a funnel: when they got through which steps, and their group."""

    def __init__(self, asked: Funnel, rows: list[Row], among: Selection) -> None:
        def serves(row: Row, step: Step) -> bool:
            return row.name == step.event and among.passes(row, step.filters)

        steps = list(enumerate(asked.steps))
        matched = [(row, {n for n, step in steps if serves(row, step)}) for row in rows]
        window = None if asked.window is None else round(asked.window * SECOND)
        self.times = chain.times(((row.us, of) for row, of in matched), len(steps), window)
        first = next((row for row, of in matched if 0 in of), None)
        self.group = among.value(first, asked.breakdown) if first and asked.breakdown else None


def _counts(asked: Funnel, people: list[Journey]) -> tuple[StepCount, ...]:
    found = progress((person.times for person in people), len(asked.steps))
    return step_counts(asked.steps, found)
