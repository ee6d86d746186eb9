"""Who is who, as SQL: links by the engine, aliases joined here and kept for each of their states.

The state of the aliases is one number (``version``). What they come to is a function of that
state alone, so that any process may work it out and keep it in ``stands``, and none can spoil it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .client import Client
from .keys import both_keys


class Alias(NamedTuple):
    """An alias that somebody made."""

    ts: int
    message: str
    previous: str
    user: str

    @property
    def keys(self) -> tuple[int, int, int]:
        """What it joins; its user first."""
        return both_keys(self.user)[0], *both_keys(self.previous)


class Identity:
    """Keeps ``stands`` in step with ``aliases``."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: int | None = None

    def aliases(self) -> list[Alias]:
        """All that stand, the oldest first."""
        rows = self._client.rows(
            "SELECT ts, message, previous, user FROM aliases FINAL ORDER BY ts, message"
        )
        return [Alias(*row) for row in rows]

    def learn(self, version: int) -> None:
        """See that ``stands`` has the state of this number."""
        if version in (0, self._known):
            return
        sql = "SELECT count() FROM stands WHERE version = {version:UInt64}"
        if not self._client.rows(sql, {"version": version})[0][0]:
            stands = stands_for(self.aliases()).items()
            rows = [
                {"version": version, "key": str(key), "person": str(who)} for key, who in stands
            ]
            # An own mark: that nobody stands for anybody is a state too.
            self._client.insert("stands", [{"version": version, "key": "0", "person": "0"}, *rows])
        self._known = version


def stands_for(aliases: Iterable[Alias]) -> dict[int, int]:
    """Each key's person, where it is another key: the target of the newest alias of all that are
    connected. Aliases come oldest first."""
    parent: dict[int, int] = {}
    target: dict[int, int] = {}

    def root(key: int) -> int:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for alias in aliases:
        user, *previous = alias.keys
        for key in previous:
            parent[root(key)] = root(user)
        target[root(user)] = user
    found = {key: target[root(key)] for key in list(parent)}
    return {key: person for key, person in found.items() if key != person}


def remap(version: int) -> str:
    """A SELECT of ``key`` and ``person``: whose a key is, where that is another key."""
    if not version:
        return "SELECT anon AS key, min(first).3 AS person FROM links GROUP BY anon"
    stands = f"SELECT key, person FROM stands WHERE version = {version} AND key != 0"
    linked = "SELECT anon, min(first).3 AS user FROM links GROUP BY anon"
    return (
        f"SELECT anon AS key, if(s.person != 0, s.person, user) AS person FROM ({linked}) AS l "
        f"LEFT ANY JOIN ({stands}) AS s ON l.user = s.key "
        f"UNION ALL {stands} AND key NOT IN (SELECT anon FROM links)"
    )
