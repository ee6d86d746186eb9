"""What became of every event of one collector.

Invariant: accepted = delivered + rejected + dropped + pending. Every event ends in exactly one
counter, and ``pending`` is what has not ended yet.
"""

from __future__ import annotations

from collections import Counter
from typing import Any


class Ledger:
    """Counts of one collector in one process. Written by the dispatcher's thread only."""

    def __init__(self) -> None:
        self.accepted = 0
        self.delivered = 0
        self.rejected: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        #: Parts of delivered events that the destination has no room for, by their name.
        self.trimmed: Counter[str] = Counter()
        #: ``ok``; ``retrying`` while the last try failed; ``open`` while the breaker lets nothing
        #: out; ``misconfigured`` while the destination refuses us (a wrong key, a redirect);
        #: ``stuck`` while a blocking call does not come back; ``closed``.
        self.state = "ok"
        #: When it came into this state, in seconds since the epoch, and why, in a word.
        self.since: float | None = None
        self.reason: str | None = None

    @property
    def pending(self) -> int:
        """Events that wait or are under way."""
        ended = self.delivered + self.rejected.total() + self.dropped.total()
        return self.accepted - ended

    def summary(self) -> dict[str, Any]:
        """The counters as plain data, each read once: it adds up while others still count."""
        delivered, rejected, dropped = self.delivered, dict(self.rejected), dict(self.dropped)
        accepted = self.accepted  # last, so that it is never less than what has ended
        ended = delivered + sum(rejected.values()) + sum(dropped.values())
        return {
            "accepted": accepted,
            "delivered": delivered,
            "rejected": rejected,
            "dropped": dropped,
            "pending": accepted - ended,
            "trimmed": dict(self.trimmed),
            "state": self.state,
            "since": self.since,
            "reason": self.reason,
        }
