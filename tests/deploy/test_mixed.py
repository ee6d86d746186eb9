"""Attackers beside honest people: all honest events are counted once, and nothing grows.

Twenty seconds here; ``make mixed`` takes ten minutes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from .actors import HERE, Process, wait_until

pytestmark = pytest.mark.deploy

SECONDS = 20


def test_honest_events_are_counted_amid_attacks(tmp_path: Path) -> None:
    """Slow connections, bombs, floods, garbage and wrong keys: no honest request fails, no event
    of theirs is lost or there twice; every kind of attack was really made."""
    command = [sys.executable, str(HERE / "mixed.py"), f"--seconds={SECONDS}"]
    with Process(command, tmp_path / "mixed.log") as process:
        wait_until(lambda: not process.is_running(), "the load did not end", timeout=280)
        output = process.output()

    report = json.loads(output.splitlines()[-1])
    assert all(report["honest"][kind] > 20 for kind in ("page", "post", "segment")), output
    assert (report["lost"], report["doubled"], report["failed"]) == (0, 0, []), output
    assert (report["ended"], report["failures"], report["left"]) == (0, [], []), output
    assert report["grown"] == [], output
    assert len(report["attacks"]) == 12, output
    for name, endings in report["attacks"].items():
        assert not any(status.startswith("5") for status in endings), (name, endings)
