"""Which drawing an answer gets, by its kind of question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import figures, trends
from .parts import Parts, Place

#: Kind of question -> what draws its answer: a list of parts, none where there is nothing to see.
DRAW: Mapping[str, Callable[[Any, Any, Place], Parts]] = {
    "volume": trends.volume,
    "top": trends.top,
    "breakdown": trends.breakdown,
    "funnel": trends.funnel,
    "retention": trends.retention,
    "active": trends.active,
    "visits": figures.visits,
    "revenue": figures.revenue,
    "latency": figures.latency,
    "dashboard": figures.dashboard,
    "people": figures.people,
    "traits": figures.person,
    "timeline": figures.timeline,
    "recent": figures.timeline,
}
