"""Dead letters, read again: for a person to look at, and to try once more."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from ..event import Event, decode
from ..log import QuietLog
from .dead import DeadLetters

#: The files: the one that is written, the one before, and any that somebody took to read.
PATTERN = "dead*.jsonl"


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

    return sum(_rewritten(path, rest, log) for path in _files(folder))


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
    return sum(_rewritten(path, lambda _, body: rest(body), log) for path in _files(folder))


def expire(folder: Path, before: float, log: QuietLog) -> int:
    """Take out letters that were accepted before a time. Returns how many.

    Each file is written in the order of time: only where its first letter is older is it read.
    """

    def rest(letter: Letter, body: bytes) -> bytes | None:
        return None if letter.at < before else body

    old = [path for path in _files(folder) for first in islice(_letters(path), 1)
           if first[0].at < before]  # fmt: skip
    return sum(_rewritten(path, rest, log) for path in old)


def _rewritten(path: Path, rest: Callable[[Letter, bytes], bytes | None], log: QuietLog) -> int:
    """Write a file anew with what stays of each letter. Returns how many went."""
    count, others = 0, DeadLetters(path.parent, log)
    aside = path.with_name(f"dead.{secrets.token_hex(4)}.jsonl")
    path.rename(aside)  # nobody writes to it any more
    for letter, body in _letters(aside):
        left = rest(letter, body)
        if left is None:
            count += 1
        else:
            others.bury(left, letter.collector, letter.reason, letter.at)
    aside.unlink()
    return count


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
    """Each letter with its event's bytes; half a line, of a full disk, is passed over."""
    with path.open("rb") as file:
        for line in file:
            try:
                letter = _read(line)
            except (msgspec.MsgspecError, UnicodeError):
                continue
            yield letter, bytes(letter.event)
