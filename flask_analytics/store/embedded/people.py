"""The numbers of ids, as those who append need them: nearly always without a look into a tree.

``identity`` has all ids in the order of their numbers, which costs a new one next to nothing.
``known`` finds them by their text; a new one there changes a page for itself alone. So it gets them
late: each process keeps in memory those that it does not have yet, thousands at most. When there
are enough, they are written down in the order of their texts (``settling``), and each append takes
the next few along: neighbours, which share their pages.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import msgspec

from ...delivery.latch import allocate_lock
from .identity import ANONYMOUS, USER, Link

#: New ids that are put into ``known`` in one go, in the order of their texts.
RUN = 8_192

#: Of these, what one append takes along: at worst a page each.
STEP = 256

#: Ids and links remembered beside those, at about 150 bytes each.
REMEMBERED = 20_000

#: CROSS JOIN is SQLite for "in this order": it would rather walk over all people.
_FIND = """SELECT k.key, k.id FROM json_each(?) AS wanted
    CROSS JOIN known AS k WHERE k.kind = ? AND k.key = wanted.value"""

#: OR FAIL, OR IGNORE: see ``rows``; a key of ``json_each`` is the place in the list.
_NEW = "INSERT OR FAIL INTO identity SELECT ? + key, ?, value FROM json_each(?)"

_SETTLE = """INSERT OR IGNORE INTO known SELECT i.kind, i.key, i.id
    FROM json_each(?) AS wanted CROSS JOIN identity AS i WHERE i.id = wanted.value"""

_OTHERS_OF = """SELECT {0}, json_group_array(id), json_group_array(key) FROM identity
    WHERE id > :high AND kind = {0} HAVING count(*)"""

#: Two texts of JSON: a row for each would have to become one of Python first.
_OTHERS = f"""{_OTHERS_OF.format(USER)} UNION ALL {_OTHERS_OF.format(ANONYMOUS)}"""

_NEXT = "SELECT coalesce(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'identity'"

_MET = "DELETE FROM hearsay WHERE id IN (SELECT value FROM json_each(?))"

_ids = msgspec.json.Decoder(list[int]).decode
_texts = msgspec.json.Decoder(list[str]).decode

#: A text and its number, of one kind.
Numbers = dict[str, int]


class People:
    """What one process knows of ids. For any thread, and for a forked child."""

    def __init__(self) -> None:
        self._renew()

    def _renew(self) -> None:
        self._owner = os.getpid()
        self._lock = allocate_lock()
        self._forget()

    def _forget(self, removals: int = -1) -> None:
        #: By kind: all that ``known`` does not have, and some that it has.
        self._young: tuple[Numbers, Numbers] = {}, {}
        self._old: tuple[Numbers, Numbers] = {}, {}
        self._links: dict[int, tuple[int, str]] = {}
        #: Up to which number ``_young`` is complete; and from which on it begins.
        self._high = self._settled = 0
        self._removals = removals

    @contextmanager
    def held(self) -> Iterator[None]:
        """Around a transaction and its end: a number that was rolled back is nobody's."""
        if self._owner != os.getpid():
            self._renew()
        with self._lock:
            try:
                yield
            except BaseException:
                self._forget()
                raise

    def follow(self, connection: sqlite3.Connection, meta: Mapping[str, int]) -> None:
        """Learn what others have added or erased."""
        if meta["removals"] != self._removals:
            self._forget(meta["removals"])
        settled = meta["settled"]
        if settled > self._settled:
            self._settled, self._high = settled, max(settled, self._high)
            if sum(map(len, self._young)) > REMEMBERED:
                self._young = _beyond(settled, self._young[0]), _beyond(settled, self._young[1])
        for kind, ids, texts in connection.execute(_OTHERS, {"high": self._high}).fetchall():
            numbers = _ids(ids)
            self._young[kind].update(zip(_texts(texts), numbers, strict=True))
            self._high = max(self._high, numbers[-1])

    def keys(self, connection: sqlite3.Connection, kind: int, texts: set[str]) -> Numbers:
        """The numbers of ids, new ones for those that nobody had."""
        young, old = self._young[kind], self._old[kind]
        found = {text: young[text] for text in young.keys() & texts}
        missing = texts - found.keys()
        found.update((text, old[text]) for text in old.keys() & missing)
        if missing := texts - found.keys():
            settled = dict(connection.execute(_FIND, (_listed(missing), kind)).fetchall())
            if len(old) > REMEMBERED:
                old.clear()
            old.update(settled)
            found.update(settled)
            if missing := missing - settled.keys():
                found.update(self._add(connection, kind, sorted(missing)))
        return found

    def _add(self, connection: sqlite3.Connection, kind: int, texts: list[str]) -> Numbers:
        first = connection.execute(_NEXT).fetchone()[0]
        connection.execute(_NEW, (first, kind, _listed(texts)))
        new = dict(zip(texts, itertools.count(first)))
        self._young[kind].update(new)
        self._high = first + len(texts) - 1
        return new

    def hear(self, connection: sqlite3.Connection, texts: set[str]) -> dict[int, Numbers]:
        """Ids that events only mention (``previous_id``), of either kind. New ones are hearsay:
        with the alias they become unknown again."""
        before = self._high
        found = {kind: self.keys(connection, kind, texts) for kind in (USER, ANONYMOUS)}
        new = [(id,) for some in found.values() for id in some.values() if id > before]
        connection.executemany("INSERT INTO hearsay VALUES (?)", new)
        return found

    def unheard(self, links: Iterable[Link]) -> list[Link]:
        """Links that may tell something: those with an earlier one that is known do not."""
        if len(self._links) > REMEMBERED:
            self._links.clear()
        new = []
        for link in links:
            known = self._links.get(link.anon)
            if known is None or (link.ts, link.message) < known:
                self._links[link.anon] = link.ts, link.message
                new.append(link)
        return new

    def settle(self, connection: sqlite3.Connection, count: int) -> None:
        """Take some new ids along into ``known``; when all are there, begin with the next.

        :param count: events of the append.
        """
        step = max(STEP, 2 * count)
        row = connection.execute(
            "SELECT last, at, substr(ids, 8 * at + 1, 8 * ?) FROM settling", (step,)
        ).fetchone()
        if row is None:
            if self._high - self._settled >= RUN:
                self._begin(connection)
            return
        last, at, some = row
        if some:
            connection.execute(_SETTLE, (_listed(array("q", some)),))
            connection.execute("UPDATE settling SET at = ?", (at + step,))
        else:
            connection.execute("DELETE FROM settling")
            connection.execute("UPDATE meta SET value = ? WHERE key = 'settled'", (last,))

    def _begin(self, connection: sqlite3.Connection) -> None:
        ids = array("q")
        for some in self._young:
            new = _beyond(self._settled, some)
            ids.extend(new[text] for text in sorted(new))
        row = (self._high, ids.tobytes())
        connection.execute("INSERT INTO settling VALUES (?, 0, ?)", row)


def meet(connection: sqlite3.Connection, ids: Iterable[int]) -> None:
    """Events have these ids: they are no hearsay any more."""
    if connection.execute("SELECT EXISTS (SELECT 1 FROM hearsay)").fetchone()[0]:
        connection.execute(_MET, (_listed(ids),))


def _beyond(settled: int, numbers: Numbers) -> Numbers:
    return {text: id for text, id in numbers.items() if id > settled}


def _listed(values: Iterable[object]) -> str:
    """Values as one parameter, for ``json_each``."""
    return msgspec.json.encode(list(values)).decode()
