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
    wait_until(lambda: lines(caplog), "nothing was logged", timeout=1)

    assert len(lines(caplog)) == 1, lines(caplog)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged of the collector."""
    messages = [record.getMessage() for record in caplog.records]
    return [message for message in messages if "sales" in message]
