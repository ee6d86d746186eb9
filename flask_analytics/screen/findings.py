"""What a doctor found, on a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..doctor.finding import OK, PROBLEM, WARNING, Finding
from .counters import printable

#: Style and sign of a level; the word is there where colours are not.
_LOOKS = {OK: ("green", "●"), WARNING: ("yellow", "▲"), PROBLEM: ("bold red", "✖")}


class FindingScreen:
    """Prints findings: one line each, and the cure below it.

    :param app: the application's name.
    """

    def __init__(self, app: str, console: Console | None = None) -> None:
        self._app = app
        self._console = console or Console(highlight=False)

    def show(self, findings: Sequence[Finding]) -> None:
        """All of them, then how many."""
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        last = ""
        for finding in findings:
            table.add_row(
                self._level(finding.level),
                Text("" if finding.check == last else finding.check, "bold"),
                self._words(finding),
            )
            last = finding.check
        self._console.print(Text(self._app, "bold").append(" · doctor\n", "not bold"))
        self._console.print(table)
        self._console.print(self._sum(findings))

    def _level(self, level: str) -> Text:
        style, sign = _LOOKS[level]
        return Text(f"{sign if self._console.encoding.startswith('utf') else '*'} {level}", style)

    def _words(self, finding: Finding) -> Text:
        words = Text(printable(finding.text), "" if finding.level != OK else "dim")
        if finding.cure:
            arrow = "→" if self._console.encoding.startswith("utf") else "->"
            words.append(f"\n{arrow} {printable(finding.cure)}", "not bold cyan")
        return words

    def _sum(self, findings: Sequence[Finding]) -> Text:
        levels = Counter(finding.level for finding in findings)
        if not levels[PROBLEM] and not levels[WARNING]:
            return Text("\nAll is well.", "green")
        parts = [_many(levels[PROBLEM], "problem"), _many(levels[WARNING], "warning")]
        return Text(f"\n{', '.join(parts)}.", "bold red" if levels[PROBLEM] else "yellow")


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
