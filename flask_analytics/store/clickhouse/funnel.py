"""The funnel, by ``windowFunnel`` as far as that is exact, and by ``metrics.chain`` beyond.

``windowFunnel`` sorts a person's events by time, then by step, and carries the latest start of a
chain from step to step: as METRICS says, ties included, as long as no event serves for two steps.
One that does would be used for both. So:

1. Nobody has such an event: ``windowFunnel`` as it is. Whether that is so, it tells in passing.
2. A person has, but no two events at one moment: it is still exact if each event is offered for
   its last step first, so that the event before has to stand for the step before. Times are spread
   for that, see ``_Spread``.
3. Both: these people's events come here and are folded by ``metrics.chain``.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from ...metrics import chain
from ..sql.dialect import Query
from ..sql.engine import BEGINNING, END, Passage, Reached

if TYPE_CHECKING:
    from .engine import ClickHouseEngine

#: What ``windowFunnel`` answers for people of the third kind.
TANGLED = -1

#: ``width`` whole numbers for each moment: ``windowFunnel`` wants times that are not negative.
_LEVEL = "windowFunnel({window})(toUInt64({time}), {steps})"


def reached(engine: ClickHouseEngine, query: Query, passage: Passage) -> list[Reached]:
    """How far people get."""
    rows = engine.rows(_plain(passage), query.values)
    if all(most <= 1 for *_, most, _first, _last in rows):
        return _added((key, steps, people) for key, steps, people, *_ in rows)
    first, last = min(row[4] for row in rows), max(row[5] for row in rows)
    spread = _Spread(passage, first, last)
    found = engine.rows(_by_group(spread.levels(), passage, "level, count()"), query.values)
    if not any(steps == TANGLED for _, steps, _ in found):
        return _added(found)
    return _added([row for row in found if row[1] != TANGLED] + _tangled(engine, query, spread))


def _added(rows: Any) -> list[Reached]:
    return [Reached(key, steps, people) for key, steps, people in rows if steps > 0]


def _plain(passage: Passage) -> str:
    steps = ", ".join(f"bitTest(steps, {step})" for step in range(passage.length))
    window = END - BEGINNING if passage.window is None else min(passage.window, END - BEGINNING)
    level = _LEVEL.format(window=window, time=f"ts - ({BEGINNING})", steps=steps)
    levels = (
        f"SELECT person, {level} AS level, max(bitCount(steps)) AS most, min(ts) AS first_at, "
        f"max(ts) AS last_at FROM ({passage.sql}) GROUP BY person"
    )
    return _by_group(levels, passage, "level, count(), max(most), min(first_at), max(last_at)")


def _by_group(levels: str, passage: Passage, what: str) -> str:
    if passage.groups is None:
        return f"SELECT CAST(NULL, 'Nullable(String)') AS key, {what} FROM ({levels}) GROUP BY level"
    groups = f"SELECT person, toNullable(key) AS key FROM ({passage.groups})"
    return (
        f"SELECT g.key AS key, {what} FROM ({levels}) AS l "
        f"LEFT ANY JOIN ({groups}) AS g ON l.person = g.person GROUP BY key, level"
    )


class _Spread(NamedTuple):
    """One row for each step that an event serves for; each moment is spread over ``2 * length``
    numbers, of which the first half is used, the last step first."""

    passage: Passage
    first: int
    last: int

    def levels(self) -> str:
        """A SELECT of ``person`` and ``level``."""
        length, whole = self.passage.length, self.last - self.first
        window = whole if self.passage.window is None else min(self.passage.window, whole)
        steps = ", ".join(f"step = {step}" for step in range(length))
        moment = f"ts - ({self.first})"
        width = 2 * length
        spread = f"({moment}) * {width} + {length - 1} - step"
        plain = _LEVEL.format(window=window, time=moment, steps=steps)
        # Two events of just the window are at most half a moment further apart.
        wide = window * width + length - 1
        apart = _LEVEL.format(window=wide, time=spread, steps=steps)
        return (
            f"SELECT person, multiIf(max(bitCount(steps)) <= 1, toInt32({plain}), "
            f"uniqExact(ts) = countIf(step = served[1]), toInt32({apart}), {TANGLED}) AS level "
            f"FROM ({self._touches()}) GROUP BY person"
        )

    def _touches(self) -> str:
        return (
            "SELECT person, ts, steps, served, toInt64(arrayJoin(served)) AS step FROM (SELECT "
            f"person, ts, steps, bitPositionsToArray(steps) AS served FROM ({self.passage.sql}))"
        )

    def tangled(self) -> str:
        """A SELECT of these people's events, each with its group."""
        who = f"SELECT person FROM ({self.levels()}) WHERE level = {TANGLED}"
        events = (
            f"SELECT person, ts, toUInt32(steps) AS steps FROM ({self.passage.sql}) "
            f"WHERE person IN ({who})"
        )
        if self.passage.groups is None:
            return f"SELECT person, NULL, ts, steps FROM ({events}) ORDER BY person, ts"
        groups = f"SELECT person, toNullable(key) AS key FROM ({self.passage.groups})"
        return (
            f"SELECT e.person AS person, g.key, ts, steps FROM ({events}) AS e LEFT ANY JOIN "
            f"({groups}) AS g ON e.person = g.person ORDER BY person, ts"
        )


def _tangled(
    engine: ClickHouseEngine, query: Query, spread: _Spread
) -> list[tuple[str | None, int, int]]:
    length, window = spread.passage.length, spread.passage.window
    found: Counter[tuple[str | None, int]] = Counter()
    rows = engine.rows(spread.tangled(), query.values)
    for (_, key), events in groupby(rows, key=itemgetter(0, 1)):
        touches = ((ts, _bits(steps)) for _, _, ts, steps in events)
        found[key, chain.reached(touches, length, window)] += 1
    return [(key, steps, people) for (key, steps), people in found.items()]


def _bits(steps: int) -> set[int]:
    return {bit for bit in range(steps.bit_length()) if steps >> bit & 1}
