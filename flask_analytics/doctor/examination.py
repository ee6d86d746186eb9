"""All checks, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..log import masked
from . import (
    access,
    clock,
    collectors,
    delivery,
    folders,
    keys,
    packages,
    policy,
    proxy,
    secret,
    stores,
    workers,
)
from .finding import PROBLEM, Check, Finding, Patient

#: In the order in which they are told.
CHECKS: tuple[tuple[str, Check], ...] = tuple(
    (module.NAME, module.check)
    for module in (access, secret, keys, proxy, policy, folders, workers, clock, stores, delivery,
                   collectors, packages)
)  # fmt: skip


def examine(patient: Patient, checks: Iterable[tuple[str, Check]] = CHECKS) -> Iterator[Finding]:
    """What every check finds. One that fails itself is a finding, too."""
    for name, check in checks:
        try:
            yield from check(patient)
        except Exception as error:
            yield Finding(
                name, PROBLEM, f"This check failed: {type(error).__name__}: {masked(str(error))}",
                "Set it right if it is yours, else tell us what it says.",
            )  # fmt: skip
