"""What became of the records of a file, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..store.imports.report import Example, Report
from .counters import printable
from .progress import Bar
from .table import new_table, number

#: Reasons that are shown of one count.
MOST = 8


class ImportScreen:
    """Draws reports, one a file, and the bar before each.

    :param is_dry: nothing was stored.
    """

    def __init__(self, app: str, is_dry: bool, console: Console | None = None) -> None:
        self._app, self._is_dry = app, is_dry
        self._console = console or Console(highlight=False)

    def bar(self, title: str, total: int | None) -> Bar:
        """A bar for one file."""
        return Bar(printable(title), total)

    def show(self, name: str, format_: str, report: Report, seconds: float) -> None:
        """Print what became of one file."""
        words = [format_, f"{report.records:,} records"]
        parts: list[RenderableType] = [headline(name, words, report, report.records, seconds)]
        parts.append(self._counts(report))
        if report.examples:
            parts.append(_examples(report.examples))
        parts += [Text(line) for line in _remarks(report)]
        self._console.print(Group(*(Padding(part, (0, 0, 1, 0)) for part in parts)))

    def _counts(self, report: Report) -> Table:
        table = new_table("records", "", "", is_headed=False)
        table.columns[1].justify = "right"
        stored = "would be stored" if self._is_dry else "stored"
        table.add_row(Text(stored, "bold"), number(report.stored, "green"), _names(report.names))
        for what, counts, style in (
            ("left out", report.left_out, ""),
            ("refused", report.refused, "red"),
        ):
            if counts:
                table.add_row(what, number(sum(counts.values()), style), reasons(counts))
        if report.known:
            table.add_row("in the store already", number(report.known), "")
        if report.changed:
            count = sum(report.changed.values())
            table.add_row("parts left out", number(count, "yellow"), reasons(report.changed))
        return table


class Counted(Protocol):
    """What a headline needs of a report."""

    before: int
    first: datetime | None
    last: datetime | None


def headline(title: str, words: list[str], report: Counted, total: int, seconds: float) -> Text:
    """What was done, how fast, and of what time.

    :param total: what was looked at, by all runs together.
    """
    done = total - report.before
    if report.before:
        words.append(f"{report.before:,} of them by an earlier run")
    if done:
        words.append(f"{done / max(seconds, 0.001):,.0f} a second")
    if report.first and report.last:
        words.append(f"{report.first:%Y-%m-%d %H:%M} to {report.last:%Y-%m-%d %H:%M} UTC")
    return Text(printable(title), "bold").append(" · " + " · ".join(words), "not bold")


def _names(names: Mapping[str, int]) -> Text:
    found = _most(names, 5)
    more = f", {len(names) - len(found)} more" if len(names) > len(found) else ""
    told = ", ".join(f"{printable(name)} {count:,}" for name, count in found)
    return Text(told + more, "dim")


def reasons(counts: Mapping[str, int]) -> Text:
    """Counts and what they are of, the most frequent first."""
    lines = [f"{count:,} {printable(reason)}" for reason, count in _most(counts, MOST)]
    rest = sum(counts.values()) - sum(count for _, count in _most(counts, MOST))
    return Text("\n".join([*lines, *([f"{rest:,} for other reasons"] if rest else [])]))


def _most(counts: Mapping[str, int], limit: int) -> list[tuple[str, int]]:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return list(islice(ordered, limit))


def _examples(examples: list[Example]) -> Table:
    """Each on two lines: reasons are sentences, and records are long."""
    table = new_table("line", "refused")
    table.columns[0].justify, table.columns[0].no_wrap = "right", True
    for example in examples[:MOST]:
        told = Text(printable(example.reason))
        told.append("\n" + (printable(example.text) or "(seen by an earlier run)"), "dim")
        table.add_row(f"{example.line:,}", told)
    return table


def _remarks(report: Report) -> Iterator[str]:
    if report.fault:
        yield f"The file breaks off: {report.fault}. What came before is in."
    if report.expired:
        yield (
            f"{report.expired:,} events are older than ANALYTICS_RETENTION_DAYS: the store lets go "
            "of them soon. Raise it first if you want to keep them."
        )
    if report.records and not (report.records - report.before):
        yield "There was nothing new in it. --again reads it from its start."
