"""The one shape of an event, whichever channel it came through, and its form on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec

from .errors import kind

#: Properties of one event; the next one is dropped and counted. Piko's cap.
MAX_PROPERTIES = 64

#: Characters of an event's name and of a property's key.
MAX_NAME = 128

#: Bytes of one event as JSON: Segment's limit for one call
#: (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#max-request-size).
MAX_EVENT_BYTES = 32 * 1024

#: Digits of an amount before and after the point; beyond any real sum of money.
MAX_AMOUNT_DIGITS = 18


class EventType(StrEnum):
    """What kind of thing happened."""

    PAGEVIEW = "pageview"
    ACTION = "action"
    CUSTOM = "custom"
    IDENTIFY = "identify"
    GROUP = "group"
    ALIAS = "alias"


class Source(StrEnum):
    """The channel that an event came through."""

    SERVER = "server"
    BROWSER = "browser"
    API = "api"


#: What Segment takes amounts for that say no currency
#: (https://segment.com/docs/connections/spec/track/#properties).
SEGMENT_CURRENCY = "USD"


class Revenue(msgspec.Struct, frozen=True):
    """An amount of money, exact, with its ISO 4217 currency. Refunds are negative."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: Decimal | int | float | str, currency: str) -> Revenue:
        """Check and build. A float counts as the digits it prints.

        :raises TypeError: the amount is no number, or the currency no text.
        :raises ValueError: the amount is not finite or absurdly long, or the currency unknown.
        """
        return cls(_amount(amount), _currency(currency))

    @classmethod
    def told(cls, properties: Mapping[str, Any]) -> Revenue | None:
        """What Segment's words for money tell, ``revenue`` and ``currency``; what is none stays a
        property.
        """
        amount = properties.get("revenue")
        if amount is None:
            return None
        try:
            return cls.of(amount, properties.get("currency") or SEGMENT_CURRENCY)
        except (TypeError, ValueError):
            return None


def _amount(amount: Decimal | int | float | str) -> Decimal:
    type_ = type(amount)  # __class__ may raise, or lie
    if type_ is bool or not issubclass(type_, (Decimal, int, float, str)):
        raise TypeError(
            f"revenue amount must be a Decimal, int, float or numeric text, "
            f"not {kind(amount)}: for example Decimal('29.99')"
        )
    try:
        exact = _exact(amount)
    except (InvalidOperation, TypeError, ValueError):
        raise ValueError("revenue amount must be a number such as '29.99'") from None
    if not exact.is_finite():
        raise ValueError("revenue amount must be a finite number such as '29.99', not NaN")
    if exact.adjusted() >= MAX_AMOUNT_DIGITS or -_exponent(exact) > MAX_AMOUNT_DIGITS:
        raise ValueError(f"revenue amount must have at most {MAX_AMOUNT_DIGITS} digits")
    return Decimal(format(exact, "f"))  # 1E+3 would not read as money on the wire


def _exact(amount: Decimal | int | float | str) -> Decimal:
    """Through the methods of Python's own types: those of a subclass may do anything. What is too
    long is not read at all: the time would grow with the square of its length."""
    if isinstance(amount, Decimal):
        return Decimal(amount)
    if isinstance(amount, float):
        return Decimal(float.__repr__(amount))
    if isinstance(amount, int):
        number = int.__add__(amount, 0)
        return Decimal(number if number.bit_length() <= _MAX_AMOUNT_LENGTH else "1E+999")
    text = str.__str__(amount)
    return Decimal(text if len(text) <= _MAX_AMOUNT_LENGTH else "1E+999")


#: Bits and characters of an amount; with 18 digits on both sides of the point it has fewer.
_MAX_AMOUNT_LENGTH = 1000


def _exponent(amount: Decimal) -> int:
    return int(amount.as_tuple().exponent)


def _currency(currency: str) -> str:
    if not issubclass(type(currency), str):
        raise TypeError(
            f"revenue currency must be an ISO 4217 code such as 'EUR', not {kind(currency)}"
        )
    code = str.upper(str.__str__(currency)[:12])
    if code not in currencies():
        raise ValueError(f"revenue currency must be a code of ISO 4217 such as 'EUR', not {code!r}")
    return code


