"""How far one person got through the steps of a funnel, and when, exactly.

The law: a chain to step k is one distinct event for each of the steps 0 to k, times not
decreasing, events of one time in any order, the last at most ``window`` after the first.

Of all chains to a step only the latest start matters: whatever may follow, it leaves the most of
the window. So the fold carries one start for each step through the moments in order. Within one
moment a chain may go several steps on, if these can be given to distinct events of the moment:
a matching, which is looked for by augmenting paths.

A person's attempt is, of their chains to the furthest step that any gets to, the one whose times
come first: the earliest start, with it the earliest next step, and so on. Earlier events leave the
most room for what follows: so each step is taken as soon as it can be, and any start that is no
more than the window before the first arrival at the furthest step will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import groupby
from operator import itemgetter

#: An event: when, and the steps that it can serve.
Touch = tuple[int, Set[int]]


#: All events of one moment: when, and the steps that each can serve.
Moment = tuple[int, list[Set[int]]]


def times(touches: Iterable[Touch], steps: int, window: int | None = None) -> tuple[int, ...]:
    """When a person got through each step, from the first to the furthest, on their attempt.

    :param touches: events by time, each with the steps (from 0) that it matches.
    :param window: in the unit of the times; None: no limit.
    """
    moments = [
        (time, [matched for _, matched in moment if matched])
        for time, moment in groupby(touches, key=itemgetter(0))
    ]
    arrivals = _arrivals(moments, steps, window)
    if not arrivals:
        return ()
    earliest = moments[0][0] if window is None else arrivals[-1] - window
    return _attempt((one for one in moments if one[0] >= earliest), len(arrivals))


def _arrivals(moments: Sequence[Moment], steps: int, window: int | None) -> list[int]:
    """When any chain first got to each step that one gets to."""
    starts: list[int | None] = [None] * steps
    arrivals: list[int] = []
    for time, events in moments:
        _advance(starts, time, events, window)
        known = next((step for step, start in enumerate(starts) if start is None), steps)
        arrivals += [time] * (known - len(arrivals))
    return arrivals


def _attempt(moments: Iterable[Moment], steps: int) -> tuple[int, ...]:
    """Each step as soon as it can be."""
    taken: list[int] = []
    for time, events in moments:
        taken += [time for _ in _reachable(len(taken), steps, events)]
    return tuple(taken)


def _advance(
    starts: list[int | None], time: int, events: Sequence[Set[int]], window: int | None
) -> None:
    """Let the chains known so far go on over one moment, and new ones begin."""
    before: list[int | None] = [time, *starts]  # before[k]: the start of a chain that wants step k
    for first, start in enumerate(before[: len(starts)]):
        if start is None or (window is not None and time - start > window):
            continue
        for step in _reachable(first, len(starts), events):
            known = starts[step]
            starts[step] = start if known is None else max(known, start)


def _reachable(first: int, steps: int, events: Sequence[Set[int]]) -> Iterator[int]:
    """Steps up to which all from ``first`` on can be given to distinct events."""
    taken: dict[int, int] = {}  # event -> its step
    for step in range(first, steps):
        if not _give(step, events, taken, set()):
            return
        yield step


def _give(step: int, events: Sequence[Set[int]], taken: dict[int, int], tried: set[int]) -> bool:
    """Find an event for a step, moving others to other events where that helps."""
    for event, matched in enumerate(events):
        if step in matched and event not in tried:
            tried.add(event)
            if event not in taken or _give(taken[event], events, taken, tried):
                taken[event] = step
                return True
    return False
