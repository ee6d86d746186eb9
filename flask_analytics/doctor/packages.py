"""Whether what is installed is what this package needs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata

from .finding import OK, PROBLEM, Finding, Patient

NAME = "packages"

DISTRIBUTION = "flask-analytics-bridge"

_NEED = re.compile(
    r"([\w.-]+)(?:\[[^]]*\])?\s*(?:>=\s*([\d.]+))?[^;]*(?:;.*extra == [\"'](\w+)[\"'])?"
)


def check(patient: Patient) -> Iterator[Finding]:
    """The lower bounds, of what the store needs too."""
    scheme = str(patient.state.settings.store).partition(":")[0]
    extras = {"clickhouse": {"clickhouse"}, "clickhouses": {"clickhouse"}, "chdb": {"chdb"}}
    found = list(_faults(extras.get(scheme, set())))
    version = ".".join(map(str, sys.version_info[:3]))
    yield from found or [Finding(NAME, OK, f"Python {version}, and all that is needed.")]


def _faults(extras: set[str]) -> Iterator[Finding]:
    try:
        needs = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:  # straight from a checkout
        return
    for need in needs:
        parts = _NEED.match(need)
        if parts and (parts[3] is None or parts[3] in extras):
            yield from fault(parts[1], parts[2] or "0")


def fault(name: str, least: str) -> Iterator[Finding]:
    """What is wrong with one package."""
    try:
        installed = metadata.version(name)
    except metadata.PackageNotFoundError:
        installed = ""
    if not installed or _numbers(installed) < _numbers(least):
        text = f"{name} {installed} is older than {least}." if installed else f"{name} is missing."
        yield Finding(NAME, PROBLEM, text, f"pip install --upgrade '{name}>={least}'")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0])[:3])
