"""The funnel builder: steps from what exists, in any order, each with its filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...errors import QuestionError
from ...metrics.duration import told
from ...metrics.funnel import MAX_STEPS, MIN_STEPS, FunnelAnswer, StepCount
from ..charts.steps import steps as drawing
from .desk import Asked, Desk
from .figures import NONE
from .series import Drawn

#: Names to choose from, and groups of a breakdown.
NAMES, GROUPS = 100, 8

#: Longest times from the first step to the last.
WINDOWS = (("", "the whole range"), ("30m", "30 minutes"), ("1d", "a day"), ("7d", "7 days"),
           ("30d", "30 days"))  # fmt: skip


@dataclass(frozen=True)
class Onward:
    """From a step to the next: the share that got there, who did not, and the time in words within
    which half of the others did; empty where nobody did."""

    kept: float
    lost: int
    pace: str


@dataclass(frozen=True)
class Row:
    """One step: what it is, how many came so far, and where the builder's links lead."""

    place: int
    event: str
    filters: list[tuple[str, str]]
    remove: str
    up: str
    count: StepCount | None = None
    onward: Onward | None = None


def funnels(desk: Desk) -> dict[str, Any]:
    """All that the page shows."""
    steps = desk.report.many("step")
    if len(steps) > MAX_STEPS:
        raise QuestionError("step", f"{len(steps)} given: {MAX_STEPS} are the most")
    names = [entry.key for entry in desk.ask("top", limit=NAMES).answer]
    found = {
        "steps": _rows(desk, steps, None), "names": names, "windows": WINDOWS, "answer": None,
        "window": desk.report.one("window"), "breakdown": desk.report.one("breakdown"),
        "suggestion": _suggestion(desk, names),
    }  # fmt: skip
    return {**found, **_answered(desk, steps)} if len(steps) >= MIN_STEPS else found


def _answered(desk: Desk, steps: list[str]) -> dict[str, Any]:
    breakdown = desk.report.one("breakdown")
    own = {"breakdown": breakdown, "limit": GROUPS} if breakdown else {}
    asked = desk.ask(
        "funnel", step=steps, step_filter=desk.report.many("step_filter"),
        window=desk.report.one("window"), **own,
    )  # fmt: skip
    return {
        "answer": asked.answer,
        "steps": _rows(desk, steps, asked.answer),
        "drawn": _drawn(desk, asked),
        "pace": _pace,
    }


def _drawn(desk: Desk, asked: Asked) -> Drawn:
    counts, figures = asked.answer.steps, desk.figures
    title = f"Funnel, {desk.times.range(desk.report.range)}"
    rows: list[tuple[str, ...]] = []
    before = 0
    for place, step in enumerate(counts, 1):
        kept = figures.percent(step.count / before) if before else NONE
        share = figures.percent(step.conversion)
        people = figures.count(step.count)
        rows.append((f"{place}. {step.event}", people, share, kept, _pace(step) or NONE))
        before = step.count
    columns = ("Step", "People", "Of the first", "Of the step before", "Median time from it")
    return Drawn(drawing(title, [step.count for step in counts]), columns, rows, asked.csv)


def _pace(step: StepCount) -> str:
    """The time from the step before, in words; empty where there is none."""
    return "" if step.median_seconds is None else told(step.median_seconds)


def _rows(desk: Desk, steps: list[str], answer: FunnelAnswer | None) -> list[Row]:
    placed = _placed(desk)
    return [
        _row(desk, place, steps, placed, answer.steps if answer else ())
        for place in range(len(steps))
    ]


def _row(
    desk: Desk,
    place: int,
    steps: list[str],
    placed: list[tuple[int, str]],
    counts: tuple[StepCount, ...],
) -> Row:
    order = list(range(len(steps)))
    others = [one for one in order if one != place]
    swapped = [*order[: place - 1], place, place - 1, *order[place + 1 :]]
    own = [
        (text, desk.link(step_filter=[f"{at}:{one}" for at, one in placed if (at, one) !=
                                      (place + 1, text)]))
        for at, text in placed if at == place + 1
    ]  # fmt: skip
    return Row(
        place=place + 1,
        event=steps[place],
        filters=own,
        remove=_ordered(desk, others, steps, placed),
        up=_ordered(desk, swapped, steps, placed) if place else "",
        count=counts[place] if counts else None,
        onward=_onward(*counts[place : place + 2]) if len(counts) > place + 1 else None,
    )


def _onward(step: StepCount, following: StepCount) -> Onward:
    median = following.median_seconds
    return Onward(
        kept=following.count / step.count if step.count else 0.0,
        lost=step.count - following.count,
        pace="" if median is None else told(max(median, 1.0)),  # "within under 1 s" is no English
    )


def _placed(desk: Desk) -> list[tuple[int, str]]:
    """Filters with the places of their steps; what is none the question itself refuses."""
    parts = (one.partition(":") for one in desk.report.many("step_filter"))
    return [(int(place), text) for place, _, text in parts if place.isdecimal()]


def _ordered(desk: Desk, order: list[int], steps: list[str], placed: list[tuple[int, str]]) -> str:
    """The page with the steps in another order; their filters go with them."""
    filters = [
        f"{now}:{text}"
        for now, was in enumerate(order, 1)
        for place, text in placed
        if place == was + 1
    ]
    return desk.link(step=[steps[was] for was in order], step_filter=filters)


def _suggestion(desk: Desk, names: list[str]) -> str:
    """A funnel to begin with: a page view, then the events that come after it in number."""
    others = [name for name in names if name not in ("pageview", "engagement")]
    chosen = ["pageview", *others[:2]]
    return desk.link(step=chosen) if len(chosen) >= MIN_STEPS and "pageview" in names else ""
