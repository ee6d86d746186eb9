"""The one look of our tables, and of the numbers in them."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text


def new_table(*columns: str, is_headed: bool = True) -> Table:
    """A table without lines; the first columns fold where there is no room, numbers never lose a
    digit."""
    table = Table(
        box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0), show_header=is_headed
    )
    for column in columns:
        table.add_column(Text(column), overflow="fold")  # as text, square brackets are no markup
    return table


def number(count: int, style: str = "") -> Text:
    """A count; zero is dim."""
    return Text(f"{count:,}", style if count else "dim")
