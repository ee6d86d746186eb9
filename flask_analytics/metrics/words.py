"""Words to questions, and back: what a query string or a command line says, as a question.

``read("funnel", {"step": ["signup", "purchase"], "window": ["7d"]}, now)`` is a ``Funnel``. Python
comes the same way with values of its own, through ``question``. A step's filters are words of
their own, with the step's place: ``step_filter=2:property.plan=pro``; so a name may hold any
character.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ..errors import QuestionError
from . import parameters
from .kinds import KINDS, Values
from .understood import spelled as spelled
from .understood import understood as understood


def read(kind: str, words: Mapping[str, Sequence[str]], now: datetime) -> Any:
    """The question that words ask.

    :param kind: a key of ``KINDS``.
    :param words: each parameter with its values, as ``request.args.lists()`` has them.
    :raises QuestionError: naming the parameter, its shape and the cure.
    """
    values: dict[str, Any] = {}
    for name, given in words.items():
        check_name(name, KINDS[kind].words)
        if parameters.TABLE[name].is_repeated:
            values[name] = list(given)
        elif len(given) == 1:
            values[name] = given[0]
        else:
            raise QuestionError(name, f"is given {len(given)} times: once is enough")
    return question(kind, values, now)


def question(kind: str, values: Values, now: datetime) -> Any:
    """The question of values, Python's own or text; None is one that is left out.

    :raises QuestionError: naming the parameter, its shape and the cure.
    """
    asked = KINDS[kind]
    for name in values:
        check_name(name, asked.words)
    checked = {name: _checked(name, value) for name, value in values.items() if value is not None}
    for name in asked.required:
        if name not in checked:
            what = parameters.TABLE[name].what.rstrip(".")
            raise QuestionError(name, f"is missing: {what[:1].lower()}{what[1:]}")
    return asked.build(checked, now)


def check_name(name: str, known: Sequence[str]) -> None:
    """:raises QuestionError: there is no such parameter; perhaps another was meant."""
    if name in known:
        return
    close = difflib.get_close_matches(name, known, 1)
    meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    raise QuestionError(name[:40], f"is no parameter here: {meant}")


def _checked(name: str, value: Any) -> Any:
    parameter = parameters.TABLE[name]
    if not parameter.is_repeated:
        return parameter.read(name, value)
    if isinstance(value, (str, tuple)) or not isinstance(value, Sequence):
        value = (value,) if not isinstance(value, tuple) else value
    return tuple(parameter.read(name, one) for one in value)
