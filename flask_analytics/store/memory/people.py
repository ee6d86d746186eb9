"""Who is who: which ids belong to one person, and what is known of them.

Aliases join their ``previous_id`` (as a user and as an anonymous id) with their ``user_id``; all
that they connect, over however many steps, is one person from the beginning, called by the target
of the newest. An anonymous id that came together with a user is that user's, the first one's,
whatever else an alias says of it. "First" and "newest" are by time, then message id, never by
arrival.

What is learnt here outlives the events that told it, until it is forgotten or nobody is left who
could be asked for: see ``leave``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from ...event import EventType
from ...metrics import facts
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

    :param limit: ids, and aliases, that are remembered; beyond it the first that came are dropped.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: dict[Key, None] = {}
        self._links: dict[Key, tuple[Order, Key]] = {}
        self._aliases: dict[Order, Alias] = {}
        self._traits: dict[Key, dict[str, tuple[Order, Any]]] = {}
        self._register: Register | None = None

    def learn(self, row: Row) -> None:
        """Take in what an event tells about who is who."""
        user, visitor = row.user, row.visitor
        for met in filter(None, (user, visitor)):
            self._meet(met)
        if user and visitor:
            self._link(visitor, (row.order, user))
        if row.event.type == EventType.ALIAS and user and row.event.previous_id:
            self._call(Alias(row.order, row.event.previous_id, user[1]))
        key = user or visitor
        event = row.event
        told = facts.known_traits(event.type, event.traits, event.group_id)
        if key and told:
            self._describe(key, row.order, told)

    def _meet(self, key: Key) -> None:
        if key not in self._known:
            self._known[key] = None
            self._register = None
        if len(self._known) > self._limit + self._limit // 10:  # in bulk: it costs a pass
            self._drop(set(list(self._known)[: len(self._known) - self._limit]))

    def _call(self, alias: Alias) -> None:
        self._aliases[alias.order] = alias
        self._register = None
        if len(self._aliases) > self._limit:
            del self._aliases[next(iter(self._aliases))]

    def _link(self, visitor: Key, link: tuple[Order, Key]) -> None:
        if visitor not in self._links or link < self._links[visitor]:
            self._links[visitor] = link
            self._register = None

    def _describe(self, key: Key, order: Order, told: Mapping[str, Any]) -> None:
        traits = self._traits.setdefault(key, {})
        for name, value in told.items():
            if name not in traits or traits[name][0] < order:
                traits[name] = (order, value)

    # -- what is known

    def of(self, row: Row) -> Key | None:
        """The person of an event, as the one key that stands for them; None for nobody."""
        key = row.user or row.visitor
        return self._all.person(key) if key else None

    def find(self, text: str) -> Key | None:
        """The person whom an id belongs to: the user of that id, else the anonymous one."""
        keys = (("user", text), ("anonymous", text))
        return next((self._all.person(key) for key in keys if self._all.has(key)), None)

    def id(self, person: Key) -> str:
        """What a person is called."""
        return self._all.names.get(person, person[1])

    def ids(self, person: Key) -> tuple[str, ...]:
        """All ids of a person, sorted."""
        return tuple(sorted({text for _, text in self._all.keys(person)}))

    def traits(self, person: Key) -> dict[str, Any]:
        """For each name the latest value of any of a person's ids."""
        latest: dict[str, tuple[Order, Any]] = {}
        for key in self._all.keys(person):
            for name, told in self._traits.get(key, {}).items():
                if name not in latest or latest[name][0] < told[0]:
                    latest[name] = told
        return {name: value for name, (_, value) in sorted(latest.items())}

    @property
    def _all(self) -> Register:
        if self._register is None:
            links = {visitor: user for visitor, (_, user) in self._links.items()}
            self._register = Register(self._known, links, sorted(self._aliases.values()))
        return self._register

    # -- what is taken back

    def forget(self, person: Key) -> set[Key]:
        """Know nothing of a person any more. Returns the keys that nobody has now."""
        keys = set(self._all.keys(person))
        self._drop(keys)
        # A user id of the same text may be another user's; or an alias of theirs mentioned it.
        texts = {("user", text) for _, text in keys}
        return keys | {key for key in texts if not self._all.has(key)}

    def leave(self, used: set[Key]) -> None:
        """Know only those people any more of whom one of these keys is."""
        people = {self._all.person(key) for key in used}
        self._drop({key for key in self._all.everybody if self._all.person(key) not in people})

    def _drop(self, keys: set[Key]) -> None:
        self._known = {key: None for key in self._known if key not in keys}
        self._traits = {key: told for key, told in self._traits.items() if key not in keys}
        self._links = {a: told for a, told in self._links.items() if keys.isdisjoint((a, told[1]))}
        self._aliases = {o: a for o, a in self._aliases.items() if keys.isdisjoint(a.keys)}
        self._register = None

    def unalias(self, previous: str, user: str) -> set[Order]:
        """Undo all aliases of a pair. Returns which. What else these events told stays."""
        undone = {o for o, a in self._aliases.items() if (a.previous, a.user) == (previous, user)}
        for order in undone:
            del self._aliases[order]
        self._register = None
        return undone


class Register:
    """Everybody, as of now.

    :param links: anonymous id -> user.
    :param aliases: the oldest first.
    """

    def __init__(
        self, known: Iterable[Key], links: Mapping[Key, Key], aliases: Sequence[Alias]
    ) -> None:
        told = (key for alias in aliases for key in alias.keys)
        circles = {key: [key] for key in chain(known, told)}
        for alias in aliases:
            _join(circles, alias.keys)
        stands = {id(circle): min(circle) for circle in circles.values()}
        self._persons = {key: stands[id(circles[links.get(key, key)])] for key in circles}
        self._keys: dict[Key, list[Key]] = defaultdict(list)
        for key, person in self._persons.items():
            self._keys[person].append(key)
        #: What people are called who have an alias.
        self.names = {self._persons["user", alias.user]: alias.user for alias in aliases}

    @property
    def everybody(self) -> Iterable[Key]:
        """All keys that any event or alias named."""
        return self._persons

    def has(self, key: Key) -> bool:
        """Has any event or alias named it?"""
        return key in self._persons

    def person(self, key: Key) -> Key:
        """The key that stands for the person."""
        return self._persons.get(key, key)

    def keys(self, person: Key) -> list[Key]:
        """All of a person's."""
        return self._keys[person]


def _join(circles: dict[Key, list[Key]], keys: Iterable[Key]) -> None:
    first, *others = keys
    for other in others:
        small, large = sorted((circles[first], circles[other]), key=len)
        if small is not large:
            large.extend(small)
            circles.update(dict.fromkeys(small, large))
