"""What may stand in a property: JSON, bounded. Everything else becomes text or a marker.

``clean`` never raises, whatever it is given: what it had to change beyond recognition comes
back as a list of problems, and the caller decides whether to raise (debug) or to count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from .event import MAX_NAME, MAX_PROPERTIES

#: Characters of one text value.
MAX_TEXT = 8 * 1024

#: Levels of nesting.
MAX_DEPTH = 8

#: Entries of one nested list or object.
MAX_ENTRIES = 256

#: Integers outside 64 bits become text: most stores and destinations cannot hold them.
_INT64 = range(-(2**63), 2**63)

#: Integers above this many bits are not even printed.
_MAX_INT_BITS = 4096


def is_plain(properties: Any) -> bool:
    """Tell cheaply whether a mapping surely needs no cleaning: short plain values, few keys."""
    if type(properties) is not dict or len(properties) > MAX_PROPERTIES:
        return False
    for key, value in properties.items():
        kind = type(value)
        if type(key) is not str or len(key) > MAX_NAME or not (key.isascii() and "\0" not in key):
            return False
        if kind is str:
            if len(value) > MAX_TEXT or not (value.isascii() and "\0" not in value):
                return False
        elif kind is float:
            if not math.isfinite(value):
                return False
        elif kind is int:
            if value not in _INT64:
                return False
        elif kind is not bool and value is not None:
            return False
    return True


def clean(properties: Any) -> tuple[dict[str, Any], list[str]]:
    """Make JSON of a mapping, at most 64 keys deep-cleaned; the second value names problems.

    Decimal, date, time, UUID and Enum become text, sets and tuples lists. NaN and infinity
    become null, any other object a marker such as ``<Order>``: these are problems. Cuts
    (keys 128 characters, texts 8 KiB, depth 8) are not, and neither is the 65th key.
    """
    problems: list[str] = []
    if not isinstance(properties, Mapping):
        return {}, [f"properties must be a dict, not {type(properties).__name__}"]
    try:
        return _mapping(properties, "", 1, problems, MAX_PROPERTIES), problems
    except Exception as error:  # a mapping whose own methods raise
        return {}, [f"properties could not be read: {type(error).__name__}"]


def clean_text(value: str, length: int = MAX_TEXT) -> str:
    """Cut a text and replace what no database and no JSON reader likes: NUL, lone surrogates."""
    text = str.__str__(value)[:length]
    if not text.isascii():
        text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")[:length]
    return text.replace("\0", "\ufffd")


def clean_name(value: str) -> str:
    """Cut an event's name and take the control characters out of it."""
    text = clean_text(value, MAX_NAME)
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())


def _mapping(
    mapping: Mapping[Any, Any], path: str, depth: int, problems: list[str], most: int
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in mapping.items():
        if len(result) >= most:
            break
        name = _key(key, path, problems)
        result[name] = _value(value, f"{path}.{name}" if path else name, depth, problems)
    return result


def _key(key: Any, path: str, problems: list[str]) -> str:
    if isinstance(key, str):
        return clean_text(key, MAX_NAME)
    problems.append(f"a key of {path or 'properties'} must be text, not {type(key).__name__}")
    return str(_scalar(key, path, problems))[:MAX_NAME]


def _value(value: Any, path: str, depth: int, problems: list[str]) -> Any:
    try:
        if isinstance(value, Mapping):
            if depth >= MAX_DEPTH:
                return _marker(value, path, problems, f"is nested deeper than {MAX_DEPTH}")
            return _mapping(value, path, depth + 1, problems, MAX_ENTRIES)
        if isinstance(value, (list, tuple, set, frozenset)):
            if depth >= MAX_DEPTH:
                return _marker(value, path, problems, f"is nested deeper than {MAX_DEPTH}")
            entries = list(value)[:MAX_ENTRIES]
            return [_value(entry, path, depth + 1, problems) for entry in entries]
        return _scalar(value, path, problems)
    except Exception:  # hostile objects: __class__, __iter__ or items() that raise
        return _marker(value, path, problems, "could not be read")


def _scalar(value: Any, path: str, problems: list[str]) -> Any:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, Enum) and not isinstance(value, (str, int)):
        return _scalar(value.value, path, problems)
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, int):
        return _integer(int.__add__(value, 0), value, path, problems)
    if isinstance(value, float):
        number = float.__add__(value, 0.0)
        if math.isfinite(number):
            return number
        problems.append(f"property {path!r} must be a finite number, not {number}")
        return None
    if isinstance(value, (Decimal, UUID)):
        return str(value)[:MAX_NAME]
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return _marker(value, path, problems, "must be JSON, a Decimal, a date or a UUID")


def _integer(number: int, value: Any, path: str, problems: list[str]) -> Any:
    if number in _INT64:
        return number
    if number.bit_length() <= _MAX_INT_BITS:
        return str(number)
    return _marker(value, path, problems, "is too large a number")


def _marker(value: Any, path: str, problems: list[str], why: str) -> str:
    kind = type(value).__name__[:64]
    problems.append(f"property {path!r} {why}, not {kind}")
    return f"<{kind}>"
