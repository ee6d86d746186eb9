"""Collectors: where events go. Loaded when they are named, so that importing costs nothing.

>>> from flask_analytics.collectors import WebhookCollector
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..delivery.breaker import Breaker as Breaker
    from ..delivery.retry import RetryPolicy as RetryPolicy
    from .base import BatchCollector as BatchCollector
    from .base import Collector as Collector
    from .memory import MemoryCollector as MemoryCollector
    from .stdout import StdoutCollector as StdoutCollector
    from .webhook import WebhookCollector as WebhookCollector

_HOMES = {
    "BatchCollector": ".base",
    "Breaker": "..delivery.breaker",
    "Collector": ".base",
    "MemoryCollector": ".memory",
    "RetryPolicy": "..delivery.retry",
    "StdoutCollector": ".stdout",
    "WebhookCollector": ".webhook",
}

__all__ = [
    "BatchCollector",
    "Breaker",
    "Collector",
    "MemoryCollector",
    "RetryPolicy",
    "StdoutCollector",
    "WebhookCollector",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
