"""All that a store has of one person, as one JSON document."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ...metrics.person import Person
from ..base import Store

_encode = msgspec.json.Encoder(decimal_format="string").encode


def document(store: Store, person: Person) -> Iterator[bytes]:
    """Ids, traits and every event, in pieces: a person may have more than memory holds."""
    head = _encode({"id": person.id, "ids": person.ids, "traits": person.traits})
    yield head[:-1] + b',"events":['
    sign = b"\n"
    for body in store.events(person=person.id):
        yield sign + body
        sign = b",\n"
    yield b"\n]}\n"


def is_stranger(store: Store, person: Person | None) -> bool:
    """Whether the store has nothing of an id that was asked for."""
    if person is None:
        return True
    if len(person.ids) > 1 or person.traits:
        return False
    return next(iter(store.events(person=person.id)), None) is None
