"""Packages for tests alone: what builds the module, and the libraries that real pages use."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

#: Beside package.json, where node looks; not in the repository, and in no package of ours.
MODULES = ROOT / "node_modules"

INSTALL = ["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]


@cache
def problem() -> str:
    """Why there are no packages; empty if there are. Fetched once, and kept."""
    npm = shutil.which("npm")
    if npm is None:
        return "there is no npm on the PATH"
    try:
        done = subprocess.run([npm, *INSTALL], cwd=ROOT, capture_output=True, text=True, timeout=90)
    except subprocess.TimeoutExpired:
        return "npm cannot fetch packages here: no answer"
    return f"npm cannot fetch packages here: {done.stderr[-300:]}" if done.returncode else ""


def package(path: str) -> Path:
    """A file of a package; the test is skipped, and says why, where npm cannot have it."""
    if not (MODULES / path).exists() and (reason := problem()):
        pytest.skip(reason)
    return MODULES / path
