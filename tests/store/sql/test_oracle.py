"""Every question on random histories, against the memory store."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from flask_analytics.event import Event
from flask_analytics.store.sql.answer import answer

from .oracle import engine_of, histories, questions, remembered


@pytest.mark.slow
@settings(
    max_examples=60,
    # A shorter example would take minutes: each try is a database.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(histories, st.lists(questions, min_size=8, max_size=8))
def test_the_same_answers_as_plain_python(history: list[Event], asked: list[Any]) -> None:
    """Whatever happened, whatever is asked, quoted as it may be: the numbers are the same."""
    store = remembered(history)
    with closing(engine_of(store)) as engine:
        for question in asked:
            assert answer(question, engine) == store.answer(question), question
