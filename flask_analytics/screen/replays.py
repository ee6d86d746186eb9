"""What became of the events of a replay, on a terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ..store.replays.report import Report
from .imports import headline, reasons
from .table import new_table, number


class ReplayScreen:
    """Draws a report.

    :param is_dry: nothing was sent.
    """

    def __init__(self, is_dry: bool, console: Console | None = None) -> None:
        self._is_dry = is_dry
        self._console = console or Console(highlight=False)

    def show(self, to: str, report: Report, seconds: float) -> None:
        """Print it."""
        words = [f"{report.events:,} events"]
        title = headline(f"to {to}", words, report, report.events, seconds)
        parts: list[RenderableType] = [title, self._counts(report)]
        if report.fault:
            parts.append(Text(f"{report.fault}. The same command goes on from there."))
        elif report.is_done and report.events == report.before and not self._is_dry:
            parts.append(Text("All of it was sent before. --again sends it once more."))
        self._console.print(Group(*(Padding(part, (0, 0, 1, 0)) for part in parts)))

    def _counts(self, report: Report) -> RenderableType:
        table = new_table("events", "", "", is_headed=False)
        table.columns[1].justify = "right"
        if self._is_dry:
            table.add_row(Text("would be sent", "bold"), number(report.sent, "green"), "")
        else:
            table.add_row("sent", number(report.sent, ""), "")
            table.add_row(Text("delivered", "bold"), number(report.delivered, "green"), "")
        for what, counts, style in (
            ("rejected", report.rejected, "red"),
            ("skipped", report.skipped, "yellow"),
        ):
            if counts:
                table.add_row(what, number(sum(counts.values()), style), reasons(counts))
        if report.passed_over:
            table.add_row("not asked for", number(report.passed_over, ""), "")
        return table
