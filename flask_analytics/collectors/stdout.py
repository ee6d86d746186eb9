"""Writes events to standard output, through logging: one line of JSON for each."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from ..consent import STORE
from .base import Batch, BatchCollector

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..event import Event

#: Configure this logger to send the lines elsewhere; without a handler they go to stdout.
logger = logging.getLogger("flask_analytics.stdout")


class StdoutCollector(BatchCollector):
    """One JSON line an event, at level INFO of the logger ``flask_analytics.stdout``."""

    purpose = STORE
    flush_interval = 0.001

    def __init__(
        self, *, name: str | None = None, accepts: Callable[[Event], bool] | None = None
    ) -> None:
        super().__init__(name=name, accepts=accepts)

    def start(self) -> None:
        """Give the logger a handler if the application has not."""
        if logger.handlers:
            return
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False

    def send(self, batch: Batch) -> None:
        """Write the lines."""
        for body in batch.bodies:
            logger.info("%s", body.decode())
