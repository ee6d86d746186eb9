"""What became of the events of a replay: each that was read is in exactly one of the counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec


class Report(msgspec.Struct, kw_only=True):
    """The counts of one replay: events = passed over + skipped + sent, and sent = delivered +
    rejected. In a dry run, ``sent`` is what would be."""

    #: Events of the range that were looked at.
    events: int = 0
    #: Of these the ones that an earlier run has seen to.
    before: int = 0
    #: Events that the filters do not ask for.
    passed_over: int = 0
    #: Events that reached the destination, whatever it said.
    sent: int = 0
    delivered: int = 0
    #: The destination's reason -> events that it will never take.
    rejected: dict[str, int] = {}
    #: Our reason -> events that were not sent.
    skipped: dict[str, int] = {}
    #: The first and the last event's time of those that were sent.
    first: datetime | None = None
    last: datetime | None = None
    #: Why it ended before its end.
    fault: str | None = None
    is_done: bool = False

    def skip(self, reason: str, count: int = 1) -> None:
        """Count what is not sent."""
        if count:
            self.skipped[reason] = self.skipped.get(reason, 0) + count

    def settle(self, before: Mapping[str, Any], after: Mapping[str, Any], count: int) -> None:
        """Count what became of so many events, by the ledger of their collector."""
        self.skip("not meant for it", count - (after["accepted"] - before["accepted"]))
        for reason, number in _more(before["dropped"], after["dropped"]):
            self.skip(reason, number)
        delivered = after["delivered"] - before["delivered"]
        self.delivered += delivered
        self.sent += delivered
        for reason, number in _more(before["rejected"], after["rejected"]):
            self.rejected[reason] = self.rejected.get(reason, 0) + number
            self.sent += number

    def see(self, at: datetime) -> None:
        """An event that is sent; they come by time."""
        self.first = self.first or at
        self.last = at

    def plain(self) -> dict[str, Any]:
        """For a bookmark."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        return told

    def restore(self, told: dict[str, Any]) -> None:
        """Go on counting where an earlier run's report ends."""
        found = msgspec.convert(told, Report)
        for field in self.__struct_fields__:
            setattr(self, field, getattr(found, field))
        self.before, self.fault = self.events, None


def _more(before: Mapping[str, int], after: Mapping[str, int]) -> list[tuple[str, int]]:
    found = [(reason, count - before.get(reason, 0)) for reason, count in after.items()]
    return [(reason, count) for reason, count in found if count]
