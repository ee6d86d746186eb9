"""When to try again: exponential backoff with full jitter.

Full jitter (a uniform draw from zero to the limit) spreads many processes that all failed at
the same moment; see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

#: Seconds that a destination may ask us to wait; a longer Retry-After is cut to this.
MAX_RETRY_AFTER = 300.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Pauses drawn from zero to ``base`` seconds, doubling up to ``cap``.

    :param attempts: tries without progress after which events are given up; None: none, they end
        with the collector's ``max_age``. A pause that the destination asks for is no try.
    """

    attempts: int | None = None
    base: float = 0.5
    cap: float = 30.0
    uniform: Callable[[float, float], float] = field(default=random.uniform, repr=False)

    def pause(self, failures: int, after: float | None = None) -> float:
        """Seconds to wait after so many failures (1 and up); ``after`` is what was asked for.

        "Again at once" is not taken at its word: it would be a tight loop.
        """
        if after is not None:
            return min(max(after, self.base), MAX_RETRY_AFTER)
        return self.uniform(0.0, min(self.cap, self.base * 2 ** min(failures - 1, 32)))
