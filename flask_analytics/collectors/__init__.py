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
    from ..errors import Unsupported as Unsupported
    from .amplitude import AmplitudeCollector as AmplitudeCollector
    from .base import Batch as Batch
    from .base import BatchCollector as BatchCollector
    from .base import Collector as Collector
    from .base import Delivered as Delivered
    from .base import Dropped as Dropped
    from .base import Misconfigured as Misconfigured
    from .base import Rejected as Rejected
    from .base import Retry as Retry
    from .base import Split as Split
    from .destination import Destination as Destination
    from .destination import Post as Post
    from .ga4 import GA4Collector as GA4Collector
    from .matomo import MatomoCollector as MatomoCollector
    from .memory import MemoryCollector as MemoryCollector
    from .mixpanel import MixpanelCollector as MixpanelCollector
    from .plausible import PlausibleCollector as PlausibleCollector
    from .posthog import PostHogCollector as PostHogCollector
    from .segment import SegmentCollector as SegmentCollector
    from .stdout import StdoutCollector as StdoutCollector
    from .store import StoreCollector as StoreCollector
    from .umami import UmamiCollector as UmamiCollector
    from .webhook import WebhookCollector as WebhookCollector

_HOMES = {
    "AmplitudeCollector": ".amplitude",
    "Batch": ".base",
    "BatchCollector": ".base",
    "Breaker": "..delivery.breaker",
    "Collector": ".base",
    "Delivered": ".base",
    "Destination": ".destination",
    "Dropped": ".base",
    "GA4Collector": ".ga4",
    "MatomoCollector": ".matomo",
    "MemoryCollector": ".memory",
    "Misconfigured": ".base",
    "MixpanelCollector": ".mixpanel",
    "PlausibleCollector": ".plausible",
    "Post": ".destination",
    "PostHogCollector": ".posthog",
    "Refused": "..errors",
    "Rejected": ".base",
    "Retry": ".base",
    "RetryLater": "..errors",
    "RetryPolicy": "..delivery.retry",
    "SegmentCollector": ".segment",
    "Split": ".base",
    "StdoutCollector": ".stdout",
    "StoreCollector": ".store",
    "UmamiCollector": ".umami",
    "Unsupported": "..errors",
    "WebhookCollector": ".webhook",
}

__all__ = [
    "AmplitudeCollector",
    "Batch",
    "BatchCollector",
    "Breaker",
    "Collector",
    "Delivered",
    "Destination",
    "Dropped",
    "GA4Collector",
    "MatomoCollector",
    "MemoryCollector",
    "Misconfigured",
    "MixpanelCollector",
    "PlausibleCollector",
    "Post",
    "PostHogCollector",
    "Refused",
    "Rejected",
    "Retry",
    "RetryLater",
    "RetryPolicy",
    "SegmentCollector",
    "Split",
    "StdoutCollector",
    "StoreCollector",
    "UmamiCollector",
    "Unsupported",
    "WebhookCollector",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
