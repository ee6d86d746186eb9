"""Reads what a collector answered, or raised, as one verdict for each event."""

from __future__ import annotations

from collections.abc import Sequence

from ..collectors.base import DELIVERED, VERDICTS, Rejected, Retry, Verdict
from ..errors import Refused, RetryLater


def of_answer(answer: object, count: int) -> Sequence[Verdict]:
    """The verdicts of a ``send`` that returned.

    :raises TypeError: the answer is none of what ``BatchCollector.send`` may return.
    """
    if answer is None:
        return [DELIVERED] * count
    if isinstance(answer, VERDICTS):
        return [answer] * count
    if (
        isinstance(answer, Sequence)
        and len(answer) == count
        and all(isinstance(verdict, VERDICTS) for verdict in answer)
    ):
        return answer
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
        return Retry(error.reason, error.after)
    if isinstance(error, Refused):
        return Rejected(error.reason)
    if isinstance(error, OSError):
        return Retry("network")
    if not isinstance(error, Exception):
        return Retry("interrupted")
    return Rejected("error")
