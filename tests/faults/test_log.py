"""What an operator reads: one line for each fault, however often it happens, with no secret."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from ..deploy.actors import free_port, wait_until
from .actors import Faults, Shop, webhook

OpenShop = Callable[..., Shop]


@pytest.mark.parametrize(
    "fault",
    ["refused", "hang", "status/500", "status/503", "status/429", "status/401", "status/302"],
)
def test_each_fault_is_one_line(
    open_shop: OpenShop, faults: Faults, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A destination that fails is told of, once; its name is in the line."""
    caplog.set_level(logging.INFO, "flask_analytics")
    url = f"http://127.0.0.1:{free_port()}/x" if fault == "refused" else faults.url(fault)
    collector = webhook(url, name="sales", timeout=0.1)
    shop = open_shop(collector)
    least = 1 if fault in ("status/401", "status/302") else 4

    shop.track("a")
    wait_until(lambda: collector.tries >= least, "it was not tried again")
    shop.wait_for("sales", accepted=1)

    lines = [record.getMessage() for record in caplog.records if "sales" in record.getMessage()]
    assert len(lines) == 1, lines
