"""How far a long work is: a bar on standard error, where that is a terminal."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class Bar:
    """One bar, drawn until the block ends; on anything but a terminal nothing is drawn.

    :param total: of what ``move`` tells; None: nobody knows.
    """

    def __init__(self, title: str, total: int | None, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TaskProgressColumn(show_speed=False),
            TextColumn("{task.fields[told]}", markup=False),
            TimeElapsedColumn() if total is None else TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task(title, total=total, told="")

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def move(self, to: int, told: str, total: int | None = None) -> None:
        """Draw that it is so far, with a few words of how it goes; ``total`` if it is new."""
        self._progress.update(self._task, completed=to, total=total, told=told)
