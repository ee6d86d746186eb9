"""Our logger, kept quiet: one line a minute for each kind of trouble, however often it happens."""

from __future__ import annotations

import logging
import re
import time
import traceback
from collections.abc import Callable

logger = logging.getLogger("flask_analytics")

#: Seconds between two lines about the same thing.
INTERVAL = 60.0

#: Kinds told apart. Some come from the words of a collector, which could be different each time.
MAX_KINDS = 200

#: Characters of a traceback that are logged; its end says most.
MAX_TRACEBACK = 20_000

#: What to keep, as the first group, and what to mask. Lengths are bounded, and so is the time.
_SECRETS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(://)[^/\s@'\"]{1,300}(?=@)",
        r"([?&][\w.-]{0,40}(?:secret|token|key|passw|pwd|auth|sig|code|session)[\w.-]{0,40}=)"
        r"[^&\s'\"#)]{1,1000}",
        r"(authorization['\"]?\s{0,9}[:=]\s{0,9}['\"]?)(?:\w{1,20} )?[^\s'\",]{1,1000}",
    )
]


class QuietLog:
    """Logs a kind of trouble at once, then at most once a minute with the number left out.

    Safe to call from any thread; at worst two threads log the same line.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, float] = {}
        self._held: dict[str, int] = {}

    def warning(self, kind: str, message: str, *args: object, error: object = None) -> None:
        """Log ``message``; ``error`` (an exception) goes with its traceback, in which what looks
        like a secret is masked. Never raises."""
        now = self._clock()
        if kind not in self._last and len(self._last) >= MAX_KINDS:
            kind = "other"
        last = self._last.get(kind)
        if last is not None and now - last < INTERVAL:
            self._held[kind] = self._held.get(kind, 0) + 1
            return
        self._last[kind] = now
        held = self._held.pop(kind, 0)
        if held:
            message += f" ({held} more of this kind since the last line)"
        if isinstance(error, BaseException):
            # As text: with exc_info the logging of the application would print it unmasked.
            message, args = message + "\n%s", (*args, masked(_traceback(error)))
        try:
            logger.warning(message, *args)
        except Exception:  # a handler of the application whose own server is away
            pass


def masked(text: str) -> str:
    """A text without the secrets that an error of the network may tell: the user and password of
    an address, query parameters that are called like a key, an Authorization header."""
    for pattern in _SECRETS:
        text = pattern.sub(r"\1***", text)
    return text


def _traceback(error: BaseException) -> str:
    try:
        lines = traceback.format_exception(error)
    except Exception:  # its own text may be what fails
        return type(error).__name__
    return "".join(lines)[-MAX_TRACEBACK:].rstrip()
