"""What a store tells of itself, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from .counters import printable, size
from .table import new_table


class StoreScreen:
    """Prints counts and sizes."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)

    def show(self, told: Mapping[str, Any]) -> None:
        """What the store has."""
        if "error" in told:
            self._console.print(Text(f"store: {printable(str(told['error']))}", "red"))
            return
        words = [f"{told.get('events', 0):,} events"]
        words += [f"{plain(name, value)} {name.replace('_', ' ')}" if name != "bytes"
                  else plain(name, value)
                  for name, value in told.items()
                  if name != "events" and isinstance(value, int) and value]  # fmt: skip
        self._console.print(Text("store", "bold").append(" · " + " · ".join(words), "not bold"))

    def change(self, before: Mapping[str, Any], after: Mapping[str, Any], seconds: float) -> None:
        """What became of it."""
        table = new_table(f"{seconds:.1f} s", "before", "after")
        for column in table.columns[1:]:
            column.justify = "right"
        for name, value in after.items():
            if isinstance(value, (int, str)):
                label = printable(name.replace("_", " "))
                table.add_row(label, plain(name, before.get(name)), plain(name, value))
        self._console.print(table)


def plain(name: str, value: Any) -> str:
    """A value of ``describe``."""
    if isinstance(value, bool) or not isinstance(value, int):
        return "-" if value is None else printable(str(value))
    return size(value) if name.endswith("bytes") else f"{value:,}"
