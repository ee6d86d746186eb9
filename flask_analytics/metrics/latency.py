"""Latency and errors, by route, of what the server answered."""

from __future__ import annotations

import msgspec

from .filters import Scope
from .window import Range


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Counted events of source ``server`` that have a status, by route. Answered by a tuple of
    ``RouteLatency``, most requests first, then by route, the one without a route first."""

    range: Range
    scope: Scope = Scope()
    limit: int = 10


class RouteLatency(msgspec.Struct, frozen=True):
    """One route; None is every request that matched none.

    :param count: requests.
    :param errors: those with status >= 500.
    :param error_rate: their share.
    :param p50: seconds, nearest rank over the durations that are known; None without.
    :param p95: the same.
    """

    route: str | None
    count: int
    errors: int
    error_rate: float
    p50: float | None
    p95: float | None


def nearest_rank(sorted_values: list[float], share: float) -> float | None:
    """The value at rank ceil(share * n), counted from 1."""
    if not sorted_values:
        return None
    rank = -(-len(sorted_values) * round(share * 100) // 100)
    return sorted_values[max(int(rank), 1) - 1]
