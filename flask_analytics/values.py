"""What may stand in a property: JSON, bounded. Everything else becomes text or a marker.

``clean`` never raises, whatever it is given: what it had to change beyond recognition comes
back as a list of problems, and the caller decides whether to raise (debug) or to count.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any
from uuid import UUID

from .errors import kind
from .event import MAX_NAME, MAX_PROPERTIES

#: Characters of one text value.
MAX_TEXT = 8 * 1024

#: Levels of nesting.
MAX_DEPTH = 8

#: Entries of one nested list or object.
MAX_ENTRIES = 256

#: Values of one mapping in all its nested ones, and characters of all its texts. More would not fit
#: into an event anyway, and a list that holds itself 256 times has 256**8 of them.
MAX_VALUES, MAX_CHARACTERS = 16 * 1024, MAX_PROPERTIES * MAX_TEXT

#: Entries of a mapping that are looked at: one of a caller's own may have no end.
_MAX_LOOKED_AT = 10_000

#: Problems that are told of one mapping.
_MAX_PROBLEMS = 16

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


def clean(properties: Any, field: str = "properties") -> tuple[dict[str, Any], list[str]]:
    """Make JSON of a mapping, at most 64 keys deep-cleaned; the second value names problems.

    Decimal, date, time, UUID and Enum become text, sets and tuples lists. NaN and infinity
    become null, any other object a marker such as ``<Order>``: these are problems. Cuts
    (keys 128 characters, texts 8 KiB, depth 8) are not, and neither is the 65th key.

    :param field: what the mapping is called in problems.
    """
    found = _Found(field)
    try:
        if not isinstance(properties, Mapping):
            return {}, [f"{field} must be a dict such as {{'plan': 'pro'}}, not {kind(properties)}"]
        return _mapping(properties, "", 1, found, MAX_PROPERTIES), found.problems
    except Exception as error:  # a mapping whose own methods raise
        return {}, [
            f"{field} must be a dict such as {{'plan': 'pro'}}: {kind(properties)} could not be "
            f"read ({kind(error)})"
        ]


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


@dataclass(slots=True)
class _Found:
    """What came to light in a mapping, and how much more of it is taken."""

    called: str
    problems: list[str] = field(default_factory=list)
    values: int = MAX_VALUES
    characters: int = MAX_CHARACTERS

    def is_full(self) -> bool:
        """Count one value; whether there is room for none any more."""
        self.values -= 1
        return self.values < 0 or self.characters < 0

    def text(self, value: str) -> str:
        """Count and clean a text."""
        text = clean_text(value)
        self.characters -= len(text)
        return text

    def problem(self, text: str) -> None:
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(text)

    def marker(self, value: Any, path: str, why: str) -> str:
        """What stands for a value that cannot be taken."""
        self.problem(f"{self.place(path)} {why}, not {kind(value)}")
        return f"<{kind(value)}>"

    def place(self, path: str) -> str:
        """The mapping, or what is in it."""
        if not path:
            return self.called
        names = {"properties": "property", "traits": "trait"}
        return f"{names.get(self.called, self.called)} {path[:MAX_NAME]!r}"


_DEEP = f"is nested deeper than {MAX_DEPTH}: it must be text or a number there"
_MUCH = f"comes after {MAX_VALUES} values or {MAX_CHARACTERS} characters: it must be left out"


def _mapping(
    mapping: Mapping[Any, Any], path: str, depth: int, found: _Found, most: int
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in islice(mapping.items(), _MAX_LOOKED_AT):
        if len(result) >= most:
            break
        name = _key(key, path, found)
        result[name] = _value(value, f"{path}.{name}" if path else name, depth, found)
    return result


def _key(key: Any, path: str, found: _Found) -> str:
    if isinstance(key, str):
        return clean_text(key, MAX_NAME)
    found.problem(f"a key of {found.place(path)} must be text, not {kind(key)}")
    return str(_scalar(key, path, found))[:MAX_NAME]


def _value(value: Any, path: str, depth: int, found: _Found) -> Any:
    try:
        if found.is_full():
            return found.marker(value, path, _MUCH)
        if isinstance(value, Mapping):
            if depth >= MAX_DEPTH:
                return found.marker(value, path, _DEEP)
            return _mapping(value, path, depth + 1, found, MAX_ENTRIES)
        if isinstance(value, (list, tuple, set, frozenset)):
            if depth >= MAX_DEPTH:
                return found.marker(value, path, _DEEP)
            entries = list(islice(value, MAX_ENTRIES))
            return [_value(entry, path, depth + 1, found) for entry in entries]
        return _scalar(value, path, found)
    except Exception:  # hostile objects: __class__, __iter__ or items() that raise
        return found.marker(value, path, "could not be read: it must be JSON")


def _scalar(value: Any, path: str, found: _Found) -> Any:
    """Through the methods of Python's own types: those of a subclass may do anything."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, Enum) and not isinstance(value, (str, int)):
        return _scalar(value.value, path, found)
    if isinstance(value, str):
        return found.text(value)
    if isinstance(value, int):
        return _integer(int.__add__(value, 0), path, found)
    if isinstance(value, float):
        number = float.__add__(value, 0.0)
        if math.isfinite(number):
            return number
        found.problem(f"{found.place(path)} must be a finite number, not {number}")
        return None
    if isinstance(value, (Decimal, UUID)):
        return clean_text(str(value), MAX_NAME)
    if isinstance(value, timedelta):
        return timedelta.total_seconds(value)
    for type_ in (datetime, date, time):
        if isinstance(value, type_):
            return type_.isoformat(value)  # type: ignore[arg-type]
    return found.marker(value, path, "must be JSON, a Decimal, a date or a UUID")


def _integer(number: int, path: str, found: _Found) -> Any:
    if number in _INT64:
        return number
    if number.bit_length() <= _MAX_INT_BITS:
        return str(number)
    return found.marker(number, path, f"must have at most {_MAX_INT_BITS} bits")
