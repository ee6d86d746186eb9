"""The gate that every record of a file goes through: an event comes out checked, as bytes.

A file is trusted to say who did what, as a write key is; not to be well formed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from zoneinfo import ZoneInfo

from ...enrich import MAX_LENGTH, public_url
from ...event import MAX_EVENT_BYTES, Event, Revenue, encode
from ...metrics.window import micros
from ...needs import MAX_AHEAD, MAX_ID, MESSAGE_ID, missing
from ...pipeline import Step
from ...values import clean, clean_name, clean_text, is_plain
from .lineid import message_id
from .refusal import Refused
from .report import count

_FIRST = datetime(1970, 1, 1, tzinfo=UTC)

_MESSAGE_ID = re.compile(MESSAGE_ID).fullmatch

_IDS = ("user_id", "anonymous_id", "group_id", "previous_id", "view_id")
_TEXTS = (
    "locale", "hostname", "path", "method", "matched_pattern", "endpoint", "user_agent",
)  # fmt: skip
_URLS = ("url", "referrer")
_ids_of, _texts_of, _urls_of = attrgetter(*_IDS), attrgetter(*_TEXTS), attrgetter(*_URLS)
_MAPPINGS = ("properties", "traits", "context", "integrations")


class Intake:
    """Checks events.

    :param zone: of times that name none.
    :param now: UTC; nothing happened later than a day from here.
    :param changed: counts what had to be left out of events, in words.
    :param redactions: the application's own, see ``Analytics.redact``.
    """

    def __init__(
        self,
        zone: ZoneInfo,
        now: datetime,
        changed: dict[str, int],
        redactions: Sequence[Step] = (),
    ) -> None:
        self._redactions = redactions
        self._zone = zone
        self._latest = now + MAX_AHEAD
        self._changed = changed

    def take(self, event: Event, digest: bytes) -> bytes:
        """The event's JSON.

        :param digest: of its record; makes its message id where it has none.
        :raises Refused: it is none.
        """
        at = event.timestamp = self._time(event.timestamp)
        self._texts(event)
        if lacking := missing(event):
            raise Refused(f"{lacking[0]}: an event of type {event.type} needs it")
        self._mappings(event)
        if event.revenue is not None:
            # As text: 29.9 and 29.90 are equal numbers, and keep their digits.
            event.revenue = _revenue(str(event.revenue.amount), event.revenue.currency)
        event.client_ip = None  # no store keeps it
        if not event.message_id:
            event.message_id = message_id(digest, micros(at))
        elif not _MESSAGE_ID(event.message_id):
            raise Refused("message_id: must be 1 to 100 letters, digits or signs, without blanks")
        body = self._redacted(event)
        if len(body) > MAX_EVENT_BYTES:
            raise Refused(f"the event is larger than {MAX_EVENT_BYTES} bytes")
        return body

    def _redacted(self, event: Event) -> bytes:
        """The JSON of what the application leaves of an event.

        :raises Refused: nobody knows what is still in it.
        """
        try:
            for step in self._redactions:
                event = step(event)
            return encode(event)
        except Exception as error:
            if not self._redactions:
                raise
            raise Refused(f"redact: raised {type(error).__name__}") from None

    def _time(self, at: datetime | None) -> datetime:
        if at is None:
            raise Refused("timestamp: is missing")
        try:
            at = (at if at.tzinfo else at.replace(tzinfo=self._zone)).astimezone(UTC)
        except (OverflowError, ValueError):
            raise Refused("timestamp: is outside the years 1970 to now") from None
        if at < _FIRST:
            raise Refused("timestamp: is before 1970")
        if at > self._latest:
            raise Refused("timestamp: is in the future")
        return at

    def _texts(self, event: Event) -> None:
        if event.event_name is not None:
            event.event_name = clean_name(event.event_name) or None
        if event.action_name is not None:
            event.action_name = clean_name(event.action_name) or None
        # Together first: as a rule all are fine.
        if not _is_fine("".join(filter(None, _ids_of(event))), MAX_ID):
            self._clean_ids(event)
        if not _is_fine("".join(filter(None, _texts_of(event))), MAX_LENGTH):
            for name, value in zip(_TEXTS, _texts_of(event), strict=True):
                if value:
                    setattr(event, name, clean_text(value, MAX_LENGTH))
        for name, value in zip(_URLS, _urls_of(event), strict=True):
            if value:
                found = public_url(value)
                setattr(event, name, found)
                if found is None:
                    count(self._changed, f"{name} left out: no absolute http(s) address")

    def _clean_ids(self, event: Event) -> None:
        for name, value in zip(_IDS, _ids_of(event), strict=True):
            if value and len(value) > MAX_ID:
                raise Refused(f"{name}: is longer than {MAX_ID} characters")
            if value:
                setattr(event, name, clean_text(value))

    def _mappings(self, event: Event) -> None:
        for name in _MAPPINGS:
            value = getattr(event, name)
            if value and not is_plain(value):
                cleaned, problems = clean(value)
                setattr(event, name, cleaned)
                if problems or len(cleaned) < len(value):
                    count(self._changed, f"{name} cut to what an event may hold")


def _is_fine(text: str, length: int) -> bool:
    """Whether a text needs no cleaning, told cheaply."""
    return len(text) <= length and text.isascii() and "\0" not in text


@lru_cache(4096)
def _revenue(amount: str, currency: str) -> Revenue:
    try:
        return Revenue.of(amount, currency)
    except (TypeError, ValueError) as error:
        # Which currency it was would make each a reason of its own.
        raise Refused("revenue: " + re.sub(r", not '.*'$", "", str(error), flags=re.S)) from None
