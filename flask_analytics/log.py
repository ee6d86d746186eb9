"""Our logger, kept quiet: one line a minute for each kind of trouble, however often it happens."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

logger = logging.getLogger("flask_analytics")

#: Seconds between two lines about the same thing.
INTERVAL = 60.0


class QuietLog:
    """Logs a kind of trouble at once, then at most once a minute with the number left out.

    Safe to call from any thread; at worst two threads log the same line.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def warning(self, kind: str, message: str, *args: object, error: object = None) -> None:
        """Log ``message``; ``error`` (an exception) goes with its traceback. Never raises."""
        now = self._clock()
        last = self._last.get(kind)
        if last is not None and now - last < INTERVAL:
            self._held[kind] = self._held.get(kind, 0) + 1
            return
        self._last[kind] = now
        held = self._held.pop(kind, 0)
        if held:
            message += f" ({held} more of this kind since the last line)"
        info = error if isinstance(error, BaseException) else None
        logger.warning(message, *args, exc_info=info)
