"""One person: traits, and what they did."""

from __future__ import annotations

from typing import Any

import msgspec

from .window import Range

#: Characters of an id.
MAX_ID = 256


class Traits(msgspec.Struct, frozen=True):
    """The traits of a person, of all events that carry any: for each name the latest value, by
    timestamp, then message id. Answered by ``Person``.

    :param id: a user id or an anonymous id.
    """

    id: str


class Person(msgspec.Struct, frozen=True):
    """Who an id belongs to. ``ids`` are all ids of the person, sorted; ``id`` stands for them
    (see METRICS: the newest target of an alias, the user of an anonymous id)."""

    id: str
    ids: tuple[str, ...]
    traits: dict[str, Any]


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """What a person did, the newest first (by time, then message id descending), also identify,
    group, alias and what is not counted. Answered by a tuple of ``Event`` as plain data under
    their wire names.

    :param id: a user id or an anonymous id; all ids of that person are looked up.
    """

    id: str
    range: Range
    limit: int = 100


class People(msgspec.Struct, frozen=True, kw_only=True):
    """Who was active, the last seen first, then by id. Answered by a tuple of ``Seen``.

    :param search: only people with an id that contains this text.
    """

    range: Range
    search: str = ""
    limit: int = 100


class Seen(msgspec.Struct, frozen=True):
    """A person, their counted events and the time of the last, ISO 8601 UTC."""

    id: str
    count: int
    last: str
