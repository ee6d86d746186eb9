"""The circuit breaker: a table of states.

Rules
1. closed: calls go out. ``threshold`` failures in a row open it.
2. open: nothing goes out for ``cooldown`` seconds; events wait, none is dropped for it.
3. half-open: one probe goes out. Success closes, failure opens again.
4. A call that was cut off from outside (the process ends) counts as neither.

A breaker belongs to one lane and is touched by greenlets of one thread only, between which it
never yields: it needs no lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half-open"
SUCCESS, FAILURE, ABANDONED = "success", "failure", "abandoned"

#: (state, how the call ended) -> next state. What is missing stays as it is.
TABLE = {
    (CLOSED, FAILURE): OPEN,  # at the threshold, see record()
    (HALF_OPEN, SUCCESS): CLOSED,
    (HALF_OPEN, FAILURE): OPEN,
    (HALF_OPEN, ABANDONED): OPEN,
    (OPEN, SUCCESS): CLOSED,  # a call that was already under way
}

#: Seconds between two looks at a probe that is under way.
PROBE_POLL = 0.1


class Breaker:
    """Says when a call may go out. Times are seconds of ``clock``, which must be monotonic.

    :param threshold: failures in a row that open it.
    :param cooldown: seconds until one call probes the destination.
    """

    def __init__(
        self,
        threshold: int = 5,
        cooldown: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = threshold
        self._cooldown = cooldown
        self._clock = clock
        self._failures = 0
        self._until = 0.0
        self.state = CLOSED

    def fresh(self, clock: Callable[[], float]) -> Breaker:
        """A closed one with the same numbers: each lane and each process has its own."""
        return Breaker(self._threshold, self._cooldown, clock)

    def wait(self) -> float:
        """0 when a call may go out now (it then must be recorded), else seconds until asking
        again makes sense."""
        if self.state == CLOSED:
            return 0.0
        if self.state == HALF_OPEN:
            return PROBE_POLL
        left = self._until - self._clock()
        if left <= 0:
            self.state = HALF_OPEN
            return 0.0
        return left

    def record(self, outcome: str) -> bool:
        """Note how a call ended; tell whether the state changed."""
        before = self.state
        if outcome != ABANDONED:
            self._failures = self._failures + 1 if outcome == FAILURE else 0
        if before == CLOSED and self._failures < self._threshold:
            return False
        self.state = TABLE.get((before, outcome), before)
        if self.state == OPEN and before != OPEN:
            self._until = self._clock() + self._cooldown
        return self.state != before
