"""The messages of Segment's clients, and what they are answered, as types.

https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/ says what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from ..event import MAX_EVENT_BYTES, EventType
from .batch import MAX_BATCH, MAX_EVENTS, Id, MessageId

#: What each call becomes.
TYPES: Mapping[str, EventType] = MappingProxyType(
    {
        "track": EventType.CUSTOM,
        "identify": EventType.IDENTIFY,
        "page": EventType.PAGEVIEW,
        "screen": EventType.PAGEVIEW,
        "group": EventType.GROUP,
        "alias": EventType.ALIAS,
    }
)

#: Problem -> when, for the answers' `code`.
CODES: Mapping[str, str] = MappingProxyType(
    {
        "no_user_anon_id": "There is neither a userId nor an anonymousId.",
        "no_event": "A track call says no event.",
        "no_user_id": "An alias says no userId.",
        "no_previous_id": "An alias says no previousId.",
        "no_group_id": "A group call says no groupId.",
        "no_type": "A message of a batch says no type, or an unknown one.",
        "bad_timestamp": "No ISO 8601, before 1970, or beyond all calendars.",
        "bad_message_id": "Longer than 100 characters, or with blanks in it.",
        "too_large": f"More than {MAX_EVENT_BYTES} bytes.",
        "malformed": "A field is something else than it should be.",
    }
)


class Call(msgspec.Struct, rename="camel"):
    """One message; ``type`` is the route's where it is not in a batch. Others are ignored."""

    type: str | None = None
    user_id: Id | None = None
    anonymous_id: Id | None = None
    group_id: Id | None = None
    previous_id: Id | None = None
    message_id: MessageId | None = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None
    #: ISO 8601; without an offset it is UTC.
    timestamp: str | None = None
    original_timestamp: str | None = None
    #: When the client sent it, by its own clock.
    sent_at: str | None = None
    write_key: str | None = None


class Batch(msgspec.Struct, rename="camel"):
    """Several messages; ``context`` and ``integrations`` are those of messages without."""

    batch: list[Call]
    sent_at: str | None = None
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None
    write_key: str | None = None


class TakenNot(msgspec.Struct):
    """A message that was not taken: its place in the batch, which field, and why: for people, and
    as one of ``CODES``."""

    index: int
    field: str
    detail: str
    code: str


class Taken(msgspec.Struct, omit_defaults=True):
    """What became of a body. ``accepted`` and ``rejected`` are there where some were refused."""

    success: bool
    accepted: int = 0
    rejected: list[TakenNot] = []


#: Status, and when.
PROBLEMS: Mapping[int, str] = MappingProxyType(
    {
        400: "Nothing was taken: the body is wrong, or all of `rejected` are.",
        401: "The write key is missing or not known.",
        403: "There are no write keys, the page is of another origin, or analytics is off.",
        405: "Calls are sent by POST.",
        413: f"More than {MAX_BATCH} bytes or {MAX_EVENTS} messages, or a call of more than "
        f"{MAX_EVENT_BYTES} bytes.",
        415: "It is no JSON, or packed otherwise than by gzip.",
    }
)
