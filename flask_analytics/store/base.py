"""What a store is: events in, answers out. Memory, embedded and ClickHouse do the same.

An event here is the JSON that ``event.encode`` makes, in bytes: what lanes carry, what journals
and exports hold. A question is a value of ``metrics``; its docstring says what the answer is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from ..metrics.window import Range

#: Seconds that one answer may take before it is interrupted.
TIMEOUT = 30.0


class Store(Protocol):
    """Keeps events and answers questions. Every method may be called from any thread.

    Raises ``StoreError`` where it cannot now, ``QuestionError`` where it never could.
    """

    #: The word before the colon of its address.
    scheme: str

    def append(self, bodies: Sequence[bytes]) -> int:
        """Keep events, each ``message_id`` once, all or none. Returns how many were new."""

    def answer(self, question: Any) -> Any:
        """Answer one of the questions of ``metrics``."""

    def forget(self, person: str) -> int:
        """Erase all events, ids and traits of a person, by any of their ids. They are in no
        answer from here on; ``tend`` rewrites what is on disk. Returns how many events.

        Their message ids stay known where they are remembered: a second delivery brings none
        back. What they do later is a new person's."""

    def unalias(self, previous_id: str, user_id: str) -> bool:
        """Undo an alias, as if it had never been made: all alias events of this pair are erased
        (what else these told of ids and traits stays). False: there was none."""

    def purge(self, before: int) -> int:
        """Erase events from before a time (microseconds since the epoch, UTC), and the ids and
        traits of people of whom none is left. Returns how many events."""

    def events(self, span: Range | None = None, person: str | None = None) -> Iterator[bytes]:
        """The events as they came, by time, then message id: for exports and for moving away."""

    def tend(self) -> None:
        """Do what keeps it fast and small (seal, compact, purge), here and now."""

    def describe(self) -> dict[str, Any]:
        """Counts and sizes: ``events``, ``bytes`` and what else is worth knowing."""

    def close(self) -> None:
        """Let go of everything."""
