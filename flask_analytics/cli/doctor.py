"""``flask analytics doctor``: what is wrong with the set-up, and the cure."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click
from flask import current_app

from ..doctor.finding import PROBLEM, WARNING, Finding, Patient
from .group import commands, folder, print_json, state


@commands.command("doctor")
@click.option("--send", "sends", is_flag=True, help="Send each collector a test event.")
@click.option(
    "--page", "pages", multiple=True, default=("/",), show_default=True,
    help="A page whose Content-Security-Policy is read; as often as needed.",
)  # fmt: skip
@click.option("--json", "is_json", is_flag=True, help="Print JSON.")
def doctor(sends: bool, pages: tuple[str, ...], is_json: bool) -> None:
    """Examine the set-up. Exit status: 1 if there is a problem.

    Run it as the user that the application runs as, with the same configuration. It changes
    nothing; with --send each collector gets one event named analytics_doctor_test.
    """
    from ..doctor.examination import examine

    findings = list(examine(_patient(sends, pages)))
    if is_json:
        _print(findings)
    else:
        from ..screen.findings import FindingScreen

        FindingScreen(current_app.name).show(findings)
    if any(finding.level == PROBLEM for finding in findings):
        sys.exit(1)


def _patient(sends: bool, pages: tuple[str, ...]) -> Patient:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    mounts = Path("/proc/mounts")
    return Patient(
        app=app,
        state=state(),
        home=folder(),
        environ=os.environ,
        mounts=mounts.read_text(errors="replace") if mounts.exists() else "",
        folder=Path.cwd(),
        clock=time.time,
        pages=pages,
        sends=sends,
    )


def _print(findings: list[Finding]) -> None:
    levels = Counter(finding.level for finding in findings)
    told = [asdict(finding) for finding in findings]
    print_json({"problems": levels[PROBLEM], "warnings": levels[WARNING], "findings": told})
