"""What a destination said over HTTP, and what its status alone means for the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, TypeGuard

import msgspec

from ..errors import RetryLater
from .base import DELIVERED, Misconfigured, Rejected, Retry, Split, Verdict

#: Answers worth another try, and 5xx, except the two that say "never".
_TRY_AGAIN = frozenset({408, 425, 429})
_NEVER = frozenset({501, 505})

#: Answers to a batch that may be about one of its events, or about its size.
_SPLIT = frozenset({400, 413})

#: Answers that will be the same until somebody changes a key.
_WRONG_KEY = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a destination said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON.

        :raises RetryLater: it is none, so nobody knows what became of the events.
        """
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise RetryLater("unreadable") from None

    def verdict(self) -> Verdict:
        """What the status alone means for the events of a request."""
        if 200 <= self.status < 300:
            return DELIVERED
        reason = f"http_{self.status}"
        if self.status < 200:  # an early hint, and then no answer that http.client would read
            return Retry(reason)
        if self.status in _TRY_AGAIN or (self.status >= 500 and self.status not in _NEVER):
            return Retry(reason, retry_after(self.headers.get("Retry-After")))
        if self.status in _SPLIT:
            return Split(reason)
        if self.status in _WRONG_KEY or 300 <= self.status < 400:
            return Misconfigured(reason)  # a redirect is never followed: it would lose the body
        return Rejected(reason)

    def fields(self) -> dict[str, Any]:
        """The JSON object that was said, where the answer means something without one, too;
        empty where it was none."""
        try:
            said = self.json()
        except RetryLater:
            return {}
        return said if isinstance(said, dict) else {}


def is_below(number: object, most: int) -> TypeGuard[int]:
    """Whether it is a whole number from 0 up to ``most``, without it: the place of one of so many
    events. Not -1, nor true, which Python would take for places, too."""
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < most


def retry_after(value: str | None, now: float | None = None) -> float | None:
    """Seconds of a Retry-After header: a number or a date (RFC 9110, section 10.2.3)."""
    if value is None:
        return None
    if value.isascii() and value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - (now or time()))
    except (ValueError, OverflowError):
        return None
