"""What became of the records of a file: each is in exactly one of the counts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

#: Different keys of one count; what else there is comes under OTHER.
MAX_KEYS = 200
OTHER = "(others)"

#: Examples of each reason, and characters of one.
MAX_EXAMPLES, MAX_EXCERPT = 3, 120


class Example(msgspec.Struct, frozen=True):
    """A record that was refused: its first line's number, why, and how it begins."""

    line: int
    reason: str
    text: str


class Report(msgspec.Struct, kw_only=True):
    """The counts of one file: records = stored + known + refused + left out."""

    records: int = 0
    #: Of these the ones that an earlier run has seen to.
    before: int = 0
    #: Events that are new in the store; in a dry run those that would be given to it.
    stored: int = 0
    #: Events that the store had already.
    known: int = 0
    #: Reason -> records that should have been events.
    refused: dict[str, int] = {}
    #: Rule -> records that are no events.
    left_out: dict[str, int] = {}
    #: What had to be left out of events -> events.
    changed: dict[str, int] = {}
    examples: list[Example] = []
    #: The first and the last event's time.
    first: datetime | None = None
    last: datetime | None = None
    #: Events by name.
    names: dict[str, int] = {}
    #: Events from before what the store keeps.
    expired: int = 0
    #: Why the file broke off.
    fault: str | None = None

    @property
    def refusals(self) -> int:
        """Records that were refused, whatever the reason."""
        return sum(self.refused.values())

    def refuse(self, line: int, reason: str, raw: bytes) -> None:
        """Count a refusal."""
        reason = count(self.refused, reason)
        if sum(example.reason == reason for example in self.examples) < MAX_EXAMPLES:
            text = raw[:MAX_EXCERPT].decode("utf-8", "replace")
            self.examples.append(Example(line, reason, text))

    def leave_out(self, reason: str) -> None:
        """Count what is no event."""
        count(self.left_out, reason)

    def see(self, at: datetime, name: str) -> None:
        """An event."""
        if self.first is None or at < self.first:
            self.first = at
        if self.last is None or at > self.last:
            self.last = at
        count(self.names, name)

    def plain(self) -> dict[str, Any]:
        """For a bookmark: without the examples' texts, which are people's data."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        for example in told["examples"]:
            example["text"] = ""
        return told

    def restore(self, told: dict[str, Any]) -> None:
        """Go on counting where an earlier run's report ends."""
        found = msgspec.convert(told, Report)
        for field in self.__struct_fields__:
            if field != "changed":
                setattr(self, field, getattr(found, field))
        self.changed.update(found.changed)  # others hold it
        self.before, self.fault = self.records, None


def count(counts: dict[str, int], key: str) -> str:
    """One more of a key. Returns what it was counted under: a file of rubbish has no end of
    reasons."""
    if key not in counts and len(counts) >= MAX_KEYS:
        key = OTHER
    counts[key] = counts.get(key, 0) + 1
    return key
