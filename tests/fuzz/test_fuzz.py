"""Each target for a few seconds; ``make fuzz`` takes longer."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from . import TARGETS
from .targets import TOKENS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

#: For each target.
SECONDS = 4


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_is_found(name: str, tmp_path: Path) -> None:
    """Whatever is read, an input of the fuzzer is read or refused, and what comes out is sound."""
    command = [sys.executable, "-m", "tests.fuzz", name, f"--seconds={SECONDS}"]
    found = subprocess.run(
        [*command, f"--keep={tmp_path}"], cwd=ROOT, capture_output=True, timeout=200, text=True,
        errors="replace",
    )  # fmt: skip

    print(*(line for line in found.stdout.splitlines() if "ATHERIS" in line))
    kept = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert found.returncode == 0, (kept, found.stdout[-3000:], found.stderr[-3000:])


@pytest.mark.parametrize("name", TARGETS)
def test_seeds(name: str) -> None:
    """The seeds themselves, each with each token put into its middle, in any process."""
    target = importlib.import_module(f".{name}", __package__)
    for seed in target.SEEDS:
        for token in (b"", *TOKENS):
            middle = len(seed) // 2
            target.run(seed[:middle] + token + seed[middle:])
