"""Fixtures of the deployment tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .actors import Destination


@pytest.fixture
def destination(tmp_path: Path) -> Iterator[Destination]:
    """A destination that nobody has sent anything to."""
    with Destination(tmp_path) as started:
        yield started


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """ANALYTICS_DIR of every story; its processes make it."""
    return tmp_path / "analytics"
