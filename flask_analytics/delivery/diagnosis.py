"""What is wrong with delivery, in words. Nothing found: it is well.

Only what is wrong now: what was lost once stays in the counters and is no reason to wake anyone.
A lane that is ``retrying`` is not, either; five failures in a row make it ``open``.
"""

from __future__ import annotations

from datetime import UTC, datetime

from .census import Total
from .stats import CollectorStats

#: What each bad state means, and what becomes of the events.
_STATES = {
    "stuck": (
        "a call has not come back{since}. Its events wait. If it stays so, restart the process"
    ),
    "misconfigured": (
        "misconfigured{since}: check its address and keys. Events are kept {age}; it is tried "
        "again every 5 minutes"
    ),
    "open": "does not take events{since}. They are kept {age}; it is tried again every 30 seconds",
}


def problems(total: Total) -> list[str]:
    """Each problem as a sentence that names its collector first."""
    found = [
        f"{name}: {_sentence(name, collector, total)}."
        for name, collector in sorted(total.stats.collectors.items())
        if collector.state in _STATES
    ]
    journal = total.stats.journal
    if journal.fault:
        found.append(
            f"journal: events wait in memory only ({journal.fault}): "
            "those of a process that is killed are lost."
        )
    if total.fault:
        found.append(f"counters: this process alone, its folder is of no use ({total.fault}).")
    if total.orphans and not total.sheets:
        files = "a file" if total.orphans == 1 else f"{total.orphans} files"
        found.append(
            f"journal: {files} of processes that ended ({total.orphan_bytes:,} bytes): the events "
            "wait until a process of the application starts and has an event of its own."
        )
    return found


def _sentence(name: str, collector: CollectorStats, total: Total) -> str:
    since = "" if collector.since is None else f" since {moment(collector.since)}"
    why = f" ({collector.reason})" if collector.reason else ""
    age = "until they expire" if collector.max_age is None else f"until {_old(collector.max_age)}"
    sentence = _STATES[collector.state].format(since=since + why, age=age)
    ill = [sheet for sheet in total.sheets if _state(sheet.stats.collectors, name) in _STATES]
    if len(ill) < len(total.sheets):
        sentence += f" (in {len(ill)} of {len(total.sheets)} processes)"
    return sentence


def _state(collectors: dict[str, CollectorStats], name: str) -> str | None:
    return collectors[name].state if name in collectors else None


def _old(seconds: float) -> str:
    for size, unit in ((3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return f"they are {count} {unit}{'s' * (count != 1)} old"
    return f"they are {seconds:g} seconds old"


def moment(seconds: float) -> str:
    """A time for people, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
