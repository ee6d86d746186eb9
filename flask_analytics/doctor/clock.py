"""Whether this machine knows the time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from .finding import OK, PROBLEM, WARNING, Finding, Patient

NAME = "clock"

#: Before that, this package was not there.
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)

#: Seconds that it may be wrong: destinations take times some minutes ahead, and sessions of half
#: an hour are still told apart.
MOST = 120.0

_CURE = "Let a time service such as chrony or systemd-timesyncd set the clock."


def check(patient: Patient) -> Iterator[Finding]:
    """By itself; by the Date of an answer ``skew`` looks, when collectors are tried."""
    now = datetime.fromtimestamp(patient.clock(), UTC)
    if now < EARLIEST:
        yield Finding(NAME, PROBLEM, f"This machine believes that it is {now:%Y-%m-%d}.", _CURE)
    elif not time.get_clock_info("monotonic").monotonic:
        yield Finding(
            NAME, PROBLEM, "time.monotonic() can go backwards here, so time limits do not hold.",
            "Use a system with a monotonic clock.",
        )  # fmt: skip
    else:
        more = "" if patient.sends else " --send compares it with those of destinations."
        yield Finding(NAME, OK, f"It is {now:%Y-%m-%d %H:%M:%S} UTC here.{more}")


def skew(who: str, told: float, now: float) -> Iterator[Finding]:
    """What the time that a destination told says of ours."""
    difference = now - told
    if abs(difference) > MOST:
        way = "ahead of" if difference > 0 else "behind"
        yield Finding(
            NAME, WARNING, f"This machine is {abs(difference):,.0f} s {way} {who}: events have "
            "wrong times.", _CURE,
        )  # fmt: skip
