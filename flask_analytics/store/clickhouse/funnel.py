"""The funnel: followed in SQL as far as that is exact, see ``journeys``, and by ``metrics.chain``
beyond.

``windowFunnel`` would count the same people, but it tells no times, and an event that serves for
two steps it uses for both. What is left are people with such an event and with two events at one
moment: which of them serves for which step no order can tell. Their events come here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from ...metrics import chain
from ...metrics.funnel import Progress, progress
from ..sql.dialect import Query
from ..sql.engine import Folded, Passage
from . import journeys

if TYPE_CHECKING:
    from .engine import ClickHouseEngine

SECOND = 1_000_000

#: A person's group, and when they did the steps that they got through.
Attempt = tuple[str | None, Sequence[int]]


def folded(engine: ClickHouseEngine, query: Query, passage: Passage) -> Folded:
    """How far people get, and how fast."""
    rows = engine.rows(_summed(passage), query.values)
    if any(row[2] for row in rows):
        attempts = [*_untangled(engine, query, passage), *_tangled(engine, query, passage)]
        return _by_hand(attempts, passage.length)
    found = {
        (is_all, key): _progress(counts, gaps, passage.length)
        for is_all, key, _, counts, gaps in rows
    }
    overall = found.pop((1, None), _progress((), (), passage.length))
    groups = {key: of for (_, key), of in found.items() if key is not None and of.counts[0]}
    return Folded(overall, groups)


def _summed(passage: Passage) -> str:
    """For all, and for each group: whether somebody is tangled, people, medians."""
    people = journeys.people(passage)
    what = "max(tangled), countForEach(times), medianExactLowForEach(gaps)"
    gaps = "arrayPopFront(arrayDifference(times)) AS gaps"
    if passage.groups is None:
        return f"SELECT 1, NULL, {what} FROM (SELECT *, {gaps} FROM ({people}))"
    return (
        f"SELECT grouping(key), key, {what} FROM (SELECT *, {gaps} FROM "
        f"({_with_groups(people, passage)})) GROUP BY GROUPING SETS ((key), ())"
    )


def _with_groups(people: str, passage: Passage) -> str:
    if passage.groups is None:
        return f"SELECT *, CAST(NULL, 'Nullable(String)') AS key FROM ({people})"
    groups = f"SELECT person AS member, toNullable(key) AS key FROM ({passage.groups})"
    return f"SELECT * FROM ({people}) AS p LEFT ANY JOIN ({groups}) AS g ON p.person = g.member"


def _progress(counts: Sequence[int], gaps: Sequence[int], length: int) -> Progress:
    """Steps that nobody got to are not in the lists."""
    medians = [None, *(gap / SECOND for gap in gaps)]
    missing = length - len(counts)
    return Progress([*counts, *[0] * missing], [*medians, *[None] * (length - len(medians))])


# -- people one by one


def _by_hand(attempts: Sequence[Attempt], length: int) -> Folded:
    groups: dict[str, list[Sequence[int]]] = {}
    for key, times in attempts:
        if key is not None and times:
            groups.setdefault(key, []).append(times)
    return Folded(
        progress((times for _, times in attempts), length),
        {key: progress(of, length) for key, of in groups.items()},
    )


def _untangled(engine: ClickHouseEngine, query: Query, passage: Passage) -> Iterator[Attempt]:
    people = f"SELECT * FROM ({journeys.people(passage)}) WHERE tangled = 0 AND notEmpty(times)"
    yield from engine.rows(
        f"SELECT key, times FROM ({_with_groups(people, passage)})", query.values
    )


def _tangled(engine: ClickHouseEngine, query: Query, passage: Passage) -> Iterator[Attempt]:
    who = f"SELECT person FROM ({journeys.people(passage)}) WHERE tangled = 1"
    events = (
        f"SELECT person, ts, toUInt32(steps) AS steps FROM ({passage.sql}) WHERE person IN ({who})"
    )
    sql = (
        f"SELECT person, key, ts, steps FROM ({_with_groups(events, passage)}) ORDER BY person, ts"
    )
    rows = engine.rows(sql, query.values)
    for (_, key), mine in groupby(rows, key=itemgetter(0, 1)):
        touches = ((ts, bits(steps)) for _, _, ts, steps in mine)
        yield key, chain.times(touches, passage.length, passage.window)


def bits(steps: int) -> set[int]:
    """The steps of a number."""
    return {bit for bit in range(steps.bit_length()) if steps >> bit & 1}
