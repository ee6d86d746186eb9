"""What the workers count: what is wrong now, what waits, and what nobody took."""

from __future__ import annotations

from collections.abc import Iterator

from ..delivery import letters
from ..delivery.census import Total
from ..delivery.diagnosis import problems
from ..delivery.stats import Stats
from ..log import masked
from .finding import OK, PROBLEM, WARNING, Finding, Patient

NAME = "delivery"

#: Events that wait before it is worth a word.
BACKLOG = 10_000


def check(patient: Patient) -> Iterator[Finding]:
    """By the counts that all processes write beside the journal."""
    sum_ = total(patient)
    found = [*_lanes(patient, sum_), *_waits(sum_), *_dead(patient)]
    living = len(sum_.sheets)
    who = f"{living} process{'es' * (living != 1)}" if living else "No process"
    text = f"{who} at work, nothing is stuck, nothing was given up."
    yield from found or [Finding(NAME, OK, text)]


def total(patient: Patient) -> Total:
    """The counts of all processes, read once for one examination."""
    known: Total | None = patient.notes.get("total")
    if known is None:
        census = patient.state.board().census
        try:
            known = Total(Stats(), [], {}) if census is None else census.take()
        except OSError as error:
            known = Total(Stats(), [], {}, fault=error.strerror or type(error).__name__)
        patient.notes["total"] = known
    return known


def _lanes(patient: Patient, sum_: Total) -> Iterator[Finding]:
    if not patient.state.collectors:
        yield Finding(
            NAME, WARNING, "There is no collector and no store: events go nowhere.",
            'Set ANALYTICS_COLLECTORS, or ANALYTICS_STORE to "embedded:".',
        )  # fmt: skip
    for sentence in problems(sum_):
        yield Finding(
            NAME, PROBLEM, masked(sentence), "docs/health.md says what to do in each state."
        )


def _waits(sum_: Total) -> Iterator[Finding]:
    lanes = sum_.stats.collectors.items()
    for name, lane in sorted(lanes):
        if lane.pending > BACKLOG:
            yield Finding(
                NAME, WARNING, f"{lane.pending:,} events wait for {name}.",
                "See flask analytics stats --watch 2: is it slow, or away?",
            )  # fmt: skip
    if sum_.stats.journal.corrupt:
        yield Finding(
            NAME, WARNING, f"{sum_.stats.journal.corrupt:,} records of the journal were damaged.",
            "Look at the disk: the journal survives a kill and a power cut.",
        )  # fmt: skip


def _dead(patient: Patient) -> Iterator[Finding]:
    census = patient.state.board().census
    if census is None or not census.folder.is_dir():
        return
    for (collector, reason), count in sorted(letters.counts(census.folder).items()):
        yield Finding(
            NAME, WARNING, f"{count:,} events were given up by {collector} ({masked(reason)}).",
            "Cure the reason, then send them again from the dashboard's page Delivery.",
        )  # fmt: skip
