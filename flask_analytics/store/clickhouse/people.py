"""One person: their keys, their ids, their traits, what they did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from ...metrics.person import Person, Timeline, Traits
from .client import Client
from .identity import Alias, Identity
from .keys import both_keys
from .state import State

_TRAITS = """SELECT name, max(latest).3 FROM traits WHERE key IN {keys:Array(UInt128)}
GROUP BY name ORDER BY name"""

_TIMELINE = """SELECT body FROM events{final}
WHERE who IN {{keys:Array(UInt128)}} AND ts >= {{start:Int64}} AND ts < {{end:Int64}}
ORDER BY ts DESC, message_id DESC LIMIT 1 BY message_id LIMIT {{limit:Int64}}"""


class Known(NamedTuple):
    """Somebody: ``key`` stands for the person, ``keys`` are all of theirs."""

    key: int
    keys: frozenset[int]
    ids: tuple[str, ...]
    id: str


class People:
    """Looks people up, as of one moment."""

    def __init__(self, client: Client, identity: Identity, state: State) -> None:
        self._client, self._state = client, state
        self._aliases = identity.aliases() if state.version else []

    def find(self, text: str) -> Known | None:
        """The person whom an id belongs to: the user of that id, else the anonymous one."""
        named = self._named()
        there = {key for (key,) in self._rows_of("SELECT key FROM people", both_keys(text))}
        key = next((key for key in both_keys(text) if key in there or key in named), None)
        if key is None:
            return None
        person = self._person(key)
        keys = frozenset(self._keys(person))
        rows = self._rows_of("SELECT DISTINCT key, id FROM people", keys)
        texts = {key: named[key] for key in keys if key in named} | dict(rows)
        return Known(person, keys, tuple(sorted(set(texts.values()))), texts.get(person, text))

    def _named(self) -> dict[int, str]:
        """What aliases name, which no event may ever have used."""
        return {key: text for alias in self._aliases for key, text in _texts(alias)}

    def _rows_of(self, sql: str, keys: Iterable[int]) -> list[tuple[Any, ...]]:
        return self._client.rows(f"{sql} WHERE key IN {{keys:Array(UInt128)}}", {"keys": list(keys)})

    def _person(self, key: int) -> int:
        if self._state.people is None:
            return key
        rows = self._client.rows(
            f"SELECT person FROM ({self._state.people}) WHERE key = {{key:UInt128}}", {"key": key}
        )
        return int(rows[0][0]) if rows else key

    def _keys(self, person: int) -> set[int]:
        if self._state.people is None:
            return {person}
        rows = self._client.rows(
            f"SELECT key FROM ({self._state.people}) WHERE person = {{person:UInt128}}",
            {"person": person},
        )
        return {person, *(int(key) for (key,) in rows)}

    def broken(self, keys: frozenset[int]) -> list[str]:
        """Message ids of the aliases that name any of these keys."""
        return [alias.message for alias in self._aliases if not keys.isdisjoint(alias.keys)]

    def traits(self, asked: Traits) -> Person:
        """Who somebody is."""
        known = self.find(asked.id)
        if known is None:
            return Person(asked.id, (asked.id,), {})
        rows = self._client.rows(_TRAITS, {"keys": list(known.keys)})
        traits = {name: msgspec.json.decode(value) for name, value in rows}
        return Person(known.id, known.ids, traits)

    def timeline(self, asked: Timeline) -> tuple[dict[str, Any], ...]:
        """What somebody did, the newest first."""
        known = self.find(asked.id)
        if known is None:
            return ()
        values = {
            **{"keys": list(known.keys), "limit": asked.limit},
            **{"start": asked.range.start_us, "end": asked.range.end_us},
        }
        rows = self._client.rows(_TIMELINE.format(final=""), values)
        return tuple(msgspec.json.decode(body) for (body,) in rows)


def _texts(alias: Alias) -> list[tuple[int, str]]:
    user, *previous = alias.keys
    return [(user, alias.user), *((key, alias.previous) for key in previous)]


