"""A question in, its answer out, on any engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import QuestionError
from ...metrics.active import ActiveUsers
from ...metrics.funnel import Funnel
from ...metrics.latency import Latency
from ...metrics.person import People
from ...metrics.retention import Retention
from ...metrics.revenue import Revenues
from ...metrics.summary import Dashboard
from ...metrics.top import Breakdown, TopEvents, TopProperties
from ...metrics.visits import Visits
from ...metrics.volume import Volume
from .active import active_users
from .engine import Engine
from .funnel import funnel
from .latency import latency
from .people import people
from .retention import retention
from .summary import dashboard
from .top import breakdown, top_events, top_properties
from .visits import visits
from .volume import revenues, volume

#: type of a question -> what answers it
ANSWERS: dict[type, Callable[[Any, Engine], Any]] = {
    Volume: volume,
    TopEvents: top_events,
    TopProperties: top_properties,
    Breakdown: breakdown,
    Revenues: revenues,
    Latency: latency,
    ActiveUsers: active_users,
    Retention: retention,
    Visits: visits,
    Funnel: funnel,
    People: people,
    Dashboard: dashboard,
}


def answer(question: Any, engine: Engine) -> Any:
    """Answer any question of ``metrics`` but ``Traits``, ``Timeline`` and ``Recent``: a store
    knows its people and its bodies best.

    :raises QuestionError: it has no answer as it was asked, such as 20,000 buckets.
    :raises StoreError: the engine cannot answer now.
    """
    function = ANSWERS.get(type(question))
    if function is None:
        raise QuestionError("question", f"{type(question).__name__} is none of metrics")
    return function(question, engine)
