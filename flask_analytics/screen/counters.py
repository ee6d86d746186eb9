"""Counters on a terminal: tables, colours where there are any, plain text where there are none."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..delivery.census import Total
from ..delivery.diagnosis import problems
from ..delivery.sheet import Sheet
from ..delivery.stats import CollectorStats, JournalStats

#: A colour and a sign for each state; the sign tells it where colours do not.
_LOOKS = {
    "ok": ("green", "●"),
    "retrying": ("yellow", "◐"),
    "open": ("bold red", "○"),
    "misconfigured": ("bold red", "✖"),
    "stuck": ("bold magenta", "■"),
    "closed": ("dim", "·"),
}


class Screen:
    """Draws sums, one after the other; ``console`` is standard output unless given.

    :param app: the application's name.
    :param clock: seconds since the epoch.
    """

    def __init__(
        self, app: str, console: Console | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._app = app
        self._console = console or Console(highlight=False)
        self._clock = clock
        self._delivered: dict[str, int] = {}
        self._at: float | None = None

    def show(self, total: Total) -> None:
        """Print a sum."""
        self._console.print(self.draw(total))

    def watch(self, totals: Iterable[Total]) -> None:
        """Print sums, each in place of the one before where that can be done."""
        if not self._console.is_terminal:
            for total in totals:
                self._console.print(self.draw(total, is_live=True))
            return
        with Live(console=self._console, auto_refresh=False) as live:
            for total in totals:
                live.update(self.draw(total, is_live=True), refresh=True)

    def draw(self, total: Total, is_live: bool = False) -> RenderableType:
        """The sum as something that rich can print; ``is_live``: with the events of a second."""
        parts: list[RenderableType] = [self._headline(total)]
        if total.stats.collectors:
            parts.append(self._collectors(total, is_live))
        reasons = list(_reasons(total))
        if reasons:
            parts.append(_table_of_reasons(reasons))
        if len(total.sheets) > 1:
            parts.append(self._processes(total.sheets))
        parts += self._problems(total)
        return Group(*(Padding(part, (0, 0, 1, 0)) for part in parts))

    def _headline(self, total: Total) -> Text:
        count = len(total.sheets)
        words = [_many(count, "process", "es") if count else "no process is counting"]
        words += _journal(total.stats.journal, bool(count))
        if total.orphans:
            held = size(total.orphan_bytes)
            words.append(f"{_many(total.orphans, 'journal')} of dead processes ({held})")
        if total.stats.queued:
            words.append(f"{total.stats.queued:,} not yet given to collectors")
        return Text(self._app, "bold").append(" " + self._sign("·") + " ", "dim").append(
            f" {self._sign('·')} ".join(words), "not bold"
        )  # fmt: skip

    def _collectors(self, total: Total, is_live: bool) -> Table:
        table = _table("collector", "state")
        for name in ("accepted", "delivered", "rejected", "dropped", "pending"):
            table.add_column(name, justify="right", no_wrap=True)
        if is_live:
            table.add_column("delivered/s", justify="right", style="cyan")
        rates = self._rates(total) if is_live else {}
        for name, lane in sorted(total.stats.collectors.items()):
            cells = [
                _plain(name, "bold"),
                self._state(lane.state),
                _count(lane.accepted),
                _count(lane.delivered, "green"),
                _count(sum(lane.rejected.values()), "red"),
                _count(sum(lane.dropped.values()), "red"),
                _count(lane.pending, "yellow"),
            ]
            if is_live:
                cells.append(Text(rates.get(name, "")))
            table.add_row(*cells)
        return table

    def _rates(self, total: Total) -> dict[str, str]:
        """Events delivered each second since the last time."""
        now = self._clock()
        elapsed = None if self._at is None else now - self._at
        lanes = total.stats.collectors
        rates = {
            name: f"{(lane.delivered - self._delivered.get(name, 0)) / elapsed:,.1f}"
            for name, lane in lanes.items()
            if elapsed
        }
        self._at, self._delivered = now, {name: lane.delivered for name, lane in lanes.items()}
        return rates

    def _processes(self, sheets: list[Sheet]) -> Table:
        table = _table("process", "counts for", "last change")
        for name in ("accepted", "delivered", "pending"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("state", no_wrap=True)
        now, urgency = self._clock(), CollectorStats.urgency
        for sheet in sheets:
            lanes = sheet.stats.collectors.values()
            table.add_row(
                str(sheet.pid),
                _duration(now - sheet.started),
                f"{_duration(now - sheet.at)} ago",
                _count(sum(lane.accepted for lane in lanes)),
                _count(sum(lane.delivered for lane in lanes), "green"),
                _count(sum(lane.pending for lane in lanes), "yellow"),
                *(self._state(lane.state) for lane in sorted(lanes, key=urgency)[:1]),
            )
        return table

    def _problems(self, total: Total) -> list[Text]:
        return [
            Text(f"{self._sign('✖')} ", "bold red").append(printable(problem), "not bold default")
            for problem in problems(total)
        ]

    def _state(self, state: str) -> Text:
        style, sign = _LOOKS.get(state, ("", "?"))
        return Text(f"{self._sign(sign)} {state}", style)

    def _sign(self, sign: str) -> str:
        return sign if self._console.encoding.startswith("utf") else "*"


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        # Where there is no room, names go over two lines; numbers must not lose digits.
        table.add_column(column, no_wrap=number > 0, overflow="fold")
    return table


def _reasons(total: Total) -> Iterator[tuple[str, str, str, int]]:
    """Where events ended that were not delivered: collector, fate, reason, count."""
    for reason, count in sorted(total.stats.dropped.items()):
        yield "before any", "dropped", reason, count
    for name, lane in sorted(total.stats.collectors.items()):
        for fate, reasons in (("rejected", lane.rejected), ("dropped", lane.dropped)):
            for reason, count in sorted(reasons.items()):
                yield name, fate, reason, count


def _table_of_reasons(reasons: list[tuple[str, str, str, int]]) -> Table:
    table = _table("not delivered", "", "reason")
    table.add_column("events", justify="right")
    for collector, fate, reason, count in reasons:
        table.add_row(_plain(collector), fate, _plain(reason), _count(count, "red"))
    return table


def _journal(journal: JournalStats, has_process: bool) -> list[str]:
    if not has_process:
        return []
    if journal.fault or journal.state == "memory":
        return ["events wait in memory"]
    if journal.state == "off":
        return ["no journal"]
    words = [f"journal {size(journal.bytes)}"]
    for count, what in ((journal.corrupt, "damaged record"), (journal.dead, "dead letter")):
        words += [_many(count, what)] if count else []
    return [", ".join(words)]


def _count(number: int, style: str = "") -> Text:
    return Text(f"{number:,}", style if number else "dim")


def printable(text: str) -> str:
    """Text without what would command a terminal: a reason may be a destination's own words."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _plain(text: str, style: str = "") -> Text:
    """Text as it stands, square brackets too."""
    return Text(printable(text), style)


def _many(count: int, what: str, plural: str = "s") -> str:
    return f"{count:,} {what}{plural * (count != 1)}"


def size(count: float) -> str:
    """Bytes in the largest unit that leaves a whole number."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


def _duration(seconds: float) -> str:
    seconds = max(0.0, seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
