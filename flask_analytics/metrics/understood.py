"""What was understood: a question in the words that ask it, every default spelled out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from .filters import Scope
from .funnel import Step
from .summary import Dashboard
from .window import Range

#: Fields that are no words.
_SILENT = {"now"}

#: A word that means nothing without another.
_OWNERS = {"limit": "breakdown", "rolling": "interval"}


def understood(question: Any) -> dict[str, Any]:
    """The question as parameters, for people and for ``words.read``; what is not set is left out.

    A dashboard's ``from`` and ``to`` say which days its ``days`` are.
    """
    told: dict[str, Any] = {}
    for name in question.__struct_fields__:
        if name not in _SILENT:
            tell = _TELL.get(name)
            value = getattr(question, name)
            told.update(tell(value) if tell else {name: _plain(value)})
    if isinstance(question, Dashboard):
        told["days"] = _days(question.range)
    for name, owner in _OWNERS.items():
        if owner in told and told[owner] is None:
            told.pop(name, None)
    return {name: value for name, value in told.items() if value not in (None, "", [])}


def spelled(told: Mapping[str, Any]) -> dict[str, list[str]]:
    """The same as a query string has it: each parameter with its texts."""
    return {
        name: [_spelled(one) for one in (value if isinstance(value, list) else [value])]
        for name, value in told.items()
    }


def _spelled(value: Any) -> str:
    if isinstance(value, float):  # never 1e-05
        return f"{value:.6f}"
    return str(int(value)) if isinstance(value, bool) else str(value)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, StrEnum) else value


def _range(span: Range) -> dict[str, Any]:
    return {
        "from": span.local(span.start).isoformat(),
        "to": span.local(span.end).isoformat(),
        "tz": span.zone,
    }


def _scope(scope: Scope) -> dict[str, Any]:
    return {
        "source": scope.source,
        "bots": scope.bots,
        "filter": [str(one) for one in scope.filters],
    }


def _steps(steps: tuple[Step, ...]) -> dict[str, Any]:
    return {
        "step": [step.event for step in steps],
        "step_filter": [
            f"{place}:{one}" for place, step in enumerate(steps, 1) for one in step.filters
        ],
    }


def _days(span: Range) -> int:
    return (span.local(span.end).date() - span.local(span.start).date()).days


_TELL: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "range": _range,
    "scope": _scope,
    "steps": _steps,
    "offsets": lambda offsets: {"offset": list(offsets)},
    "rolling": lambda days: {"rolling": f"{days}d"},
}
