"""Whether the store opens and answers, and what it forgets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import AnalyticsError
from ..log import masked
from ..metrics import words
from ..store import run
from .finding import OK, PROBLEM, WARNING, Finding, Patient

NAME = "store"

#: Seconds in which a day's volume is answered; what takes longer is no page to wait for.
SLOW = 2.0

#: Days after which a review asks why events are still kept
#: (https://www.cnil.fr/en/sheet-ndeg16-use-analytics-your-websites-and-applications: 25 months).
LONG = 760


def check(patient: Patient) -> Iterator[Finding]:
    """Opens it, and asks for the volume of a day. A store that is not there yet is not made."""
    opener: Any = patient.state.store
    if opener is None:
        yield Finding(NAME, OK, "ANALYTICS_STORE is None: nothing is kept here.")
        return
    scheme = getattr(opener, "scheme", "")
    if scheme == "embedded" and not opener.place.exists():
        yield Finding(NAME, OK, "The first event makes it.")
    else:
        try:
            yield from _answers(patient, scheme)
        except (AnalyticsError, OSError) as error:
            yield Finding(
                NAME, PROBLEM, f"It cannot answer: {masked(str(error))}",
                "Check ANALYTICS_STORE, and that this user may read what it names.",
            )  # fmt: skip
    yield _kept(patient, scheme)


def _answers(patient: Patient, scheme: str) -> Iterator[Finding]:
    store: Any = patient.state.store and patient.state.store()
    if store.scheme == "memory" != scheme:
        yield Finding(
            NAME, PROBLEM, "It is not for this user to write, so events are kept in memory.",
            "Run this as the user that the application runs as; if it is, chown ANALYTICS_DIR.",
        )  # fmt: skip
        return
    now, began = datetime.fromtimestamp(patient.clock(), UTC), time.monotonic()
    own = {"from": now - timedelta(days=1), "to": now}
    count = sum(one.count for one in run.answer(store, words.question("volume", own, now)))
    took = time.monotonic() - began
    told = store.describe()
    if told.get("quarantined"):
        yield Finding(
            NAME, PROBLEM, f"{told['quarantined']} of its files are damaged and set aside.",
            "Restore them from a backup, or see docs/store.md.",
        )  # fmt: skip
    yield Finding(
        NAME, WARNING if took > SLOW else OK,
        f"{told.get('events', 0):,} events, {count:,} of the last 24 hours, told in {took:.2f} s.",
        "Give the machine more memory, or see docs/store.md." if took > SLOW else "",
    )  # fmt: skip


def _kept(patient: Patient, scheme: str) -> Finding:
    days = patient.state.settings.retention_days
    if scheme == "memory":
        return Finding(NAME, OK, "It ends with its process.")
    if days > LONG:
        return Finding(
            NAME, WARNING, f"Events are kept for {days:,} days, longer than many laws let them be.",
            "Lower ANALYTICS_RETENTION_DAYS, or know why not.",
        )  # fmt: skip
    return Finding(NAME, OK, f"Events are erased after {days:,} days.")
