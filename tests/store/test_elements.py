"""A JSON array is cut into its objects, however it is written and however it arrives."""

from __future__ import annotations

import io
import json
from itertools import chain, repeat
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_analytics.store.imports import elements
from flask_analytics.store.imports.elements import Elements

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a"\\{}[],: é\n'),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(alphabet='a"{]\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=3)


def cut(data: bytes, size: int = 1 << 16) -> list[bytes]:
    file = io.BytesIO(data)
    return list(Elements(lambda: file.read(size)))


@given(st.lists(OBJECTS, max_size=5), st.sampled_from([None, 1]), st.integers(1, 40))
def test_every_array_comes_back(items: list[Any], indent: int | None, size: int) -> None:
    """Brackets and quotes in texts are texts, wherever a piece ends."""
    data = json.dumps(items, indent=indent, ensure_ascii=False).encode()

    assert [json.loads(element) for element in cut(data, size)] == items


def test_what_is_no_object_is_handed_out_too() -> None:
    """So that it is refused and counted, and not passed over in silence."""
    assert cut(b'[1, {"a": 2}, "x", [3]] and more') == [b"1", b'{"a": 2}', b'"x"', b"[3]"]


@pytest.mark.parametrize("data", [b'[{"a": 1}', b'[{"a": "x', b'[{"a": [', b"["])
def test_array_that_breaks_off(data: bytes) -> None:
    """It is told, after what was whole."""
    with pytest.raises(EOFError):
        cut(data)


def test_object_that_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only its beginning is kept, and the next one is whole again."""
    monkeypatch.setattr(elements, "MAX_ELEMENT", 5000)
    large = {"a": ["x" * 100] * 1000}
    data = json.dumps([{"b": 1}, large, {"c": 1}]).encode()
    file = io.BytesIO(data)
    found = Elements(lambda: file.read(256))

    told = [(len(element), found.is_cut) for element in found]

    assert [is_cut for _, is_cut in told] == [False, True, False]
    assert told[1][0] < 8000


def test_text_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of one endless text is not read into memory."""
    monkeypatch.setattr(elements, "MAX_ELEMENT", 5000)

    endless = chain([b'[{"a": "'], repeat(b"x" * 1000))

    with pytest.raises(EOFError, match="no end"):
        list(Elements(lambda: next(endless)))
