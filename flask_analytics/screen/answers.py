"""Answers on a terminal: a headline, a table with bars, and what to do where there is nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ..metrics.understood import understood
from . import parts
from .counters import printable
from .drawings import DRAW

#: What a headline need not say.
_DEFAULTS = {"bots": False, "people": False, "bucket": "day", "period": "day"}

#: Words that the headline tells in its own way, or the table does.
_TOLD = frozenset({
    "from", "to", "tz", "step", "step_filter", "limit", "days", "id", "offset", "breakdown",
    "dimension", "property", "grid", "interval", "rolling",
})  # fmt: skip


class AnswerScreen:
    """Prints answers.

    :param app: the application's name.
    """

    def __init__(self, app: str, console: Console | None = None) -> None:
        self._app = app
        self._console = console or Console(highlight=False)

    def show(
        self,
        kind: str,
        question: Any,
        answer: Any,
        describe: Callable[[], dict[str, Any]],
    ) -> None:
        """Print an answer.

        :param describe: the store's; asked only where there is nothing to show.
        """
        place = parts.Place(
            width=self._console.width, is_fancy=self._console.encoding.startswith("utf")
        )
        shown: list[RenderableType] = [self._headline(kind, question)]
        drawn = DRAW[kind](question, answer, place)
        shown += drawn if drawn else _empty(question, describe())
        self._console.print(Group(*(Padding(part, (0, 0, 1, 0)) for part in shown)))

    def _headline(self, kind: str, question: Any) -> Text:
        told = understood(question)
        words = [kind if kind != "traits" else "person"]
        if "from" in told:
            words.append(parts.period(question.range))
        words += _rest(told)
        sign = "·" if self._console.encoding.startswith("utf") else "-"
        return (
            Text(self._app, "bold")
            .append(f" {sign} ", "dim")
            .append(f" {sign} ".join(map(printable, words)), "not bold")
        )


def _rest(told: Mapping[str, Any]) -> Iterator[str]:
    for name, value in told.items():
        if name in _TOLD or _DEFAULTS.get(name) == value:
            continue
        if isinstance(value, list):
            yield from map(str, value)
        else:
            yield _SAY[name](value) if name in _SAY else f"{name.replace('_', ' ')} {value}"


_SAY: Mapping[str, Callable[[Any], str]] = {
    "bots": lambda _: "with bots",
    "event": lambda name: f"only {name}",
    "window": lambda length: f"within {parts.seconds(length)}",
    "period": lambda period: f"by {period}",
    "bucket": lambda bucket: f"by {bucket}",
}


def _empty(question: Any, store: Mapping[str, Any]) -> list[RenderableType]:
    """Why there is nothing, and what to do next."""
    count = store.get("events", 0)
    if not count:
        return [
            Text(
                "The store has no events yet. A request to the application makes the first one; "
                "flask analytics import FILE brings in a history."
            )
        ]
    told = understood(question)
    cures = []
    if "from" in told:
        cures.append("an earlier --from")
    for name in ("filter", "source", "search"):
        if told.get(name):
            cures.append(f"no --{name}")
    if any(told.get(name) for name in ("event", "step", "start_event", "return_event")):
        cures.append("a name that flask analytics top lists")
    if told.get("bots") is False:
        cures.append("--bots (curl counts as one)")
    return [Text(f"Nothing here. The store has {count:,} events; try {_or(cures)}.")]


def _or(words: list[str]) -> str:
    return ", or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
