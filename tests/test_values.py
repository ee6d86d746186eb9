"""Whatever a caller puts into a property, JSON comes out and nothing is raised."""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_analytics.values import MAX_TEXT, clean, clean_name, clean_text, is_plain


class Colour(enum.Enum):
    RED = "red"


class Evil:
    """Raises whatever is asked of it."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__

    @property
    def __class__(self) -> type:
        raise ValueError("no")


class EvilDict(dict[str, Any]):
    def items(self) -> Any:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("text", "text"),
        (5, 5),
        (2.5, 2.5),
        (None, None),
        (True, True),
        (Decimal("1.10"), "1.10"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00+00:00"),
        (timedelta(minutes=1), 60.0),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Colour.RED, "red"),
        ((1, 2), [1, 2]),
        ({3}, [3]),
        ({"a": {"b": [1]}}, {"a": {"b": [1]}}),
        (2**63, str(2**63)),
    ],
)
def test_usual_values_become_json(value: Any, result: Any) -> None:
    """What people really pass is taken without complaint."""
    assert clean({"key": value}) == ({"key": result}, [])


@pytest.mark.parametrize(
    ("make", "result"),
    [
        (lambda: float("nan"), None),
        (lambda: float("inf"), None),
        (object, "<object>"),
        (lambda: b"bytes", "<bytes>"),
        (Evil, "<Evil>"),
        (lambda: EvilDict(a=1), "<EvilDict>"),
        (lambda: 10**5000, "<int>"),
    ],
)
def test_strange_values_become_markers_and_problems(make: Callable[[], Any], result: Any) -> None:
    """The rest becomes something short, and the problem names the property."""
    cleaned, problems = clean({"key": make()})
    assert cleaned == {"key": result}
    assert len(problems) == 1
    assert "'key'" in problems[0]


def test_cycle_ends() -> None:
    """A structure that contains itself is cut at its depth."""
    cycle: dict[str, Any] = {}
    cycle["self"] = cycle
    cleaned, problems = clean(cycle)
    assert json.dumps(cleaned).count("self") == 8
    assert "deeper than 8" in problems[0]


def test_caps() -> None:
    """64 keys, 128 characters a key, 8 KiB a text, 256 entries a list."""
    many = {f"k{n}": n for n in range(100)}
    assert len(clean(many)[0]) == 64
    assert len(next(iter(clean({"k" * 300: 1})[0]))) == 128
    assert len(clean({"k": "x" * 10**7})[0]["k"]) == MAX_TEXT
    assert len(clean({"k": list(range(10**6))})[0]["k"]) == 256


def test_texts_lose_what_breaks_databases() -> None:
    """NUL and lone surrogates are replaced; real characters stay."""
    assert clean_text("a\0b") == "a\ufffdb"
    assert clean_text("a\ud800b").encode()
    assert clean_text("naïve 🎉") == "naïve 🎉"


def test_names_lose_control_characters() -> None:
    """A name is one line, at most 128 characters."""
    assert clean_name("a\r\nb\tc") == "abc"
    assert len(clean_name("x" * 200)) == 128


@pytest.mark.parametrize("properties", [None, [1], "text", 5])
def test_no_mapping_is_a_problem(properties: Any) -> None:
    """Properties are a dict."""
    assert clean(properties)[0] == {}
    assert "must be a dict" in clean(properties)[1][0]


def test_plain_is_cheap_and_right() -> None:
    """The quick look says yes to plain things only."""
    assert is_plain({"a": 1, "b": "two", "c": 3.0, "d": True, "e": None})
    for value in (float("nan"), 2**64, "x" * 9000, "a\0", "é\ud800", [1], Decimal(1)):
        assert not is_plain({"a": value})
    assert not is_plain({5: 1})
    assert not is_plain({str(n): n for n in range(65)})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    | st.binary(max_size=9) | st.decimals() | st.dates() | st.sampled_from("\ud800\0"),
    lambda children: st.lists(children, max_size=3)
    | st.dictionaries(st.text(max_size=9) | st.integers(), children, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text() | st.integers() | st.none(), anything))
def test_anything_becomes_strict_json(properties: dict[Any, Any]) -> None:
    """No input raises, and the result is JSON that a strict reader takes."""
    cleaned, _ = clean(properties)
    assert json.loads(msgspec.json.encode(cleaned), parse_constant=pytest.fail) == cleaned


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.floats()))
def test_plain_never_disagrees_with_clean(properties: dict[str, Any]) -> None:
    """What the quick look passes, cleaning would not have changed."""
    if is_plain(properties):
        assert clean(properties) == (properties, [])
