"""Delivery without a thread, for tests: every event reaches every collector before ``put``
returns. What TESTING uses, so that a test sees its events right after ``client.get()``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..collectors.base import Collector
from ..consent import allows
from ..log import QuietLog
from .ledger import Ledger

#: What is said of a journal that is not there.
OFF = {
    "state": "off", "fault": None, "bytes": 0, "segments": 0, "adopted": 0, "corrupt": 0, "dead": 0,
}  # fmt: skip


class Direct:
    """Calls ``collect`` of each collector in the calling thread, and keeps their ledgers."""

    def __init__(self, collectors: dict[str, Collector], *, complete: Callable[[Any], Any]) -> None:
        self._collectors = collectors
        self._ledgers = {name: Ledger() for name in collectors}
        self._complete = complete
        self._log = QuietLog()

    def put(self, item: Any, keep: bool = True) -> None:
        """Complete the item and hand it over."""
        event = self._complete(item)
        for name, collector in self._collectors.items():
            if not allows(event.consent, name, collector.integration, collector.purpose):
                continue
            ledger = self._ledgers[name]
            ledger.accepted += 1
            try:
                collector.collect(event)
                ledger.delivered += 1
            except Exception as error:
                ledger.rejected["error"] += 1
                self._log.warning(f"collect {name}", "collector %s raised", name, error=error)

    def flush(self, timeout: float) -> bool:
        """Nothing ever waits here."""
        return True

    close = flush

    def stats(self) -> dict[str, Any]:
        """The same shape as the dispatcher's."""
        collectors = {name: ledger.summary() for name, ledger in self._ledgers.items()}
        return {"collectors": collectors, "queued": 0, "dropped": {}, "journal": OFF}
