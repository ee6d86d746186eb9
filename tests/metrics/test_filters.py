"""The filter language: reading it. What it finds is in the golden tests of the stores."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_analytics.errors import QuestionError
from flask_analytics.metrics.filters import FIELDS, MAX_LENGTH, Filter, Operator, number, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("property.plan=pro", Filter("property.plan", Operator.EQUALS, "pro")),
        ("route != /a=b", Filter("route", Operator.DIFFERS, "/a=b")),
        ("status>499", Filter("status", Operator.ABOVE, "499")),
        ("property.n<-1.5e3", Filter("property.n", Operator.BELOW, "-1.5e3")),
        ("path~blog", Filter("path", Operator.CONTAINS, "blog")),
        ("trait.a.b=", Filter("trait.a.b", Operator.EQUALS, "")),
        ("property.n=>5", Filter("property.n", Operator.EQUALS, ">5")),
        ("event=a\nb", Filter("event", Operator.EQUALS, "a\nb")),
        ("property.größe=ü", Filter("property.größe", Operator.EQUALS, "ü")),
    ],
)
def test_what_is_read(text: str, expected: Filter) -> None:
    """A field, the first operator, and all the rest is the value."""
    assert parse(text) == expected


@pytest.mark.parametrize("field", [*FIELDS, "property.x", "trait.x"])
@pytest.mark.parametrize("operator", Operator)
def test_every_field_with_every_operator(field: str, operator: Operator) -> None:
    """What is written is what is read."""
    condition = Filter(field, operator, "5")
    assert parse(str(condition)) == condition
    assert condition.name == ("x" if "." in field else None)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "no filter"),
        ("plan", "no filter"),
        ("=5", "no filter"),
        (5, "no filter"),
        (None, "no filter"),
        ("plan=pro", "property.NAME"),
        ("property.=pro", "no field"),
        ("trait.=pro", "no field"),
        ("Event=a", "no field"),
        ("property.n>abc", "numbers"),
        ("property.n>", "numbers"),
        ("property.n<nan", "numbers"),
        ("property.n<inf", "numbers"),
        (f"property.n={'x' * (MAX_LENGTH + 1)}", "characters"),
        (f"property.{'x' * MAX_LENGTH}=1", "characters"),
    ],
)
def test_what_is_refused(text: Any, word: str) -> None:
    """The message says what is wrong and what to write."""
    with pytest.raises(QuestionError, match=word) as caught:
        parse(text, "step")
    assert caught.value.field == "step"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("5", 5), ("-5.5", -5.5), (".5", 0.5), ("5.", 5), ("+1e3", 1000), ("1E-2", 0.01)),
        *(("", None), (" 5", None), ("5 ", None), ("nan", None), ("inf", None), ("0x5", None)),
        *(("1e", None), ("1_000", None), ("\u0665", None), ("true", None), ("5\n", None)),
    ],
)
def test_what_reads_as_a_number(text: str, value: float | None) -> None:
    """Digits of ASCII, nothing around them."""
    assert number(text) == value


likely = st.builds("".join, st.tuples(st.sampled_from(FIELDS), st.text("=!<>~ 5a.\n", max_size=9)))


@given(st.text(max_size=30) | likely)
def test_any_text_is_a_filter_or_a_clear_refusal(text: str) -> None:
    """What is read is read again from what it prints; the rest raises nothing else."""
    try:
        found = parse(text)
    except QuestionError:
        return
    assert parse(str(found)) == found
