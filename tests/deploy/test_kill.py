"""SIGKILL at random moments: what was accepted arrives, at both collectors.

Twelve kills here; ``make kill`` does a hundred.
"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from .actors import HERE, Process, wait_until

pytestmark = pytest.mark.deploy

KILLS = 12


def test_killing_workers_loses_no_accepted_event(tmp_path: Path) -> None:
    """Four processes emit at full speed, two collectors, twelve kills, and the last four."""
    command = [sys.executable, str(HERE / "kill.py"), f"--kills={KILLS}", f"--dir={tmp_path}"]
    with Process(command, tmp_path / "kill.log") as process:
        wait_until(lambda: not process.is_running(), "the storm did not end", timeout=100)
        output = process.output()
        assert process.stop(signal.SIGTERM) < 5

    report = json.loads(output.splitlines()[-1])
    assert report["accepted"] > 1000, output
    for arrived in report["arrived"].values():
        assert arrived["lost"] == 0, output
        assert arrived["doubled"] <= report["allowed"], output
    assert report["left"] == []
    assert report["dead"] == 0, output
    # A kill may leave half a record of an event that nobody was told is accepted.
    assert report["corrupt"] <= report["kills"], output
    assert (report["unbalanced"], report["failed"]) == ([], []), output
    assert "Traceback" not in output
