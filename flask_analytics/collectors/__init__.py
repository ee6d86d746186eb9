"""Collectors: where events go. Loaded when they are named, so that importing costs nothing.

>>> from flask_analytics.collectors import WebhookCollector
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..delivery.breaker import Breaker as Breaker
    from ..delivery.retry import RetryPolicy as RetryPolicy
    from ..errors import Refused as Refused
    from ..errors import RetryLater as RetryLater
    from .base import Batch as Batch
    from .base import BatchCollector as BatchCollector
    from .base import Collector as Collector
    from .base import Delivered as Delivered
    from .base import Misconfigured as Misconfigured
    from .base import Rejected as Rejected
    from .base import Retry as Retry
    from .base import Split as Split
    from .memory import MemoryCollector as MemoryCollector
    from .stdout import StdoutCollector as StdoutCollector
    from .store import StoreCollector as StoreCollector
    from .webhook import WebhookCollector as WebhookCollector

_HOMES = {
    "Batch": ".base",
    "BatchCollector": ".base",
    "Breaker": "..delivery.breaker",
    "Collector": ".base",
    "Delivered": ".base",
    "MemoryCollector": ".memory",
    "Misconfigured": ".base",
    "Refused": "..errors",
    "Rejected": ".base",
    "Retry": ".base",
    "RetryLater": "..errors",
    "RetryPolicy": "..delivery.retry",
    "Split": ".base",
    "StdoutCollector": ".stdout",
    "StoreCollector": ".store",
    "WebhookCollector": ".webhook",
}

__all__ = [
    "Batch",
    "BatchCollector",
    "Breaker",
    "Collector",
    "Delivered",
    "MemoryCollector",
    "Misconfigured",
    "Refused",
    "Rejected",
    "Retry",
    "RetryLater",
    "RetryPolicy",
    "Split",
    "StdoutCollector",
    "StoreCollector",
    "WebhookCollector",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
