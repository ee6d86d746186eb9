"""How each kind of answer is drawn: a list of parts, or none where there is nothing to see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from ..metrics.window import Bucket, Range
from .bars import bar
from .counters import printable
from .table import new_table, number

Parts = list[RenderableType]

#: Widest bar, in cells.
MAX_BAR = 40


class Place(NamedTuple):
    """Where it is drawn: cells in a line, and whether it has block letters."""

    width: int
    is_fancy: bool

    def bar(self, value: float, most: float, taken: int, style: str = "cyan") -> Text:
        """A bar in what a table leaves when its other columns have ``taken`` cells."""
        width = max(4, min(MAX_BAR, self.width - taken))
        return bar(value, most, width, self.is_fancy, style)


def period(span: Range) -> str:
    """A range as people write it: the last day is the last inside."""
    start, end = span.local(span.start), span.local(span.end)
    if start.time() == end.time() == start.time().min:
        last = end - timedelta(days=1)
        days = f"{start:%Y-%m-%d}" + (f" to {last:%Y-%m-%d}" if last.date() > start.date() else "")
        return f"{days} {span.zone}"
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} {span.zone}"


def share(part: float, whole: float) -> str:
    """Per cent, one digit behind the point."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def when(text: str, bucket: Bucket) -> str:
    """A bucket's start."""
    at = datetime.fromisoformat(text)
    if bucket is Bucket.HOUR:
        return f"{at:%a %Y-%m-%d %H:%M}"
    return f"{at:%Y-%m}" if bucket is Bucket.MONTH else f"{at:%a %Y-%m-%d}"


def series(points: Any, bucket: Bucket, name: str, place: Place) -> Table:
    """A row for each bucket."""
    table = _numbers(new_table("time", name, ""), 1)
    most = max((point.count for point in points), default=0)
    for point in points:
        drawn = place.bar(point.count, most, 32)
        table.add_row(when(point.time, bucket), number(point.count), drawn)
    return table


def _numbers(table: Table, *columns: int) -> Table:
    for column in columns:
        table.columns[column].justify = "right"
        table.columns[column].no_wrap = True
    return table


def _volume(question: Any, answer: Any, place: Place) -> Parts:
    total = sum(point.count for point in answer)
    if not total:
        return []
    table = series(answer, question.bucket, "events", place)
    table.add_row(Text("all", "bold"), number(total, "bold"), "")
    return [table]


def _top(question: Any, answer: Any, place: Place) -> Parts:
    if not answer:
        return []
    key = getattr(question, "property", "event")
    table = _numbers(new_table(printable(key), "events", ""), 1)
    widest = max(len(entry.key) for entry in answer)
    for entry in answer:
        drawn = place.bar(entry.count, answer[0].count, min(widest, 40) + 18)
        table.add_row(_key(entry.key), number(entry.count), drawn)
    return [table]


def _key(text: str | None) -> Text:
    return Text("(none)", "dim") if text is None else Text(printable(text) or "(empty)")


def _breakdown(question: Any, answer: Any, place: Place) -> Parts:
    if not answer:
        return []
    events = "events" if question.event else "views"
    table = _numbers(new_table(str(question.dimension), events, "people", ""), 1, 2)
    widest = max(len(one.key) for one in answer)
    for one in answer:
        drawn = place.bar(one.count, answer[0].count, min(widest, 40) + 28)
        table.add_row(_key(one.key), number(one.count), number(one.people), drawn)
    return [table]


def _funnel(question: Any, answer: Any, place: Place) -> Parts:
    if not answer.steps[0].count:
        return []
    table = _numbers(new_table("", "step", "people", "of all", "of the last", ""), 2, 3, 4)
    first = before = answer.steps[0].count
    widest = max(len(step.event) for step in answer.steps)
    for place_, (step, asked) in enumerate(zip(answer.steps, question.steps, strict=True), 1):
        name = _key(step.event)
        for one in asked.filters:
            name.append(f"\n{printable(str(one))}", "dim")
        drawn = place.bar(step.count, first, min(widest, 40) + 44)
        table.add_row(
            Text(str(place_), "dim"), name, number(step.count), share(step.count, first),
            "" if place_ == 1 else share(step.count, before), drawn,
        )  # fmt: skip
        before = step.count
    return [table, *([_groups(question, answer)] if answer.groups else [])]


def _groups(question: Any, answer: Any) -> Table:
    names = [f"{place} {step.event}" for place, step in enumerate(question.steps, 1)]
    table = new_table(str(question.breakdown), *map(printable, names))
    _numbers(table, *range(1, len(names) + 1))
    for group in answer.groups:
        cells = [Text(f"{step.count:,}").append(f" {step.conversion:.0%}", "dim")
                 for step in group.steps]  # fmt: skip
        table.add_row(_key(group.key), *cells)
    return table


def _retention(question: Any, answer: Any, place: Place) -> Parts:
    if not answer.size and not any(cohort.size for cohort in answer.cohorts):
        return []
    unit = str(question.period)
    columns = [f"{unit} {one.offset}" for one in answer.returned]
    table = _numbers(new_table("first seen", "people", *columns), *range(1, len(columns) + 2))
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


def _active(question: Any, answer: Any, place: Place) -> Parts:
    if not answer.people and not any(point.count for point in answer.series):
        return []
    parts: Parts = [Text(f"{answer.people:,} people")]
    if answer.series:
        name = "people" if question.rolling == 1 else f"people in {question.rolling} days"
        parts.append(series(answer.series, question.interval, name, place))
    return parts


