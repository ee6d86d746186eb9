"""All that is kept of one person, as one JSON document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ...metrics.person import Person
from ..base import Store

_encode = msgspec.json.Encoder(decimal_format="string").encode


def document(
    store: Store | None,
    person: Person,
    journal: Iterable[bytes] = (),
    letters: Iterable[bytes] = (),
) -> Iterator[bytes]:
    """Ids, traits and every event, in pieces: a person may have more than memory holds.

    :param journal: events in the journal's files, as JSON.
    :param letters: dead letters, as JSON.
    """
    head = _encode({"id": person.id, "ids": person.ids, "traits": person.traits})
    yield head[:-1]
    yield from _list("events", () if store is None else store.events(person=person.id))
    yield from _list("journal", journal)
    yield from _list("dead_letters", letters)
    yield b"}\n"


def _list(name: str, bodies: Iterable[bytes]) -> Iterator[bytes]:
    yield f',"{name}":['.encode()
    sign = b"\n"
    for body in bodies:
        yield sign + body
        sign = b",\n"
    yield b"\n]"


def is_stranger(store: Store, person: Person | None) -> bool:
    """Whether the store has nothing of an id that was asked for."""
    if person is None:
        return True
    if len(person.ids) > 1 or person.traits:
        return False
    return next(iter(store.events(person=person.id)), None) is None
