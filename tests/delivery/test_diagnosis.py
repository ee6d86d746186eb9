"""Problems in words."""

from __future__ import annotations

from typing import Any

import pytest

from flask_analytics.delivery.census import Total
from flask_analytics.delivery.diagnosis import problems
from flask_analytics.delivery.sheet import Sheet
from flask_analytics.delivery.stats import Stats, read


def total(*each: dict[str, Any], **more: Any) -> Total:
    """The sum of processes with these stats."""
    sheets = [Sheet(stats=read(one)) for one in each]
    stats = Stats()
    for sheet in sheets:
        stats.add(sheet.stats)
    return Total(stats, sheets, {}, **more)


def lane(**facts: Any) -> dict[str, Any]:
    return {"collectors": {"webhook": facts}}


@pytest.mark.parametrize("state", ["ok", "retrying", "closed"])
def test_well(state: str) -> None:
    """A single failure wakes nobody, nor does what was lost yesterday."""
    stats = lane(state=state, dropped={"expired": 9}, rejected={"http_400": 2})

    assert problems(total(stats)) == []


def test_misconfigured() -> None:
    """Since when, why, what becomes of the events, and what to look at."""
    stats = lane(state="misconfigured", since=1_700_000_000.0, reason="http_401", max_age=86400.0)

    assert problems(total(stats)) == [
        "webhook: misconfigured since 2023-11-14 22:13:20 UTC (http_401): check its address and "
        "keys. Events are kept until they are 24 hours old; it is tried again every 5 minutes."
    ]


@pytest.mark.parametrize(
    ("max_age", "words"),
    [
        (3600.0, "until they are 1 hour old"),
        (90.0, "until they are 90 seconds old"),
        (120.0, "until they are 2 minutes old"),
        (0.5, "until they are 0.5 seconds old"),
        (None, "until they expire"),
    ],
)
def test_open(max_age: float | None, words: str) -> None:
    """How long events wait, in the unit that is round."""
    (problem,) = problems(total(lane(state="open", max_age=max_age)))

    assert problem.startswith("webhook: does not take events. ")
    assert words in problem


def test_some_processes() -> None:
    """One of several may have a problem that the others have not."""
    (problem,) = problems(total(lane(state="ok"), lane(state="stuck"), {}))

    assert problem.startswith("webhook: a call has not come back")
    assert problem.endswith("(in 1 of 3 processes).")


def test_journal_in_memory_because_of_a_fault() -> None:
    """Asked for, memory is no problem; forced upon it, it is."""
    assert problems(total({"journal": {"state": "memory"}})) == []

    (problem,) = problems(total({"journal": {"state": "memory", "fault": "disk full"}}))

    assert "disk full" in problem


def test_events_of_the_dead_without_anybody_alive() -> None:
    """With a living process they are adopted in half a minute."""
    assert problems(total({}, orphans=2, orphan_bytes=70)) == []

    (problem,) = problems(total(orphans=2, orphan_bytes=70))

    assert "2 files of processes that ended (70 bytes)" in problem


def test_counters_of_one_process_because_of_a_fault() -> None:
    """Without a folder it is so by choice; one that cannot be used is a problem."""
    assert problems(total({}, is_shared=False)) == []

    (problem,) = problems(total({}, is_shared=False, fault="PermissionError"))

    assert problem.startswith("counters: this process alone")
    assert "PermissionError" in problem
