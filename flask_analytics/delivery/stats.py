"""What ``analytics.stats()`` gives, as values that can be added up over processes.

Pure: no file and no clock. Fields that another version of the package has written and this one
does not know are ignored, so that old and new workers can stand side by side.
"""

from __future__ import annotations

import math
from typing import Any

import msgspec

#: Lane states, from the one that needs a look first to the one that needs none.
STATES = ("stuck", "misconfigured", "open", "retrying", "ok", "closed")

#: Reasons kept apart for each counter; a collector's own words could be endless.
MAX_REASONS = 50

#: Where the reasons beyond that are counted.
OTHER = "other"


class CollectorStats(msgspec.Struct):
    """The ledger of one collector: accepted = delivered + rejected + dropped + pending."""

    accepted: int = 0
    delivered: int = 0
    rejected: dict[str, int] = {}
    dropped: dict[str, int] = {}
    pending: int = 0
    #: Parts of delivered events that had to go, by name.
    trimmed: dict[str, int] = {}
    state: str = "ok"
    #: When it came into this state, seconds since the epoch, if known.
    since: float | None = None
    #: Why it is in this state: the last verdict's reason, if known.
    reason: str | None = None
    #: Seconds after which an event that waits is given up, if known.
    max_age: float | None = None

    def add(self, other: CollectorStats) -> None:
        """Add another process's ledger; the state that needs a look first wins."""
        self.accepted += other.accepted
        self.delivered += other.delivered
        self.pending += other.pending
        add_counts(self.rejected, other.rejected)
        add_counts(self.dropped, other.dropped)
        add_counts(self.trimmed, other.trimmed)
        self.max_age = other.max_age if self.max_age is None else self.max_age
        if other.urgency() < self.urgency():
            self.state, self.since, self.reason = other.state, other.since, other.reason

    def urgency(self) -> tuple[int, float]:
        """The less it is, the more it needs a look; of equal states the oldest."""
        known = self.state if self.state in STATES else "ok"
        return STATES.index(known), math.inf if self.since is None else self.since


class JournalStats(msgspec.Struct):
    """The journal of one process, or of several."""

    #: ``journal``, ``memory`` or ``off``.
    state: str = "off"
    #: Why it is not on disk although it should be.
    fault: str | None = None
    bytes: int = 0
    segments: int = 0
    #: Files taken over from processes that died.
    adopted: int = 0
    #: Records that could not be read.
    corrupt: int = 0
    #: Events in the dead-letter file.
    dead: int = 0

    def add(self, other: JournalStats) -> None:
        """Add another process's; the one with a fault wins, then the one in memory."""
        if (self.fault, self.state) == (None, "off") or (other.fault and not self.fault):
            self.state, self.fault = other.state, other.fault
        elif other.state == "memory" and not self.fault:
            self.state = other.state
        self.bytes += other.bytes
        self.segments += other.segments
        self.adopted += other.adopted
        self.corrupt += other.corrupt
        self.dead += other.dead


class Stats(msgspec.Struct):
    """Everything that one process counts, or the sum of several."""

    collectors: dict[str, CollectorStats] = {}
    #: Accepted, not yet given to a collector.
    queued: int = 0
    #: Lost before any collector, by reason.
    dropped: dict[str, int] = {}
    #: Parts of events that had to go.
    trimmed: dict[str, int] = {}
    #: Bodies of pages that were too many, by the limit that they met; what was ``excluded``.
    refused: dict[str, int] = {}
    journal: JournalStats = msgspec.field(default_factory=JournalStats)

    def add(self, other: Stats) -> None:
        """Add the counts of another process."""
        for name, collector in other.collectors.items():
            if name not in self.collectors:
                state, since, reason = collector.state, collector.since, collector.reason
                self.collectors[name] = CollectorStats(state=state, since=since, reason=reason)
            self.collectors[name].add(collector)
        self.queued += other.queued
        add_counts(self.dropped, other.dropped)
        add_counts(self.trimmed, other.trimmed)
        add_counts(self.refused, other.refused)
        self.journal.add(other.journal)

    def retired(self) -> Stats:
        """What is left of a process when it is gone.

        Its pending events are no longer its own: whoever adopts its journal accepts them again.
        """
        ended = Stats()
        ended.add(self)
        ended.queued = 0
        journal = self.journal
        ended.journal = JournalStats(
            adopted=journal.adopted, corrupt=journal.corrupt, dead=journal.dead
        )
        for collector in ended.collectors.values():
            collector.accepted -= collector.pending
            collector.pending = 0
            collector.state, collector.since, collector.reason = "closed", None, None
        return ended


def read(content: Any) -> Stats:
    """The stats of plain data, as ``analytics.stats()`` gives it.

    :raises msgspec.ValidationError: it is no such thing.
    """
    return msgspec.convert(content, Stats)


def add_counts(counts: dict[str, int], others: dict[str, int]) -> None:
    """Add counts by reason, keeping the number of reasons bounded."""
    for reason, count in others.items():
        is_new = reason not in counts and len(counts) >= MAX_REASONS
        key = OTHER if is_new else reason
        counts[key] = counts.get(key, 0) + count
