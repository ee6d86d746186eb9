"""A folder with a store in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .actors import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An empty store's writing side."""
    house = House(tmp_path / "store")
    yield house
    house.catalog.close()
