"""Several processes write, one keeps, one reads, some are killed: nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from .kill import Siege

pytestmark = pytest.mark.slow


def test_readers_see_every_event_once_whoever_is_killed(tmp_path: Path) -> None:
    """A short form of ``kill.py``, which the Makefile runs at length."""
    siege = Siege(tmp_path)

    siege.run(kills=7)

    assert siege.kills["anywhere"] >= 1
    assert siege.kills["writer"] == 1
    assert siege.looks > 7
