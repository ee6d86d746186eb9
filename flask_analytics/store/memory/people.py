"""Who is who: which ids belong to one person, and what is known of them.

An anonymous id is joined with the first user that any event carries together with it, an alias
joins its ``previous_id`` (as a user and as an anonymous id) with its ``user_id``. Everything that
is joined, over however many steps, is one person from the beginning. The person is called by the
target of the newest alias among these; without an alias by the user; else by the anonymous id.
"First" and "newest" are by time, then message id, never by arrival.

What is learnt here outlives the events that told it, until it is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any, NamedTuple

from ...event import EventType
from .row import Key, Row

Order = tuple[int, str]


class Alias(NamedTuple):
    """One alias event."""

    order: Order
    previous: str
    user: str

    @property
    def keys(self) -> tuple[Key, Key, Key]:
        """What it joins."""
        return ("user", self.user), ("user", self.previous), ("anonymous", self.previous)


class People:
    """Links, aliases and traits, each with the order of the event that told it.

    :param limit: ids that are remembered at most; beyond it the first that came are dropped.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: dict[Key, None] = {}
        self._links: dict[Key, tuple[Order, Key]] = {}
        self._aliases: dict[Order, Alias] = {}
        self._traits: dict[Key, dict[str, tuple[Order, Any]]] = {}
        self._groups: dict[Key, list[Key]] | None = None
        self._names: dict[Key, str] = {}

    def learn(self, row: Row) -> None:
        """Take in what an event tells about who is who."""
        user, visitor = row.user, row.visitor
        for met in filter(None, (user, visitor)):
            self._meet(met)
        if user and visitor:
            self._link(visitor, (row.order, user))
        if row.event.type == EventType.ALIAS and user and row.event.previous_id:
            self._aliases[row.order] = Alias(row.order, row.event.previous_id, user[1])
            self._groups = None
        key = user or visitor
        if key and row.event.traits and row.event.type != EventType.GROUP:
            self._describe(key, row)

    def _meet(self, key: Key) -> None:
        if key not in self._known:
            self._known[key] = None
            self._groups = None
        if len(self._known) > self._limit + self._limit // 10:  # in bulk: it costs a pass
            self._drop(set(list(self._known)[: len(self._known) - self._limit]))

    def _link(self, visitor: Key, link: tuple[Order, Key]) -> None:
        if visitor not in self._links or link < self._links[visitor]:
            self._links[visitor] = link
            self._groups = None

    def _describe(self, key: Key, row: Row) -> None:
        traits = self._traits.setdefault(key, {})
        for name, value in row.event.traits.items():
            if name not in traits or traits[name][0] < row.order:
                traits[name] = (row.order, value)

    # -- what is known

    def of(self, row: Row) -> Key | None:
        """The person of an event, as the one key that stands for them; None for nobody."""
        key = row.user or row.visitor
        return self._together(key)[0] if key else None

    def find(self, text: str) -> Key | None:
        """The person whom an id belongs to: the user of that id, else the anonymous one."""
        for key in (("user", text), ("anonymous", text)):
            together = self._together(key)
            if len(together) > 1 or key in self._known:
                return together[0]
        return None

    def id(self, person: Key) -> str:
        """What a person is called."""
        self._together(person)
        return self._names.get(person, person[1])

    def ids(self, person: Key) -> tuple[str, ...]:
        """All ids of a person, sorted."""
        return tuple(sorted({text for _, text in self._together(person)}))

    def traits(self, person: Key) -> dict[str, Any]:
        """For each name the latest value of any of a person's ids."""
        latest: dict[str, tuple[Order, Any]] = {}
        for key in self._together(person):
            for name, told in self._traits.get(key, {}).items():
                if name not in latest or latest[name][0] < told[0]:
                    latest[name] = told
        return {name: value for name, (_, value) in sorted(latest.items())}

    # -- what is taken back

    def forget(self, person: Key) -> None:
        """Know nothing of a person any more."""
        self._drop(set(self._together(person)))

    def _drop(self, keys: set[Key]) -> None:
        self._known = {key: None for key in self._known if key not in keys}
        self._traits = {key: told for key, told in self._traits.items() if key not in keys}
        self._links = {a: told for a, told in self._links.items() if keys.isdisjoint((a, told[1]))}
        self._aliases = {o: a for o, a in self._aliases.items() if keys.isdisjoint(a.keys)}
        self._groups = None

    def unalias(self, previous: str, user: str) -> bool:
        """Undo all aliases of a pair. False: there were none. What else these events told stays."""
        undone = [o for o, a in self._aliases.items() if (a.previous, a.user) == (previous, user)]
        for order in undone:
            del self._aliases[order]
        self._groups = None
        return bool(undone)

    # -- the groups, built when somebody asks

    def _together(self, key: Key) -> list[Key]:
        if self._groups is None:
            self._groups, self._names = self._joined()
        return self._groups.get(key) or [key]

    def _joined(self) -> tuple[dict[Key, list[Key]], dict[Key, str]]:
        told = (key for alias in self._aliases.values() for key in alias.keys)
        groups: dict[Key, list[Key]] = {key: [key] for key in chain(self._known, told)}
        for visitor, (_, user) in self._links.items():
            _join(groups, (visitor, user))
        for alias in self._aliases.values():
            _join(groups, alias.keys)
        names = {}
        for group in {id(group): group for group in groups.values()}.values():
            group.sort(reverse=True)  # users first: the only user of a group names it
            names[group[0]] = group[0][1]
        for alias in sorted(self._aliases.values()):
            names[groups[alias.keys[0]][0]] = alias.user
        return groups, names


def _join(groups: dict[Key, list[Key]], keys: Iterable[Key]) -> None:
    first, *others = keys
    for other in others:
        small, large = sorted((groups[first], groups[other]), key=len)
        if small is not large:
            large.extend(small)
            groups.update(dict.fromkeys(small, large))
