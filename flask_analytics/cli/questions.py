"""``flask analytics volume|top|funnel|...``: each kind of question as a command.

The options are the read API's parameters, made of the same table, so neither can have a word that
the other does not know.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import click
from flask import current_app

from ..metrics import words
from ..metrics.kinds import KINDS
from ..metrics.parameters import TABLE
from .group import (
    ARGUMENTS,
    commands,
    json_option,
    nobody,
    plain_errors,
    print_json,
    state,
    store,
    wants_json,
)

#: Kind -> what its command is called, and its first line of help. ``person`` reads better than
#: ``traits`` beside ``people``.
COMMANDS: Final = {
    "volume": ("volume", "Events in each hour, day, week or month."),
    "top": ("top", "The most frequent events; with --event and --property, values."),
    "breakdown": ("breakdown", "Page views, or one event, by page, referrer, browser, ..."),
    "funnel": ("funnel", "How many people get how far through some steps."),
    "retention": ("retention", "How many of those who came for the first time come back."),
    "active": ("active", "Distinct people; with --interval a series (DAU, WAU, MAU)."),
    "visits": ("visits", "Visits, bounces and engaged time."),
    "revenue": ("revenue", "Exact sums, each currency apart."),
    "latency": ("latency", "Requests, errors, p50 and p95 by route."),
    "dashboard": ("dashboard", "The last days at a glance, beside those before."),
    "people": ("people", "Who was active, the last seen first."),
    "traits": ("person", "Who an id belongs to, and what is known of them."),
    "timeline": ("timeline", "What a person did, the newest first."),
    "recent": ("recent", "The newest events, by name, filter, channel."),
}  # fmt: skip

#: Parameters that are said by being there.
_FLAGS = frozenset({"bots", "grid", "people"})

#: Words that stand for a value in the help.
_SHAPES = {
    "from": "DATE", "to": "DATE", "tz": "ZONE", "event": "NAME", "property": "NAME",
    "step": "NAME", "step_filter": "N:FILTER", "filter": "FILTER", "window": "LENGTH",
    "rolling": "DAYS", "breakdown": "FIELD", "start_event": "NAME", "return_event": "NAME",
    "search": "TEXT", "like": "TEXT",
}  # fmt: skip


def _add(kind: str) -> None:
    """Make the command of a kind of question."""

    def ask(is_json: bool, **given: Any) -> None:
        answer_with(kind, given, is_json)

    name, short = COMMANDS[kind]
    command: Any = json_option(ask)
    for word in reversed(KINDS[kind].words):
        command = _parameter(word)(command)
    commands.command(name, help=short, short_help=short)(command)


def _parameter(word: str) -> Any:
    row = TABLE[word]
    if word in ARGUMENTS:
        return click.argument(word)
    option, what = "--" + word.replace("_", "-"), row.what.replace("`", "")
    if word in _FLAGS:
        return click.option(option, word, is_flag=True, help=what.removeprefix("1 ").removeprefix(
            "1: ").capitalize())  # fmt: skip
    shape = "|".join(row.schema.get("enum", ())) or _SHAPES.get(word, "N")
    return click.option(option, word, metavar=shape, multiple=row.is_repeated, help=_one_line(what))


def _one_line(what: str) -> str:
    """As the help of an option: a query string's way to repeat is not the command line's."""
    return what.replace(", one parameter each", ", the option once for each")


def answer_with(kind: str, given: dict[str, Any], is_json: bool) -> None:
    """Ask, and print the answer."""
    from ..store import run
    from ..web.shapes import body

    with plain_errors():
        question = words.read(kind, _texts(given), _now())
        opened = store()
        answer = run.answer(opened, question)
        if kind == "traits" and _is_stranger(opened, answer):
            raise nobody(given["id"])
        if wants_json(is_json):
            print_json(body(question, answer))
            return
        from ..screen.answers import AnswerScreen

        AnswerScreen(current_app.name).show(kind, question, answer, opened.describe)


def _now() -> datetime:
    return datetime.fromtimestamp(state().pipeline.clock(), UTC)


def _texts(given: dict[str, Any]) -> dict[str, list[str]]:
    """What was given, as a query string has it."""
    told: dict[str, list[str]] = {}
    for word, value in given.items():
        if isinstance(value, tuple):
            told.update({word: list(value)} if value else {})
        elif value is True:
            told[word] = ["1"]
        elif value is not None and value is not False:
            told[word] = [value]
    return told


for _kind in COMMANDS:
    _add(_kind)


def _is_stranger(opened: Any, answer: Any) -> bool:
    from ..store.exports.person import is_stranger

    return is_stranger(opened, answer)