def _visits(question: Any, answer: Any, place: Place) -> Parts:
    if not answer.visits:
        return []
    rows = (
        ("visits", f"{answer.visits:,}"),
        ("people", f"{answer.people:,}"),
        ("page views", f"{answer.views:,}"),
        ("bounces", f"{answer.bounces:,} ({answer.bounce_rate:.1%})"),
        ("median length", seconds(answer.median_seconds)),
        ("engaged", seconds(answer.engaged) if answer.engaged is not None
         else "unknown: the browser module tells it"),
    )  # fmt: skip
    table = new_table("", "", is_headed=False)
    for name, value in rows:
        table.add_row(Text(name, "dim"), value)
    return [table]


def seconds(length: float | None) -> str:
    """A length of time."""
    if length is None:
        return "unknown"
    minutes, rest = divmod(round(length), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days:,} d {hours} h" if hours else f"{days:,} d"
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _revenue(question: Any, answer: Any, place: Place) -> Parts:
    if not answer:
        return []
    table = _numbers(new_table("currency", "amount", "events"), 1, 2)
    for one in answer:
        table.add_row(one.currency, f"{one.amount:,f}", number(one.count))
    return [table]


def _latency(question: Any, answer: Any, place: Place) -> Parts:
    if not answer:
        return []
    table = _numbers(new_table("route", "requests", "errors", "p50", "p95", ""), 1, 2, 3, 4)
    slowest = max((route.p95 or 0.0 for route in answer), default=0.0)
    for route in answer:
        errors = Text("0", "dim")
        if route.errors:
            errors = Text(f"{route.errors:,} ({route.error_rate:.1%})", "red")
        table.add_row(
            Text("(no route)", "dim") if route.route is None else _key(route.route),
            number(route.count), errors, milliseconds(route.p50), milliseconds(route.p95),
            place.bar(route.p95 or 0.0, slowest, 70),
        )  # fmt: skip
    return [table]


def milliseconds(length: float | None) -> str:
    """Seconds, as milliseconds."""
    if length is None:
        return "-"
    return f"{length * 1000:,.0f} ms" if length >= 0.01 else f"{length * 1000:.1f} ms"


def _dashboard(question: Any, answer: Any, place: Place) -> Parts:
    before = answer.previous
    if not answer.total_events and not before.total_events:
        return []
    figures = _numbers(new_table("", "now", "before", ""), 1, 2)
    for name, told in (
        ("total_events", "events"), ("dau", "people, last day"), ("wau", "people, last 7 days")
    ):  # fmt: skip
        new, old = getattr(answer, name), getattr(before, name)
        figures.add_row(told, number(new, "bold"), number(old), change(new, old))
    parts: Parts = [figures]
    if answer.top_events:
        earlier = {entry.key: entry.count for entry in before.top_events}
        top = _numbers(new_table("top events", "now", "before", ""), 1, 2)
        for entry in answer.top_events:
            old = earlier.get(entry.key)
            top.add_row(
                _key(entry.key), number(entry.count), "-" if old is None else number(old),
                place.bar(entry.count, answer.top_events[0].count, 60),
            )  # fmt: skip
        parts.append(top)
    return parts


def change(new: int, old: int) -> Text:
    """By how many per cent it grew."""
    if not old or new == old:
        return Text("")
    rate = (new - old) / old
    return Text(f"{rate:+.1%}", "green" if rate > 0 else "red")


def _people(question: Any, answer: Any, place: Place) -> Parts:
    if not answer:
        return []
    table = _numbers(new_table("person", "events", "last seen"), 1)
    for one in answer:
        last = question.range.local(datetime.fromisoformat(one.last))
        table.add_row(_key(one.id), number(one.count), f"{last:%Y-%m-%d %H:%M}")
    return [table]


def _person(question: Any, answer: Any, place: Place) -> Parts:
    table = new_table("", "", is_headed=False)
    table.add_row(Text("person", "dim"), _key(answer.id))
    table.add_row(Text("ids", "dim"), printable(", ".join(answer.ids)))
    for name, value in sorted(answer.traits.items()):
        table.add_row(Text(printable(name), "dim"), printable(str(value)))
    return [table]


def _timeline(question: Any, answer: Any, place: Place) -> Parts:
    if not answer:
        return []
    table = new_table("time", "event", "source", "details")
    table.columns[0].no_wrap = True
    for event in answer:
        at = question.range.local(datetime.fromisoformat(event["timestamp"]))
        name = event.get("event_name") or event.get("action_name") or event["type"]
        table.add_row(
            f"{at:%Y-%m-%d %H:%M:%S}", _key(name), event.get("source", ""), _details(event)
        )
    return [table]


def _details(event: Mapping[str, Any]) -> Text:
    told = [event["path"]] if event.get("path") else []
    if money := event.get("revenue"):
        told.append(f"{money['amount']} {money['currency']}")
    for group in ("properties", "traits"):
        told += [f"{name}={value}" for name, value in event.get(group, {}).items()]
    return Text(printable(", ".join(map(str, told))), "dim", no_wrap=True, overflow="ellipsis")


#: Kind of question -> what draws its answer.
DRAW: Mapping[str, Callable[[Any, Any, Place], Parts]] = {
    "volume": _volume,
    "top": _top,
    "breakdown": _breakdown,
    "funnel": _funnel,
    "retention": _retention,
    "active": _active,
    "visits": _visits,
    "revenue": _revenue,
    "latency": _latency,
    "dashboard": _dashboard,
    "people": _people,
    "traits": _person,
    "timeline": _timeline,
}
