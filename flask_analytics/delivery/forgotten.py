"""Who was forgotten: what still waits of them in some process's memory goes nowhere.

Their ids stand as salted digests in one small file beside the journal, which every process looks at
before it sends. What happens after somebody was forgotten is a new person's.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..event import Event, decode, encode
from . import folder

if TYPE_CHECKING:
    from .buffer import Entry

#: Seconds after which nothing waits any more: no collector of ours keeps events for as long.
KEPT = 30 * 86_400.0

#: Seconds that a second process waits while one writes.
PATIENCE = 5.0


class _Ids(msgspec.Struct, gc=False):
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None


_ids = msgspec.json.Decoder(_Ids).decode


def rest(body: bytes, is_gone: Callable[[str], bool]) -> bytes | None:
    """What stays of an event, as JSON, when these ids are forgotten. None: it is theirs. On a
    shared device, or where an alias mentions them, it is somebody else's, and stays without.

    :raises ValueError: it is no event.
    """
    found = _ids(body)
    who = found.user_id or found.anonymous_id
    if who is not None and is_gone(who):
        return None
    mentioned = [id for id in (found.anonymous_id, found.previous_id) if id and is_gone(id)]
    if not mentioned:
        return body
    event = decode(body)
    take_out(event, is_gone)
    return encode(event)


def take_out(event: Event, is_gone: Callable[[str], bool]) -> None:
    """Take mentions of these ids out of an event."""
    if event.anonymous_id and is_gone(event.anonymous_id):
        event.anonymous_id = None
    if event.previous_id and is_gone(event.previous_id):
        event.previous_id = None


class _File(msgspec.Struct):
    """What the file holds: digest -> when, in seconds since the epoch."""

    salt: str = ""
    people: dict[str, float] = {}


_decode = msgspec.json.Decoder(_File).decode


class Forgotten:
    """The list of one folder. For any thread, and for a forked child.

    :param path: its file, made when needed. None: this process alone knows.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._known = _File(secrets.token_hex(16))
        self._stamp: tuple[int, ...] = ()

    def add(self, ids: Collection[str], at: float, is_shared: bool = True) -> None:
        """Whatever these ids did up to now (seconds since the epoch) is not to be sent.

        :param is_shared: False: by this process.
        :raises OSError: it cannot be written; then this process alone knows.
        """
        self._note(self._known, ids, at)
        if self._path is None or not is_shared:
            return
        folder.make(self._path.parent)
        with _alone(self._path.with_suffix(".lock")):
            told = self._read() or _File(secrets.token_hex(16))
            self._note(told, ids, at)
            told.people = {who: when for who, when in told.people.items() if when > at - KEPT}
            self._write(self._path, told)

    def sift(self, entries: list[Entry]) -> tuple[list[Entry], list[Entry]]:
        """Entries that may be sent, and those of people who were forgotten since."""
        if not self._look():
            return entries, []
        kept: list[Entry] = []
        gone: list[Entry] = []
        for entry in entries:
            body = self._rest(entry)
            (gone if body is None else kept).append(entry)
            # As long as it was: it is counted by its length.
            entry.body = entry.body if body is None else body.ljust(len(entry.body))
        return kept, gone

    def _rest(self, entry: Entry) -> bytes | None:
        salt, people = self._known.salt, self._known.people
        return rest(entry.body, lambda id: entry.at <= people.get(_digest(salt, id), -1.0))

    def _look(self) -> bool:
        """Learn what others have written. False: nobody was forgotten lately."""
        if self._path is not None:
            try:
                found = os.stat(self._path)
                stamp: tuple[int, ...] = (found.st_ino, found.st_mtime_ns, found.st_size)
            except OSError:
                return bool(self._known.people)
            if stamp != self._stamp:
                self._known = self._read() or self._known
                self._stamp = stamp
        return bool(self._known.people)

    def _read(self) -> _File | None:
        assert self._path is not None
        try:
            return _decode(self._path.read_bytes())
        except (OSError, ValueError):
            return None

    @staticmethod
    def _note(told: _File, ids: Iterable[str], at: float) -> None:
        for id in ids:
            told.people[_digest(told.salt, id)] = at

    @staticmethod
    def _write(path: Path, told: _File) -> None:
        new = path.with_suffix(f".{os.getpid()}.tmp")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(told))
            folder.give(file.fileno(), path.parent)
        os.replace(new, path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time; where there are no locks, or one hangs, without."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    folder.give(file, path.parent)
    give_up = time.monotonic() + PATIENCE
    try:
        while folder.HAS_LOCKS and time.monotonic() < give_up:
            with suppress(OSError):
                folder.lock(file, folder.ALONE)
                break
            time.sleep(0.01)
        yield
    finally:
        os.close(file)


def _digest(salt: str, id: str) -> str:
    return hashlib.blake2b(id.encode(), key=salt.encode(), digest_size=16).hexdigest()
