"""Takes events into the application's own store, where questions are answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..consent import STORE
from ..errors import RetryLater, StoreError
from ..event import Event, encode
from .base import Batch, BatchCollector

if TYPE_CHECKING:
    from ..store.base import Store

#: What a store needs, loaded before the first batch.
IMPORTS = {
    "embedded": ("sqlite3", "flask_analytics.store.embedded.store"),
    "memory": ("flask_analytics.store.memory",),
}


class StoreCollector(BatchCollector):
    """Every event once, by its ``message_id``. Always there where ANALYTICS_STORE is not None.

    :param open_store: gives the store, opening it at first use.
    :param scheme: what kind it is.
    """

    purpose = STORE
    batch_size = 500
    batch_bytes = 4 * 1024 * 1024
    flush_interval = 0.5
    timeout = 60.0

    def __init__(self, open_store: Callable[[], Store], scheme: str = "memory") -> None:
        if scheme in IMPORTS:
            super().__init__()
        else:  # a server wants few and large batches
            super().__init__(batch_size=5000, flush_interval=2.0)
        self._store = open_store
        self.imports: Sequence[str] = IMPORTS.get(scheme, ())  # type: ignore[misc]

    def send(self, batch: Batch) -> None:
        """Keep a batch; what cannot be kept now is tried again."""
        self._append(batch.bodies)

    def collect(self, event: Event) -> None:
        """Keep one event at once: what TESTING does."""
        self._append([encode(event)])

    def close(self) -> None:
        """Let go of the store's files."""
        self._store().close()

    def _append(self, bodies: Sequence[bytes]) -> None:
        try:
            self._store().append(bodies)
        except StoreError as error:
            raise RetryLater(str(error) or "store") from error
