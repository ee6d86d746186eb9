"""One person: who an id belongs to, and what they did."""

from __future__ import annotations

from typing import Any

import msgspec

from ...metrics.person import Person, Timeline, Traits
from . import identity, records
from .catalog import Catalog
from .view import View


def keys_of(text: str, catalog: Catalog, view: View) -> list[int]:
    """The keys of the person whom an id belongs to: the user's of that id, else the anonymous
    one's. The first stands for all of them."""
    with catalog.read() as connection:
        own = identity.find(connection, text)
    if own is None or own in view.moment.hidden.people:
        return []
    table = view.moment.people
    if table is None:
        return [own]
    person = f"coalesce((SELECT person FROM {table} WHERE key = $1), $1)"
    found = view.rows(
        f"SELECT {person} UNION ALL SELECT key FROM {table} WHERE person = {person}", [own]
    )
    return [key for (key,) in found]


def traits(asked: Traits, catalog: Catalog, view: View) -> Person:
    """Who somebody is."""
    keys = keys_of(asked.id, catalog, view)
    if not keys:
        return Person(asked.id, (asked.id,), {})
    texts = view.ids(keys)
    ids = tuple(sorted(set(texts.values())))
    return Person(texts[keys[0]], ids, dict(sorted(catalog.traits_of(keys).items())))


def timeline(asked: Timeline, catalog: Catalog, view: View) -> tuple[dict[str, Any], ...]:
    """What somebody did, the newest first."""
    keys = keys_of(asked.id, catalog, view)
    if not keys:
        return ()
    span = asked.range.start_us, asked.range.end_us
    bodies = records.bodies(view, catalog, span, keys, newest=asked.limit)
    return tuple(msgspec.json.decode(body) for body in bodies)
