"""How single figures, lists of routes and people are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from .counters import printable
from .parts import Parts, Place, change, key_text, milliseconds, numbers, seconds, when
from .table import new_table, number


def visits(question: Any, answer: Any, place: Place) -> Parts:
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
    return [table, *_visits_series(question, answer)]


def _visits_series(question: Any, answer: Any) -> Parts:
    if not answer.series:
        return []
    table = numbers(new_table("time", "visits", "engaged"), 1, 2)
    for one in answer.series:
        table.add_row(when(one.time, question.interval), number(one.visits), seconds(one.engaged))
    return [table]


def revenue(question: Any, answer: Any, place: Place) -> Parts:
    if not answer:
        return []
    table = numbers(new_table("currency", "amount", "events"), 1, 2)
    for one in answer:
        table.add_row(one.currency, f"{one.amount:,f}", number(one.count))
    return [table, *(_revenue_series(question, one) for one in answer if one.series)]


def _revenue_series(question: Any, of: Any) -> Table:
    table = numbers(new_table("time", of.currency, "events"), 1, 2)
    for one in of.series:
        table.add_row(when(one.time, question.interval), f"{one.amount:,f}", number(one.count))
    return table


def latency(question: Any, answer: Any, place: Place) -> Parts:
    if not answer:
        return []
    table = numbers(new_table("route", "requests", "errors", "p50", "p95", ""), 1, 2, 3, 4)
    slowest = max((route.p95 or 0.0 for route in answer), default=0.0)
    for route in answer:
        errors = Text("0", "dim")
        if route.errors:
            errors = Text(f"{route.errors:,} ({route.error_rate:.1%})", "red")
        table.add_row(
            Text("(no route)", "dim") if route.route is None else key_text(route.route),
            number(route.count), errors, milliseconds(route.p50), milliseconds(route.p95),
            place.bar(route.p95 or 0.0, slowest, 70),
        )  # fmt: skip
    return [table]


def dashboard(question: Any, answer: Any, place: Place) -> Parts:
    before = answer.previous
    if not answer.total_events and not before.total_events:
        return []
    figures = numbers(new_table("", "now", "before", ""), 1, 2)
    for name, told in (
        ("total_events", "events"), ("dau", "people, last day"), ("wau", "people, last 7 days")
    ):  # fmt: skip
        new, old = getattr(answer, name), getattr(before, name)
        figures.add_row(told, number(new, "bold"), number(old), change(new, old))
    parts: Parts = [figures]
    if answer.top_events:
        earlier = {entry.key: entry.count for entry in before.top_events}
        top = numbers(new_table("top events", "now", "before", ""), 1, 2)
        for entry in answer.top_events:
            old = earlier.get(entry.key)
            top.add_row(
                key_text(entry.key), number(entry.count), "-" if old is None else number(old),
                place.bar(entry.count, answer.top_events[0].count, 60),
            )  # fmt: skip
        parts.append(top)
    return parts


def people(question: Any, answer: Any, place: Place) -> Parts:
    if not answer:
        return []
    table = numbers(new_table("person", "events", "last seen"), 1)
    for one in answer:
        last = question.range.local(datetime.fromisoformat(one.last))
        table.add_row(key_text(one.id), number(one.count), f"{last:%Y-%m-%d %H:%M}")
    return [table]


def person(question: Any, answer: Any, place: Place) -> Parts:
    table = new_table("", "", is_headed=False)
    table.add_row(Text("person", "dim"), key_text(answer.id))
    table.add_row(Text("ids", "dim"), Text(printable(", ".join(answer.ids))))
    for name, value in sorted(answer.traits.items()):
        table.add_row(Text(printable(name), "dim"), Text(printable(str(value))))
    return [table]


def timeline(question: Any, answer: Any, place: Place) -> Parts:
    if not answer:
        return []
    table = new_table("time", "event", "source", "details")
    table.columns[0].no_wrap = True
    for event in answer:
        at = question.range.local(datetime.fromisoformat(event["timestamp"]))
        name = event.get("event_name") or event.get("action_name") or event["type"]
        table.add_row(
            f"{at:%Y-%m-%d %H:%M:%S}", key_text(name), event.get("source", ""), _details(event)
        )
    return [table]


def _details(event: Mapping[str, Any]) -> Text:
    told = [event["path"]] if event.get("path") else []
    if money := event.get("revenue"):
        told.append(f"{money['amount']} {money['currency']}")
    for group in ("properties", "traits"):
        told += [f"{name}={value}" for name, value in event.get(group, {}).items()]
    return Text(printable(", ".join(map(str, told))), "dim", no_wrap=True, overflow="ellipsis")
