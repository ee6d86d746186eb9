"""A question in, its answer out, on any engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...metrics.summary import Dashboard, summarise
from .engine import Engine

#: type of a question -> what answers it
ANSWERS: dict[type, Callable[[Any, Any], Any]] = {}


def answer(question: Any, engine: Engine) -> Any:
    """Answer any question of ``metrics`` but ``Traits`` and ``Timeline``, which need no SQL of
    ours: an engine knows its people and its bodies best.

    :raises QuestionError: it has no answer as it was asked, such as 20,000 buckets.
    :raises StoreError: the engine cannot answer now.
    """
    if isinstance(question, Dashboard):
        return summarise(question, lambda simpler: answer(simpler, engine))
    return ANSWERS[type(question)](question, engine)
