"""Events are taken out of the journal's files, also of those that a living process writes.

A record is overwritten in place, as long as it was: nobody's place in the file changes, and a file
only grows at its end, so this needs no lock of its owner's.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from .segment import BLANK, Record, Segment, frame


def rewrite(folder: Path, change: Callable[[bytes, float], bytes | None]) -> int:
    """Change records in every file of a folder, whichever application's. Returns how many went.

    What cannot be read goes: nobody knows whose it is, and nobody can deliver it.

    :param change: makes of a record's body, and the time when it was accepted, what stays of it:
        the same, less of it, or None.
    """
    count = 0
    for segment in _opened(folder):
        try:
            count += sum(_changed(segment, record, change) for record in _all(segment))
            segment.sync()
        finally:
            segment.close()
    return count


def _changed(
    segment: Segment, record: Record, change: Callable[[bytes, float], bytes | None]
) -> bool:
    if not record.body:
        _fill(segment, record)
        return False
    body = change(record.body, record.at)
    if body == record.body:
        return False
    length = len(record.body)
    left = BLANK * length if body is None or len(body) > length else body.ljust(length)
    segment.overwrite(record.start, frame(left, int(record.at)))
    return left.startswith(BLANK)


def records(folder: Path) -> Iterator[Record]:
    """Every record that can be read."""
    for segment in _opened(folder):
        try:
            yield from (record for record in _all(segment) if record.body)
        finally:
            segment.close()


def _all(segment: Segment) -> Iterator[Record]:
    for record in segment.read(0, segment.end):
        if not record.body.startswith(BLANK):
            yield record


def _opened(folder: Path) -> Iterator[Segment]:
    """Without a lock: its owner keeps it. Not to append: Linux would write only at the end."""
    for path in sorted(folder.glob("*.j")):
        try:
            file = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:  # it was done, and is gone
            continue
        yield Segment(path, file, os.dup(file))


def _fill(segment: Segment, record: Record) -> None:
    """A broken line, or the half of one; the last may be whole in a moment."""
    is_line = segment.ends_line(record.end)
    if is_line or segment.is_left():
        segment.overwrite(record.start, BLANK * (record.end - record.start - is_line))
