"""Dead letters, read again: for a person to look at, and to try once more."""

from __future__ import annotations

import os
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from ..event import Event, decode
from ..log import QuietLog
from .dead import DeadLetters, open_own
from .folder import ALONE, FREE, HAS_LOCKS, lock

#: The files: the one that is written, the one before, and any that somebody took to read.
PATTERN = "dead*.jsonl"

#: A file that a process took aside to write it anew.
ASIDE = "dead.????????.jsonl"

#: Seconds between two tries to be the one who writes them anew.
PAUSE = 0.02


class Letter(msgspec.Struct):
    """One event that no destination took: of which collector, why, and when it was accepted."""

    collector: str
    reason: str
    #: Seconds since the epoch.
    at: float
    event: msgspec.Raw

    def opened(self) -> Event:
        """The event.

        :raises ValueError: it is none any more.
        """
        return decode(bytes(self.event))


_read = msgspec.json.Decoder(Letter).decode


def newest(folder: Path, limit: int) -> list[Letter]:
    """The letters written last, the last one first."""
    kept: deque[Letter] = deque(maxlen=limit)
    for path in _files(folder):
        kept.extend(letter for letter, _ in _letters(path))
    return list(reversed(kept))


def counts(folder: Path) -> dict[tuple[str, str], int]:
    """How many there are, by collector and reason."""
    found: dict[tuple[str, str], int] = {}
    for path in _files(folder):
        for letter, _ in _letters(path):
            key = letter.collector, letter.reason
            found[key] = found.get(key, 0) + 1
    return found


def take(folder: Path, collector: str, give: Callable[[Event], None], log: QuietLog) -> int:
    """Give all letters of a collector away, and keep the others. Returns how many.

    A process that dies meanwhile loses none: what it took aside is found by the next one, and may
    be given a second time, under the same message id.
    """

    def rest(letter: Letter, body: bytes) -> bytes | None:
        if letter.collector == collector and (event := _event(letter)) is not None:
            give(event)
            return None
        return body

    with _alone(folder, waits=True):
        return _rewritten(folder, rest, log)


def matching(folder: Path, is_chosen: Callable[[bytes], bool]) -> Iterator[Letter]:
    """The letters whose event, as JSON, is one of those."""
    for path in _files(folder):
        for letter, body in _letters(path):
            if is_chosen(body):
                yield letter


def rewrite(folder: Path, rest: Callable[[bytes], bytes | None], log: QuietLog) -> int:
    """Change letters, or take them out. Returns how many went. Half a line goes, too.

    :param rest: makes of an event, as JSON, what stays of it.
    """
    with _alone(folder, waits=True):
        return _rewritten(folder, lambda _, body: rest(body), log)


def expire(folder: Path, before: float, log: QuietLog) -> int:
    """Take out letters that were accepted before a time. Returns how many.

    Every letter is looked at: whoever wrote the files anew may have put old ones behind newer
    ones. Where another process is at it, that is enough: all workers call this as they start.
    """

    def rest(letter: Letter, body: bytes) -> bytes | None:
        return None if letter.at < before else body

    with _alone(folder, waits=False) as is_free:
        if not is_free:
            return 0
        is_left = any(folder.glob(ASIDE))
        if is_left or any(one.at < before for path in _files(folder) for one, _ in _letters(path)):
            return _rewritten(folder, rest, log)
        return 0


@contextmanager
def _alone(folder: Path, waits: bool) -> Iterator[bool]:
    """Only one at a time writes letters anew. False: another one does.

    It waits by short sleeps: under gevent the other one may be a greenlet of this very thread.
    """
    if not HAS_LOCKS or not _files(folder):
        yield True
        return
    file = open_own(folder / "dead.lock")
    try:
        while not (is_free := _is_locked(file)) and waits:
            time.sleep(PAUSE)
        try:
            yield is_free
        finally:
            if is_free:
                lock(file, FREE)  # by name: a child that was forked meanwhile has the file, too
    finally:
        os.close(file)


def _is_locked(file: int) -> bool:
    try:
        lock(file, ALONE)
    except BlockingIOError:
        return False
    return True


def _rewritten(folder: Path, rest: Callable[[Letter, bytes], bytes | None], log: QuietLog) -> int:
    """Write all files anew with what stays of each letter. Returns how many went.

    Whoever calls it is alone: what lies aside is of a process that died, and some of it may have
    been written anew before.
    """
    count, others, is_left = 0, DeadLetters(folder, log), any(folder.glob(ASIDE))
    seen: set[tuple[str, str, float, bytes]] = set()
    for aside in [_put_aside(path) for path in _files(folder)]:
        for letter, body in _letters(aside):
            left = rest(letter, body)
            if left is None:
                count += 1
                continue
            key = letter.collector, letter.reason, letter.at, left
            if key not in seen:
                others.bury(left, letter.collector, letter.reason, letter.at)
            if is_left:
                seen.add(key)
        aside.unlink()
    return count


def _put_aside(path: Path) -> Path:
    """All of them before the first is written anew: nobody writes to them any more."""
    aside = path.with_name(f"dead.{secrets.token_hex(4)}.jsonl")
    path.rename(aside)
    return aside


def _event(letter: Letter) -> Event | None:
    try:
        return letter.opened()
    except ValueError:
        return None


def _files(folder: Path) -> list[Path]:
    """Oldest first, as far as names tell; the one that is written is the last."""
    found = sorted(folder.glob(PATTERN)) if folder.is_dir() else []
    return sorted(found, key=lambda path: path.name == "dead.jsonl")


def _letters(path: Path) -> Iterator[tuple[Letter, bytes]]:
    """Each letter with its event's bytes; half a line, of a full disk, is passed over, and a file
    that another process has just written anew."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        for line in file:
            try:
                letter = _read(line)
            except (msgspec.MsgspecError, UnicodeError):
                continue
            yield letter, bytes(letter.event)
