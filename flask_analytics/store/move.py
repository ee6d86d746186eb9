"""A history moves from one store to another: by time, resumable, each event once.

Who is who, aliases and traits follow, because events tell them; what was forgotten or undone does
not, because its events are gone. The place is kept in a small file after each batch, once the
target has said that it keeps it. A kill in between makes the target see some events again, which
it knows by their message ids.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..errors import ConfigurationError
from ..metrics.window import Range
from .base import Store

#: Events that the target gets at once.
BATCH = 5000

#: Events that one look at the source should give: slices of time are made longer or shorter.
FEW, MANY = 20_000, 500_000

#: The first slice of time, the shortest, and where time ends.
FIRST, SHORTEST = timedelta(days=1), timedelta(minutes=1)
END = datetime.max.replace(tzinfo=UTC)

#: Called after each batch: events that were read, and how many the source has in all.
Progress = Callable[[int, int], None]


class Moved(NamedTuple):
    """What a move did: events read (in all its runs), and those that the target did not have."""

    events: int
    new: int


class Mark(msgspec.Struct):
    """How far a move is: all before ``next`` is kept by the target."""

    pair: tuple[str, str]
    next: datetime | None = None
    events: int = 0
    new: int = 0


class _When(msgspec.Struct):
    timestamp: datetime


_when = msgspec.json.Decoder(_When).decode


class Move:
    """Moves a history. The source is only read and may be in use; run it again for what came in
    meanwhile.

    :param mark: the file that remembers the place. It is taken away at the end.
    :param pair: names of both stores (without passwords): another pair's file is refused.
    """

    def __init__(
        self, source: Store, target: Store, mark: Path, pair: tuple[str, str] = ("", "")
    ) -> None:
        self._source, self._target, self._path = source, target, mark
        self._mark = self._read(pair)

    def run(self, progress: Progress = lambda done, total: None) -> Moved:
        """Move all there is.

        :raises StoreError: one of them cannot now. What was moved stays; run it again.
        """
        total = int(self._source.describe()["events"])
        progress(self._mark.events, total)
        for batch in self._batches():
            self._mark.new += self._target.append(batch)
            self._mark.events += len(batch)
            # The next run begins with this very moment again: it may have more events.
            self._mark.next = _when(batch[-1]).timestamp
            self._write()
            progress(self._mark.events, max(total, self._mark.events))
        self._path.unlink(missing_ok=True)
        return Moved(self._mark.events, self._mark.new)

    def _batches(self) -> Iterator[list[bytes]]:
        start, length = self._mark.next or self._first(), FIRST
        while start is not None and start < END:
            end = start + min(length, END - start)
            count = 0
            for batch in _cut(self._source.events(Range(start, end))):
                yield batch
                count += len(batch)
            start, length = end, _next_length(length, count)

    def _first(self) -> datetime | None:
        first = next(iter(self._source.events()), None)
        return _when(first).timestamp if first else None

    def _read(self, pair: tuple[str, str]) -> Mark:
        try:
            mark = msgspec.json.decode(self._path.read_bytes(), type=Mark)
        except FileNotFoundError:
            return Mark(pair)
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"{self._path} does not tell how far the move is ({error}): remove it to begin "
                "again, which is safe"
            ) from None
        if mark.pair != pair:
            raise ConfigurationError(
                f"{self._path} belongs to a move from {mark.pair[0]} to {mark.pair[1]}: finish "
                "that one, or remove the file"
            )
        return mark

    def _write(self) -> None:
        new = self._path.with_name(self._path.name + ".new")
        with open(new, "wb") as file:
            file.write(msgspec.json.encode(self._mark))
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self._path)


def _cut(events: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for body in events:
        batch.append(body)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _next_length(length: timedelta, count: int) -> timedelta:
    if count > MANY:
        return max(length / 2, SHORTEST)
    # Doubled, a gap of years is passed in a few looks.
    return min(length * 2, timedelta(days=366_000)) if count < FEW else length
