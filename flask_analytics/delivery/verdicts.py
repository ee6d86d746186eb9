"""Reads what a collector answered, or raised, as one verdict for each event."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..collectors.base import (
    DELIVERED,
    VERDICTS,
    Delivered,
    Dropped,
    Misconfigured,
    Rejected,
    Retry,
    Verdict,
)
from ..errors import Forbidden, Refused, RetryLater, Unsupported

#: Characters of a reason: it becomes a counter, a label and part of a line in the log.
MAX_REASON = 64


class Timeout(BaseException):
    """A call took longer than its collector's ``timeout``. No Exception: the collector's own code
    should not take it for one of its errors."""


def of_answer(answer: object, count: int) -> Sequence[Verdict]:
    """The verdicts of a ``send`` that returned.

    :raises TypeError: the answer is none of what ``BatchCollector.send`` may return.
    """
    if answer is None:
        return [DELIVERED] * count
    if isinstance(answer, VERDICTS):
        return [_sound(answer)] * count
    if (
        isinstance(answer, Sequence)
        and len(answer) == count
        and all(isinstance(verdict, VERDICTS) for verdict in answer)
    ):
        return [_sound(verdict) for verdict in answer]
    raise TypeError(
        f"send() must return None, one verdict or a list of {count} verdicts, "
        f"not {type(answer).__name__}"
    )


def of_error(error: BaseException) -> Verdict:
    """The verdict of a call that raised.

    Network faults and time-outs may pass, and a collector that tries to end the process gets
    its events again; any other exception is a mistake that trying again would only repeat.
    """
    if isinstance(error, RetryLater):
        return Retry(_word(error.reason), _seconds(error.after))
    if isinstance(error, Refused):
        return Rejected(_word(error.reason))
    if isinstance(error, Forbidden):
        return Misconfigured(_word(error.reason))
    if isinstance(error, Unsupported):
        return Dropped(_word(error.reason))
    if isinstance(error, OSError):
        return Retry("network")
    if isinstance(error, Timeout):
        return Retry("timeout")
    if not isinstance(error, Exception):
        return Retry("interrupted")
    return Rejected("error")


def _sound(verdict: Verdict) -> Verdict:
    """A verdict that can be counted: a collector may have made it of what a destination said."""
    if isinstance(verdict, Delivered):
        return verdict
    if isinstance(verdict, Retry):
        return Retry(_word(verdict.reason), _seconds(verdict.after))
    return type(verdict)(_word(verdict.reason))


def _word(reason: object) -> str:
    text = reason if isinstance(reason, str) else type(reason).__name__
    return "".join(sign for sign in text[:MAX_REASON] if sign.isprintable()) or "unknown"


def _seconds(after: object) -> float | None:
    """A header's text will do, too."""
    try:
        seconds = float(after)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return None if math.isnan(seconds) else seconds
