"""Batches that let others go first, because one of their events may be what they fail on.

A destination may answer, and fail on one event again and again: a bug of its own (500), a firewall
that dislikes a word (403). Such a batch is halved and waits its turn; an event that fails alone
while others get through is the one.
"""

from __future__ import annotations

from collections import deque

from .buffer import Entry


class Suspects:
    """What failed before, and how much was delivered when it first did."""

    def __init__(self) -> None:
        self.batches: deque[list[Entry]] = deque()
        self._delivered: dict[int, int] = {}
        self._is_next = False

    def __bool__(self) -> bool:
        return bool(self.batches)

    def add(self, entries: list[Entry], delivered: int) -> bool:
        """Let others go before these; False: it is one event, and others did get through."""
        for entry in entries:
            self._delivered.setdefault(id(entry), delivered)
        if len(entries) > 1:
            middle = len(entries) // 2
            self.batches += [entries[:middle], entries[middle:]]
        elif delivered > self._delivered[id(entries[0])]:
            return False
        else:
            self.batches.append(entries)
        return True

    def turn(self, has_others: bool) -> list[Entry] | None:
        """The next of them, by turns with others if there are some."""
        self._is_next = not self._is_next or not has_others
        return self.batches.popleft() if self.batches and self._is_next else None

    def forget(self, entry: Entry) -> None:
        """An event has ended."""
        if self._delivered:
            self._delivered.pop(id(entry), None)
