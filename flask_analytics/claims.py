"""What a page may claim although it comes from a browser: fields that the server has signed.

A claim is a text that the application prints into a page. An event that carries it, or a page
whose endpoint does, gets exactly these fields; the browser can neither change nor add any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import msgspec
from itsdangerous import BadSignature, URLSafeSerializer

from .event import Event, Revenue

#: The property that carries a claim, and the parameter of the endpoint.
PROPERTY, PARAMETER = "analytics_claim", "claim"

#: Seconds that a claim holds: unless it is said otherwise, and at most.
HOUR, WEEK = 3600, 7 * 86_400

#: Characters that are looked at; longer ones are no claims.
MAX_LENGTH = 2048


class Claim(msgspec.Struct, array_like=True, frozen=True):
    """The fields, and until when, in seconds since the epoch, they may be claimed."""

    until: int
    user_id: str | None = None
    event_name: str | None = None
    #: Amount and currency.
    revenue: tuple[str, str] | None = None
    #: The message id of the only event that the revenue is for.
    id: str | None = None

    def give(self, event: Event) -> bool:
        """Fill an event in; who the server knows, stays. False: it is for events of another
        name."""
        if self.event_name is not None and event.event_name != self.event_name:
            return False
        if event.user_id is None:
            event.user_id = self.user_id
        if self.revenue is not None and self.id is not None:
            event.revenue = Revenue.of(*self.revenue)
            event.message_id = self.id
        return True


def make(
    now: float, user_id: str | None, event_name: str | None, revenue: Revenue | None, max_age: int
) -> Claim:
    """A claim.

    :raises ValueError: it claims nothing, is for longer than a week, or revenue of any event.
    """
    if not 0 < max_age <= WEEK:
        raise ValueError(f"max_age must be seconds, at most {WEEK}, which is a week")
    if user_id is None and revenue is None:
        raise ValueError("a claim needs a user_id or a revenue")
    if revenue is None:
        return Claim(int(now) + max_age, user_id, event_name)
    if event_name is None:
        raise ValueError("a claim of revenue needs the event_name that it is for")
    # Random: who can guess the ids of our own events could send theirs before them.
    amount = str(revenue.amount), revenue.currency
    return Claim(int(now) + max_age, user_id, event_name, amount, str(uuid4()))


def sign(claim: Claim, keys: Sequence[bytes]) -> str:
    """A claim as text; the last key signs."""
    signed = _serializer(keys).dumps(msgspec.to_builtins(claim))
    return signed.decode() if isinstance(signed, bytes) else signed


def read(text: Any, keys: Sequence[bytes], now: float) -> Claim | None:
    """The claim of a text; None: it is none of ours, was changed, or has ended."""
    if not keys or not isinstance(text, str) or len(text) > MAX_LENGTH:
        return None
    try:
        claim = msgspec.convert(_serializer(keys).loads(text), Claim)
    except (BadSignature, msgspec.ValidationError):
        return None
    return claim if now <= claim.until else None


def keys(secret: str | bytes | None, older: Sequence[str | bytes] | None) -> list[bytes]:
    """The keys of an application, the one that signs last; none: it has none."""
    found = [*(older or ()), secret] if secret else []
    return [key.encode() if isinstance(key, str) else key for key in found]


def _serializer(keys: Sequence[bytes]) -> URLSafeSerializer:
    return URLSafeSerializer(
        keys,
        salt="flask_analytics.claim",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
