"""The dependency audit: a finding fails, and what is no look-up is no good answer."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from .audit import ask, audit, judge, needed

GOOD = {"name": "flask", "version": "3.1.0", "vulns": []}
BAD = {
    "name": "jinja2",
    "version": "3.1.2",
    "vulns": [{"id": "PYSEC-2024-1", "fix_versions": ["3.1.3"], "description": "x"}],
}
SKIPPED = {"name": "gevent", "skip_reason": "Dependency not found: gevent (24.10)"}


def said(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.mark.parametrize("others", [[GOOD], [SKIPPED], []])
def test_a_finding_fails(others: list[dict[str, Any]]) -> None:
    """By name, with the version that cures it, whatever else was not found."""
    verdict = judge(said(BAD, *others), "")

    assert verdict.status == 1
    assert "audit: jinja2 3.1.2: PYSEC-2024-1, cured in 3.1.3" in verdict.lines


def test_no_finding_passes() -> None:
    """Every package was looked up."""
    assert judge(said(GOOD), "") == (0, ["audit: 1 packages, no known vulnerability."])


@pytest.mark.parametrize(
    ("told", "complaint", "reason"),
    [
        (said(SKIPPED), "No known vulnerabilities found", "Dependency not found"),
        (said(GOOD, SKIPPED), "", "1 of 2 packages"),
        (said(), "", "nothing was looked up"),
        ("", "ConnectionError: Failed to resolve", "Failed to resolve"),
        ("<html>", "", "no answer"),
        ("{}", "", "no answer"),
    ],
)
def test_no_look_up_is_told_and_fails_nothing(told: str, complaint: str, reason: str) -> None:
    """A machine without the database cannot stop a build, and cannot call it audited."""
    verdict = judge(told, complaint)

    assert verdict.status == 0
    assert any("NOT AUDITED" in line and reason in line for line in verdict.lines)


def test_what_is_needed_is_looked_up() -> None:
    """With all that those need, each at its installed version; not what only tests need."""
    names = {pin.partition("==")[0] for pin in needed()}

    assert {"flask", "werkzeug", "gevent", "greenlet", "requests", "urllib3", "duckdb"} <= names
    assert not {"pytest", "ruff", "mypy"} & names


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    """Is told as what it is."""
    told, complaint = ask(["flask==3.1.0"], [str(tmp_path / "nothing")])
    assert "FileNotFoundError" in judge(told, complaint).lines[1]


def test_it_reads_what_a_program_says(tmp_path: Path) -> None:
    """A stand-in that answers as pip-audit does, with its exit status."""
    program = tmp_path / "audit.py"
    program.write_text(
        "import json, sys\n"
        "pins = open(sys.argv[sys.argv.index('--requirement') + 1]).read().split()\n"
        "names = [pin.partition('==') for pin in pins]\n"
        "vulns = [{'id': 'X-1', 'fix_versions': []}]\n"
        "print(json.dumps({'dependencies': [{'name': n, 'version': v, 'vulns': vulns}"
        " for n, _, v in names]}))\n"
        "sys.exit(1)\n"
    )
    verdict = audit(["flask==3.1.0", "click==8.1"], [sys.executable, str(program)])

    assert verdict.status == 1
    assert verdict.lines == [f"audit: {pin}: X-1, cured in no version yet"
                             for pin in ("flask 3.1.0", "click 8.1")]  # fmt: skip


def test_where_nothing_is_known_of_one_nothing_else_is_asked(tmp_path: Path) -> None:
    """A registry that has no such database is left in peace."""
    program = tmp_path / "audit.py"
    program.write_text(
        "import json, pathlib, sys\n"
        "pathlib.Path(__file__).with_name('asked').open('a').write('.')\n"
        "print(json.dumps({'dependencies': [{'name': 'flask', 'skip_reason': 'not found'}]}))\n"
    )
    verdict = audit(["flask==3.1.0", "click==8.1"], [sys.executable, str(program)])

    assert "0 of 2 packages were looked up: not found" in verdict.lines[1]
    assert (tmp_path / "asked").read_text() == "."
