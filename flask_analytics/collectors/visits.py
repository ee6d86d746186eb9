"""When the visit of a visitor began, for services that want to be told."""

from __future__ import annotations

from bisect import bisect_right

#: Seconds without a sign of the visitor that end a visit.
GAP = 1800.0

#: Visitors that are remembered, and visits of each: an event that is late, or tried again, finds
#: the visit that it belongs to.
MOST = 10_000
MOST_EACH = 16

#: When a visit is known to have begun and ended, and the moment that it is named after.
_Visit = list[float]


class Visits:
    """Remembers the newest visits of the newest visitors, in this process only."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[str, list[_Visit]] = {}

    def start(self, visitor: str, moment: float) -> float:
        """A moment that names the visit: the first of it that was seen here.

        :param moment: when the visitor did something, in seconds since the epoch.
        """
        visits = self._known.pop(visitor, [])
        self._known[visitor] = visits  # the newest is last
        if len(self._known) > self._most:
            del self._known[next(iter(self._known))]
        visit = _joined(visits, moment)
        if visit is None:
            visit = [moment, moment, moment]
            visits.insert(bisect_right(visits, [moment]), visit)
            del visits[:-MOST_EACH]
        return visit[2]


def _joined(visits: list[_Visit], moment: float) -> _Visit | None:
    """The visit that a moment belongs to, made longer by it; None: a new one."""
    after = bisect_right(visits, moment, key=lambda visit: visit[0])
    if after and moment - visits[after - 1][1] <= GAP:
        visit = visits[after - 1]
        visit[1] = max(visit[1], moment)
        return visit
    if after < len(visits) and visits[after][0] - moment <= GAP:
        visit = visits[after]
        visit[0] = moment
        return visit
    return None
