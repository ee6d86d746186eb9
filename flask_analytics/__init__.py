"""First-party analytics for Flask: ``Analytics(app)``.

Three files explain the whole: ``extension.py`` puts the parts together, ``pipeline.py`` is an
event's way, ``collectors/base.py`` is the life of a collector.
"""

from __future__ import annotations

from .collectors.base import BatchCollector as BatchCollector
from .collectors.base import Collector as Collector
from .context import add_property as add_property
from .context import alias as alias
from .context import group as group
from .context import identify as identify
from .context import page as page
from .context import set_event_name as set_event_name
from .context import set_revenue as set_revenue
from .context import track as track
from .context import trigger_client_event as trigger_client_event
from .event import Event as Event
from .event import EventType as EventType
from .event import Revenue as Revenue
from .extension import Analytics as Analytics

__all__ = [
    "Analytics",
    "BatchCollector",
    "Collector",
    "Event",
    "EventType",
    "Revenue",
    "add_property",
    "alias",
    "group",
    "identify",
    "page",
    "set_event_name",
    "set_revenue",
    "track",
    "trigger_client_event",
]
