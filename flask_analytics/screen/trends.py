"""How series, top lists, funnels and grids are drawn; no part where there is nothing to see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.table import Table
from rich.text import Text

from ..metrics.duration import told
from ..metrics.window import Bucket
from .counters import printable
from .parts import Parts, Place, key_text, numbers, series, share, when
from .table import new_table, number


def volume(question: Any, answer: Any, place: Place) -> Parts:
    total = sum(point.count for point in answer)
    if not total:
        return []
    table = series(answer, question.bucket, "events", place)
    table.add_row(Text("all", "bold"), number(total, "bold"), "")
    return [table]


def top(question: Any, answer: Any, place: Place) -> Parts:
    if not answer:
        return []
    key = getattr(question, "property", "event")
    if getattr(question, "people", False):
        return [_with_people(printable(key), "events", answer, place)]
    table = numbers(new_table(printable(key), "events", ""), 1)
    widest = max(len(entry.key) for entry in answer)
    for entry in answer:
        drawn = place.bar(entry.count, answer[0].count, min(widest, 40) + 18)
        table.add_row(key_text(entry.key), number(entry.count), drawn)
    return [table]


def _with_people(key: str, events: str, answer: Any, place: Place) -> Table:
    table = numbers(new_table(key, events, "people", ""), 1, 2)
    widest = max(len(one.key) for one in answer)
    for one in answer:
        drawn = place.bar(one.count, answer[0].count, min(widest, 40) + 28)
        table.add_row(key_text(one.key), number(one.count), number(one.people), drawn)
    return table


def breakdown(question: Any, answer: Any, place: Place) -> Parts:
    if not answer:
        return []
    events = "events" if question.event else "views"
    return [_with_people(str(question.dimension), events, answer, place)]


def funnel(question: Any, answer: Any, place: Place) -> Parts:
    if not answer.steps[0].count:
        return []
    columns = ("", "step", "people", "of all", "of the last", "median time", "")
    table = numbers(new_table(*columns), 2, 3, 4, 5)
    first = before = answer.steps[0].count
    widest = max(len(step.event) for step in answer.steps)
    for place_, (step, asked) in enumerate(zip(answer.steps, question.steps, strict=True), 1):
        name = key_text(step.event)
        for one in asked.filters:
            name.append(f"\n{printable(str(one))}", "dim")
        drawn = place.bar(step.count, first, min(widest, 40) + 58)
        table.add_row(
            Text(str(place_), "dim"), name, number(step.count), share(step.count, first),
            "" if place_ == 1 else share(step.count, before), _pace(step), drawn,
        )  # fmt: skip
        before = step.count
    return [table, *([_groups(question, answer)] if answer.groups else [])]


def _pace(step: Any) -> str:
    """The time from the step before; nothing at the first one."""
    return "" if step.median_seconds is None else told(step.median_seconds)


def _groups(question: Any, answer: Any) -> Table:
    names = [f"{place} {step.event}" for place, step in enumerate(question.steps, 1)]
    table = new_table(*map(printable, [str(question.breakdown), *names]))
    numbers(table, *range(1, len(names) + 1))
    for group in answer.groups:
        table.add_row(key_text(group.key), *map(_of_group, group.steps))
    return table


def _of_group(step: Any) -> Text:
    """People, their share of the first step, and below it their time."""
    cell = Text(f"{step.count:,}").append(f" {step.conversion:.0%}", "dim")
    return cell.append(f"\n{pace}", "dim") if (pace := _pace(step)) else cell


def retention(question: Any, answer: Any, place: Place) -> Parts:
    if not answer.size and not any(cohort.size for cohort in answer.cohorts):
        return []
    unit = str(question.period)
    columns = [f"{unit} {one.offset}" for one in answer.returned]
    table = numbers(new_table("first seen", "people", *columns), *range(1, len(columns) + 2))
    for cohort in answer.cohorts:
        label = when(cohort.time, Bucket(question.period))
        table.add_row(label, number(cohort.size), *map(_returned(cohort.size), cohort.returned))
    table.add_row(
        Text("all", "bold"),
        number(answer.size, "bold"),
        *map(_returned(answer.size), answer.returned),
    )
    parts: Parts = [table]
    if any(one.partial for one in answer.returned):
        parts.append(Text("+ is not over yet: more may come back.", "dim"))
    return parts


def _returned(size: int) -> Callable[[Any], Text]:
    def draw(one: Any) -> Text:
        rate = one.returned / size if size else 0.0
        # Darker is more, as in any such grid; the number says it where colours do not.
        style = "dim" if not one.returned else f"color({_SHADES[min(int(rate * 5), 4)]})"
        return Text(f"{rate:.0%}" if size else "-", style).append("+" if one.partial else "", "dim")

    return draw


#: Blues of the 256 colours, from pale to strong.
_SHADES = (110, 74, 75, 39, 45)


def active(question: Any, answer: Any, place: Place) -> Parts:
    if not answer.people and not any(point.count for point in answer.series):
        return []
    parts: Parts = [Text(f"{answer.people:,} people")]
    if answer.series:
        name = "people" if question.rolling == 1 else f"people in {question.rolling} days"
        parts.append(series(answer.series, question.interval, name, place))
    return parts
