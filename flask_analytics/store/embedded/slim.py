"""What the store itself needs to know of an event; the rest of its JSON is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from ...metrics.facts import known_traits
from ...metrics.window import micros


class Slim(msgspec.Struct, gc=False):
    """An event that arrives. The names are those of the wire."""

    message_id: str
    type: str
    timestamp: datetime
    source: str
    user_id: str | None = None
    anonymous_id: str | None = None
    client_ip: str | None = None
    user_agent: str | None = None
    view_id: str | None = None
    previous_id: str | None = None
    traits: dict[str, Any] | None = None
    group_id: str | None = None

    @property
    def ts(self) -> int:
        """Microseconds since the epoch."""
        return micros(self.timestamp)

    @property
    def known_traits(self) -> Mapping[str, Any]:
        """What it tells about its person."""
        return known_traits(self.type, self.traits, self.group_id)

    @property
    def is_view(self) -> bool:
        """Is it a page view that may have a twin of the other channel?"""
        return bool(self.view_id) and self.type == "pageview"


decode = msgspec.json.Decoder(Slim).decode


def without_ip(body: bytes, slim: Slim) -> bytes:
    """The body as it is kept: nobody's address in it."""
    if slim.client_ip is None:
        return body
    # Quotes inside of a text are escaped, so this is the field itself, the outermost one first.
    field = b',"client_ip":' + msgspec.json.encode(slim.client_ip)
    cut = body.replace(field, b"", 1)
    if decode(cut).client_ip is None:
        return cut
    event = msgspec.json.decode(body)
    del event["client_ip"]
    return msgspec.json.encode(event)
