"""A store of each kind, for the tests that every kind has to pass."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from flask_analytics.store.base import Store

from .kinds import KINDS, opened


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the run: an engine inside this process stays with its first."""
    return tmp_path_factory.mktemp("stores")


def _param(name: str) -> ParameterSet:
    """Half a second a test is too much to do it again in a patched process, where this engine
    notices nothing."""
    return pytest.param(name, marks=[pytest.mark.slow] if KINDS[name].is_slow else [])


@pytest.fixture(params=[_param(name) for name in KINDS])
def kind(request: pytest.FixtureRequest) -> str:
    """The name of each kind of store; a kind that is not installed is skipped."""
    name: str = request.param
    missing = KINDS[name].missing
    if missing:
        pytest.skip(f"there is no {missing}")
    return name


@pytest.fixture
def store(kind: str, store_folder: Path) -> Iterator[Store]:
    """A new, empty store."""
    with opened(kind, store_folder) as store:
        yield store