@cache
def currencies() -> dict[str, int]:
    """The codes of ISO 4217, and how many digits their amounts have after the point. Loaded at
    first use: the list costs 40 ms that few start-ups need."""
    from iso4217 import Currency

    return {currency.code: currency.exponent or 0 for currency in Currency}


class Event(
    msgspec.Struct, kw_only=True, omit_defaults=True, rename={"duration": "duration_ms"}, gc=False
):
    """One thing that happened. What a caller set stands; enrichment fills only what is empty.

    Hidden from the garbage collector, which would walk over thousands that wait for their batch;
    cleaned properties hold no cycle that it would have to find.
    """

    #: UUIDv7, fixed when the event is accepted; what destinations deduplicate by.
    message_id: str = ""
    type: EventType = msgspec.field(default_factory=lambda: EventType.CUSTOM)  # never left out
    event_name: str | None = None
    #: For an action: the endpoint that was called.
    action_name: str | None = None
    #: When it happened, UTC.
    timestamp: datetime | None = None
    source: Source = msgspec.field(default_factory=lambda: Source.SERVER)
    user_id: str | None = None
    anonymous_id: str | None = None
    client_ip: str | None = None
    #: BCP 47, such as ``de-DE``.
    locale: str | None = None
    hostname: str | None = None
    #: Absolute, with the query strings of the allow-list only.
    url: str | None = None
    path: str | None = None
    method: str | None = None
    #: The route, such as ``/blog/<slug>``.
    matched_pattern: str | None = None
    endpoint: str | None = None
    status_code: int | None = None
    #: Seconds from the start of the request to its response; ``duration_ms`` on the wire.
    duration: float | None = None
    user_agent: str | None = None
    referrer: str | None = None
    #: The page view that this belongs to; printed in the page, it joins both channels.
    view_id: str | None = None
    properties: dict[str, Any] = {}
    revenue: Revenue | None = None
    traits: dict[str, Any] = {}
    group_id: str | None = None
    previous_id: str | None = None
    context: dict[str, Any] = {}
    integrations: dict[str, Any] = {}
    #: What the visitor allows, where somebody was asked; see ``consent``.
    consent: dict[str, bool] = {}

    @property
    def name(self) -> str:
        """What reports call this event: its name, else its action, else its type."""
        return self.event_name or self.action_name or str(self.type)

    def replace_texts(self, replace: Callable[[str], str]) -> None:
        """Put every text that somebody may have typed through a function: the name, the addresses
        (``url``, ``path``, ``referrer``, ``user_agent``), and all texts in ``properties``,
        ``traits`` and ``context``, however deep. Keys and ids stay: who is who depends on them."""
        for field in ("event_name", "url", "path", "referrer", "user_agent"):
            value = getattr(self, field)
            if value:
                setattr(self, field, replace(value))
        for field in ("properties", "traits", "context"):
            setattr(self, field, _replaced(getattr(self, field), replace))

    def to_wire(self) -> dict[str, Any]:
        """The event as plain data under its wire names, without what is unknown.

        Times are datetimes and amounts Decimals still: ``encode`` writes them as text.
        """
        fields = msgspec.structs.asdict(self).items()
        wire = {key: value for key, value in fields if value or value == 0}
        duration = wire.pop("duration", None)
        if duration is not None:
            wire["duration_ms"] = round(duration * 1000, 3)
        return wire


def _replaced(value: Any, replace: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, dict):
        return {key: _replaced(one, replace) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replaced(one, replace) for one in value]
    return value


_encode = msgspec.json.Encoder(decimal_format="string").encode


def encode(event: Event) -> bytes:
    """The event as one JSON object: ISO 8601 times in UTC, amounts as text, UTF-8.

    :raises TypeError, ValueError: a value that is no JSON got past the helpers' checks.
    """
    seconds = event.duration
    if seconds is None:
        return _encode(event)
    # Seconds wherever Python sees it, milliseconds on the wire. A type of its own with a hook
    # would cost as much as the rest of the event.
    event.duration = round(seconds * 1000, 3)
    try:
        return _encode(event)
    finally:
        event.duration = seconds


_decoder = msgspec.json.Decoder(Event)


def decode(body: bytes) -> Event:
    """The event of what ``encode`` made. Values of properties come back as JSON knows them.

    :raises ValueError: it is no event.
    """
    event = _decoder.decode(body)
    if event.duration is not None:
        event.duration /= 1000
    return event
