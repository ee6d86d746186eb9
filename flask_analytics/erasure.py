"""A person is forgotten everywhere on this machine: in the store, and in what lies beside it.

1. Their ids are put on a list, so that what waits in any process's memory goes nowhere.
2. What the journals' files and the dead letters have of them is overwritten.
3. The store erases them.
4. Both once more: something may have been on its way meanwhile.

What was delivered before, backups and exported files are not reached.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from .delivery import blanks, letters
from .delivery.forgotten import rest, take_out
from .errors import StoreError
from .event import Event, encode
from .metrics.person import Person, Traits
from .pipeline import Draft
from .record import State, thaw
from .store.exports.person import is_stranger

if TYPE_CHECKING:
    from .store.base import Store


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of a person: how much of them there was, and where."""

    #: What they were called, and all their ids.
    id: str
    ids: tuple[str, ...]
    #: Events in the store.
    events: int
    #: Records in the journals' files, delivered ones too, and dead letters.
    journal: int
    letters: int


class Traces:
    """What lies beside the store of a person: in the journals' files, in dead letters.

    :param ids: all ids of theirs.
    """

    def __init__(self, state: State, ids: tuple[str, ...]) -> None:
        self._state = state
        self._ids = frozenset(ids)
        self._folder = state.home / "journal"

    def events(self) -> Iterator[bytes]:
        """What the journals' files have, as JSON: delivered events too, until a file is done."""
        for record in blanks.records(self._folder):
            event = self._event(record.body)
            if event is not None and self._rest(body := encode(event)) is None:
                yield body

    def letters(self) -> Iterator[bytes]:
        """Events that no destination took, each with why, as JSON."""
        return map(msgspec.json.encode, letters.matching(self._folder, self._is_theirs))

    def erase(self, until: float) -> tuple[int, int]:
        """Take all of it out that is not newer. Returns how many records, and how many letters."""
        if not self._folder.is_dir():
            return 0, 0
        count = blanks.rewrite(
            self._folder, lambda body, at: self._record(body) if at <= until else body
        )
        return count, letters.rewrite(self._folder, self._rest, self._state.pipeline.log)

    def _record(self, body: bytes) -> bytes | None:
        """What stays of a record."""
        event = self._event(body)
        if event is None:  # another application's, or of another version: any mention will do
            return None if any(msgspec.json.encode(id) in body for id in self._ids) else body
        wire = encode(event)
        left = self._rest(wire)
        if left is None or left == wire:
            return None if left is None else body
        draft = thaw(body)
        if isinstance(draft, Draft):  # of a request's own record the id is made when it is read
            take_out(draft.event, self._ids.__contains__)
            return draft.to_json()
        return body

    def _rest(self, body: bytes) -> bytes | None:
        with suppress(ValueError):
            return rest(body, self._ids.__contains__)
        return None

    def _event(self, body: bytes) -> Event | None:
        try:
            return self._state.pipeline.complete(thaw(body))
        except Exception:  # written by another version of this package
            return None

    def _is_theirs(self, body: bytes) -> bool:
        return self._rest(body) is None


def find(state: State, store: Store | None, id: str) -> Person | None:
    """Who an id belongs to; None: it is nowhere."""
    person = Person(id, (id,), {}) if store is None else store.answer(Traits(id))
    if store is not None and not is_stranger(store, person):
        return person
    traces = Traces(state, (id,))
    is_there = next(traces.events(), None) or next(traces.letters(), None)
    return Person(id, (id,), {}) if is_there else None


def forget(state: State, store: Store | None, person: Person) -> Erased:
    """Erase somebody. In the store they are in no answer from here on; ``Store.tend`` rewrites its
    files.

    :raises StoreError: the store cannot now, or the files beside it cannot be written. What is
        erased by then stays so; do it again.
    """
    now = state.pipeline.clock()
    traces = Traces(state, person.ids)
    try:
        _tell(state, person.ids, now)
        found = [traces.erase(now)]
    except OSError as error:
        raise StoreError(
            f"{state.home} cannot be written ({error.strerror}): run it as the user that the "
            "application runs as"
        ) from error
    count = 0 if store is None else store.forget(person.id)
    found.append(traces.erase(now))
    if store is not None:
        count += sum(store.forget(id) for id in person.ids if _is_back(store, id))
    journal, gone = (sum(column) for column in zip(*found, strict=True))
    return Erased(person.id, person.ids, count, journal, gone)


def silence(state: State, id: str) -> None:
    """What still waits of an id that is nowhere else is not sent.

    :raises OSError: its list cannot be written.
    """
    now = state.pipeline.clock()
    if state.home.is_dir():
        _tell(state, (id,), now)
    else:  # no other process of this machine can have anything
        state.forgotten.add((id,), now, is_shared=False)


def _tell(state: State, ids: tuple[str, ...], now: float) -> None:
    """Put somebody on the list. Where no folder can be made, no other process has one either."""
    try:
        state.forgotten.add(ids, now)
    except OSError:
        if state.home.exists():
            raise


def _is_back(store: Store, id: str) -> bool:
    person: Person = store.answer(Traits(id))
    return not is_stranger(store, person)
