"""One person: traits, and what they did."""

from __future__ import annotations

from typing import Any

import msgspec

from .window import Range

#: Characters of an id.
MAX_ID = 256


class Traits(msgspec.Struct, frozen=True):
    """The traits of a person, of all events that carry any: for each name the latest value, by
    timestamp, then message id, null too. Answered by ``Person``.

    :param id: a user id or an anonymous id; where it is both, the user's. One that nobody has is
        answered by a person of that id alone, without traits.
    """

    id: str


class Person(msgspec.Struct, frozen=True):
    """Who an id belongs to. ``ids`` are all ids of the person, sorted; ``id`` stands for them.

    An alias joins its previous id (as a user and as an anonymous id) with its user id; all that
    aliases connect, over however many steps, is one person, and ``id`` is the target of the newest
    among them. An anonymous id that any event carries together with a user is the first such
    user's, whatever an alias says of it. First and newest: by time, then message id.
    """

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

    :param search: only people one of whose ids contains this text, with the same capitals.
    """

    range: Range
    search: str = ""
    limit: int = 100


class Seen(msgspec.Struct, frozen=True):
    """A person, their counted events and the time of the last, ISO 8601 UTC."""

    id: str
    count: int
    last: str
