"""Looks up known vulnerabilities of what this package needs: ``python -m tests.audit``.

A finding ends it with status 1. Where the database cannot be reached it says so, loudly, and ends
with 0: a machine without the internet proves nothing, and must not stop a build by that.
pip-audit itself calls that "no known vulnerabilities", which is why its answer is read here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import Any, NamedTuple

DISTRIBUTION = "flask-analytics-bridge"

#: Extras that users install with it.
EXTRAS = ("clickhouse", "arrow", "pandas")

#: Seconds for the whole of it.
PATIENCE = 300


class Verdict(NamedTuple):
    """The exit status, and what to say."""

    status: int
    lines: list[str]


def needed() -> list[str]:
    """Every installed package that ours needs, and that those need, with its version; Flask is the
    first, because everybody knows it."""
    found: dict[str, str] = {}
    waiting = [(DISTRIBUTION, EXTRAS)]
    while waiting:
        name, extras = waiting.pop()
        for other in _needs(name, extras):
            if other not in found:
                try:
                    found[other] = metadata.version(other)
                except metadata.PackageNotFoundError:  # for another system or version
                    continue
                waiting.append((other, ()))
    ordered = sorted(found.items(), key=lambda item: (item[0] != "flask", item[0]))
    return [f"{name}=={version}" for name, version in ordered]


def _needs(name: str, extras: Sequence[str]) -> Iterator[str]:
    for line in metadata.requires(name) or ():
        need, _, marker = line.partition(";")
        wanted = re.search(r"extra\s*==\s*[\"']([\w-]+)", marker)
        if wanted is None or wanted[1] in extras:
            yield re.split(r"[^\w.-]", need, maxsplit=1)[0].lower()


def ask(pins: Sequence[str], program: Sequence[str]) -> tuple[str, str]:
    """What pip-audit says of them: its JSON, and its complaints."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(pins))
        file.flush()
        words = [*program, "--requirement", file.name, "--no-deps", "--disable-pip",
                 "--format", "json", "--progress-spinner", "off"]  # fmt: skip
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return "", f"{type(error).__name__}: {error}"
    return done.stdout, done.stderr


def judge(told: str, complaint: str, count: int = 0) -> Verdict:
    """What an answer means. Whatever is no finding and no look-up proves nothing.

    :param count: how many are to be looked up, if it is not those of the answer.
    """
    try:
        packages: list[dict[str, Any]] = json.loads(told)["dependencies"]
    except (ValueError, KeyError, TypeError):
        reasons = complaint.strip().splitlines()[-1:] or ["no answer"]
        return Verdict(0, _unreachable(reasons, 0, count))
    faults = [
        f"{one['name']} {one.get('version', '')}: {fault['id']}, cured in "
        f"{', '.join(fault.get('fix_versions') or ['no version yet'])}"
        for one in packages
        for fault in one.get("vulns") or ()
    ]
    skipped = [one["skip_reason"] for one in packages if "skip_reason" in one]
    looked = len(packages) - len(skipped)
    lines = [f"audit: {fault}" for fault in faults]
    if skipped or not packages:
        lines += _unreachable(
            skipped[:1] or ["nothing was looked up"], looked, count or len(packages)
        )
    elif not faults:
        lines.append(f"audit: {looked} packages, no known vulnerability.")
    return Verdict(1 if faults else 0, lines)


def _unreachable(reasons: list[str], looked: int = 0, count: int = 0) -> list[str]:
    return [
        "audit: " + "!" * 60,
        f"audit: NOT AUDITED, {looked} of {count} packages were looked up: {reasons[0][:200]}",
        "audit: run `make audit` where the vulnerability database can be reached.",
        "audit: " + "!" * 60,
    ]


def audit(pins: Sequence[str], program: Sequence[str]) -> Verdict:
    """Look them up; all of them only where the first one was found."""
    told, complaint = ask(pins[:1], program)
    first = judge(told, complaint, len(pins))
    is_known = first.status or not any("NOT AUDITED" in line for line in first.lines)
    return judge(*ask(pins, program)) if is_known else first


def main() -> int:
    verdict = audit(needed(), [sys.executable, "-m", "pip_audit"])
    print("\n".join(verdict.lines))
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
