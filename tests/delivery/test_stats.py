"""Sums of what several processes counted: plain values."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from flask_analytics.delivery.stats import MAX_REASONS, OTHER, STATES, Stats, add_counts, read


def lane(**facts: Any) -> Stats:
    """The stats of a process with one collector."""
    return read({"collectors": {"webhook": facts}})


def test_counts_add_up() -> None:
    """By collector and by reason; a collector that one process lacks is no trouble."""
    total = Stats()

    total.add(lane(accepted=5, delivered=2, rejected={"http_400": 1}, pending=2))
    total.add(lane(accepted=3, delivered=1, rejected={"http_400": 1}, dropped={"expired": 1}))
    total.add(read({"collectors": {"stdout": {"accepted": 1, "delivered": 1}}, "queued": 4}))

    webhook = total.collectors["webhook"]
    assert (webhook.accepted, webhook.delivered, webhook.pending) == (8, 3, 2)
    assert (webhook.rejected, webhook.dropped) == ({"http_400": 2}, {"expired": 1})
    assert total.collectors["stdout"].accepted == 1
    assert total.queued == 4


@pytest.mark.parametrize(("worse", "better"), [*pairwise(STATES)])
def test_state_of_a_sum_is_the_one_to_look_at(worse: str, better: str) -> None:
    """Whichever process comes first."""
    for states in ((worse, better), (better, worse)):
        total = Stats()
        for state in states:
            total.add(lane(state=state, since=1.0, reason=f"because {state}"))

        assert total.collectors["webhook"].state == worse
        assert total.collectors["webhook"].reason == f"because {worse}"


def test_a_state_lasts_since_the_first_process_came_into_it() -> None:
    """Not since the last one did; one that does not know is no witness."""
    total = Stats()

    for since in (20.0, 10.0, None, 30.0):
        total.add(lane(state="open", since=since))

    assert total.collectors["webhook"].since == 10.0


def test_a_state_of_a_later_version_is_taken_for_ok() -> None:
    """Old and new workers stand side by side while a deployment rolls."""
    total = lane(state="dozing", news=1)

    total.add(lane(state="open"))

    assert total.collectors["webhook"].state == "open"


def test_what_a_process_leaves_adds_up_without_its_pending_events() -> None:
    """Who adopts them accepts them again."""
    left = read(
        {
            "collectors": {
                "webhook": {"accepted": 9, "delivered": 4, "pending": 5, "state": "open"}
            },
            "queued": 3,
            "journal": {"state": "journal", "bytes": 700, "segments": 1, "adopted": 2, "dead": 1},
        }
    ).retired()

    webhook = left.collectors["webhook"]
    assert (webhook.accepted, webhook.delivered, webhook.pending) == (4, 4, 0)
    assert webhook.state == "closed"
    assert left.queued == 0
    assert (left.journal.bytes, left.journal.adopted, left.journal.dead) == (0, 2, 1)


@pytest.mark.parametrize(
    ("journals", "state"),
    [
        (["off", "journal"], "journal"),
        (["journal", "memory"], "memory"),
        (["memory", "journal"], "memory"),
        (["off", "off"], "off"),
    ],
)
def test_journal_of_a_sum_is_as_safe_as_its_least_safe_one(journals: list[str], state: str) -> None:
    """A process that has none, because it has counted nothing yet, says nothing."""
    total = Stats()

    for journal in journals:
        total.add(read({"journal": {"state": journal}}))

    assert total.journal.state == state


def test_fault_of_one_journal_is_not_hidden_by_others() -> None:
    """Wherever it stands."""
    for order in (1, -1):
        total = Stats()
        for journal in ({"state": "journal"}, {"state": "memory", "fault": "full"})[::order]:
            total.add(read({"journal": journal}))

        assert (total.journal.state, total.journal.fault) == ("memory", "full")


def test_reasons_are_bounded() -> None:
    """A collector that words each refusal anew cannot fill the file."""
    counts: dict[str, int] = {}

    add_counts(counts, {f"reason {n}": 1 for n in range(MAX_REASONS + 20)})
    add_counts(counts, {"reason 0": 1, "one more": 1})

    assert len(counts) == MAX_REASONS + 1
    assert counts["reason 0"] == 2
    assert counts[OTHER] == 21
    assert sum(counts.values()) == MAX_REASONS + 22
