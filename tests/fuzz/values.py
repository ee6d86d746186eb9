"""What stands in properties: any JSON, texts of any code points, numbers of any size."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from flask_analytics.event import MAX_NAME, MAX_PROPERTIES, Revenue
from flask_analytics.values import clean, clean_name, clean_text, is_plain
from flask_analytics.visitor import MAX_ID, id_text

from .targets import short, strict

SEEDS = [
    b'{"a":{"b":[1,2.5,null,true,"x"]},"c":1e400,"d":NaN,"e":99999999999999999999,"":"\\ud800"}',
    b'{"%":"1.50 EUR","NaN":"sNaN","#2026":"x"}',
    b"\x00\xd8a\x00\x00\xdc",
    b"[[[[[[[[[[1]]]]]]]]]]",
    b"-1E+999999",
]


def strange(value: Any) -> Any:
    """The same with other types: what a text begins with says of which."""
    if isinstance(value, dict):
        return {key: strange(one) for key, one in value.items()}
    if isinstance(value, list):
        return tuple(map(strange, value)) if len(value) % 2 else [*map(strange, value)]
    if isinstance(value, str) and value[:1] == "b":
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
        return [value, Decimal(value), timedelta(value), {value}, value << 90][value % 5]
    if isinstance(value, float) and 0 < value < 1e9:
        return datetime.fromtimestamp(value, UTC)
    return value


def run(data: bytes) -> None:
    """Strict JSON that needs no cleaning a second time; an amount, or what was wrong."""
    text = (
        data.decode("utf-16-le", "surrogatepass") if len(data) % 2 == 0 else data.decode("latin-1")
    )
    try:
        told = strange(json.loads(data))
    except (ValueError, RecursionError):
        told = {text: text}
    for value in (told, {"key": told}, {text: told}):
        cleaned, _ = clean(value)
        strict(msgspec.json.encode(cleaned))
        assert len(cleaned) <= MAX_PROPERTIES
        if value and isinstance(value, dict) and is_plain(value):
            assert cleaned == value
        again, problems = clean(cleaned)
        assert (again, problems) == (cleaned, [])
    assert clean_text(clean_text(text)) == clean_text(text)
    assert clean_name(text).isprintable()
    assert len(clean_name(text)) <= MAX_NAME
    identity = id_text(text)
    assert identity is None or 0 < len(identity) <= MAX_ID
    money(text)


def money(text: str) -> None:
    try:
        strict(msgspec.json.encode(Revenue.of(text, "EUR")))
    except (TypeError, ValueError) as error:
        short(error)
