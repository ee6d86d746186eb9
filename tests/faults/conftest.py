"""Fixtures of the fault tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_analytics import Collector

from ..delivery.actors import tell
from ..leaks import leaves_nothing
from .actors import Faults, FaultServer, Shop

__all__ = ["fault_server", "faults", "leaves_nothing", "open_shop", "tell"]


@pytest.fixture(scope="session")
def fault_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultServer]:
    """One process for all tests; each has a part of it to itself."""
    with FaultServer(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def faults(fault_server: FaultServer) -> Faults:
    """A destination that fails as its address says, and remembers what it got."""
    return fault_server.story()


OpenShop = Callable[..., Shop]


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[OpenShop]:
    """Set applications up; in the end all are closed and every event has been accounted for."""
    shops: list[Shop] = []

    def build(*collectors: Collector, **config: Any) -> Shop:
        shops.append(Shop(tmp_path / f"shop-{len(shops)}", collectors, **config))
        return shops[-1]

    yield build
    for shop in shops:
        shop.analytics.close(0.1)
        for name in shop.analytics.stats()["collectors"]:
            shop.counts(name)
