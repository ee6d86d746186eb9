"""How many people got to each step and how long it took them: of all, and of each group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ...metrics.funnel import Progress
from ..sql.engine import Folded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.integer[Any]]

SECOND = 1_000_000


class Attempts(NamedTuple):
    """People, each once and in order; how many steps each of them got through; and for each step
    when they did, in microseconds: any number for those who did not."""

    person: Ints
    depth: Ints
    times: list[Ints]


def folded(attempts: Attempts, groups: Mapping[int, str] | None) -> Folded:
    """Add up, those of each group apart."""
    if groups is None:
        return Folded(_overall(attempts), {})
    return Folded(_overall(attempts), _by_group(attempts, groups))


def _overall(attempts: Attempts) -> Progress:
    import numpy as np

    counts = [int(np.count_nonzero(attempts.depth > step)) for step in range(len(attempts.times))]
    medians: list[float | None] = [None]
    for step, count in enumerate(counts[1:], 1):
        middle = (count - 1) // 2
        _, gaps = _gaps(attempts, step)
        medians.append(int(np.partition(gaps, middle)[middle]) / SECOND if count else None)
    return Progress(counts, medians)


def _gaps(attempts: Attempts, step: int) -> tuple[Ints, Ints]:
    """Who got to a step, by their places, and the microseconds from the step before."""
    import numpy as np

    who = np.flatnonzero(attempts.depth > step)
    return who, attempts.times[step][who] - attempts.times[step - 1][who]


def _by_group(attempts: Attempts, groups: Mapping[int, str]) -> dict[str, Progress]:
    import numpy as np

    numbers = {key: number for number, key in enumerate(dict.fromkeys(groups.values()))}
    nobody = len(numbers)
    of = np.array(
        [numbers[groups[one]] if one in groups else nobody for one in attempts.person.tolist()],
        np.int64,
    )
    first = np.bincount(of[attempts.depth > 0], minlength=nobody + 1)
    counts, medians = [first.tolist()], [[None] * (nobody + 1)]
    for step in range(1, len(attempts.times)):
        who, gaps = _gaps(attempts, step)
        found = np.bincount(of[who], minlength=nobody + 1)
        counts.append(found.tolist())
        medians.append(_medians(gaps, of[who], found))
    each = zip(numbers, zip(*counts, strict=True), zip(*medians, strict=True), strict=False)
    return {key: Progress(people, pace) for key, people, pace in each if people[0]}


def _medians(gaps: Ints, of: Ints, counts: Ints) -> list[Any]:
    """Of each group, in seconds; None of an empty one."""
    import numpy as np

    gaps = gaps[np.lexsort((gaps, of))]
    middles = np.cumsum(counts) - counts + (counts - 1) // 2
    return [
        int(gaps[middle]) / SECOND if count else None
        for middle, count in zip(middles.tolist(), counts.tolist(), strict=True)
    ]
