"""The newest events, as they came: no question of ``metrics``, but a look into the log.

It is read backwards in pieces that grow, and never more than so much of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from ...event import Event, decode
from ...metrics import facts
from ...metrics.window import Range
from ...store.base import Store

#: Pieces, each so much before the one after it.
_PIECES = (
    timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6),
    timedelta(days=1), timedelta(days=7), timedelta(days=30),
)  # fmt: skip

#: Events that one look may pass over; some 0.5 seconds of computing.
MOST = 20_000


class Recent(NamedTuple):
    """Which events: those from ``start`` to ``end``, of a name if one is given."""

    end: datetime
    start: datetime
    limit: int = 50
    event: str | None = None
    #: A part of the name, in small letters.
    like: str = ""
    #: Those of bots, too.
    bots: bool = False


def newest(store: Store, wanted: Recent) -> list[Event]:
    """The newest events, the newest first. For ``Desk.do``."""
    found: list[Event] = []
    left = MOST
    for span in _spans(wanted):
        kept: deque[Event] = deque(maxlen=wanted.limit - len(found))
        for body in store.events(span):
            left -= 1
            if left < 0:
                return found
            if (event := _matching(body, wanted)) is not None:
                kept.append(event)
        found += reversed(kept)
        if len(found) >= wanted.limit:
            break
    return found


def _spans(wanted: Recent) -> Iterator[Range]:
    end = wanted.end
    for piece in _PIECES:
        start = max(end - piece, wanted.start)
        if start >= end:
            return
        yield Range(start, end)
        end = start


def _matching(body: bytes, wanted: Recent) -> Event | None:
    """The event, if it is wanted. Most are told by their bytes, without being read."""
    name = wanted.event
    if name is not None and name.isascii() and name.isalnum() and name.encode() not in body:
        return None
    event = decode(body)
    if (name is not None and event.name != name) or wanted.like not in event.name.casefold():
        return None
    is_bot = not wanted.bots and facts.is_bot(event.user_agent, event.source, event.context)
    return None if is_bot else event


def properties(events: Iterable[Event], most: int) -> list[str]:
    """Names of properties, those of the most events first."""
    counts: dict[str, int] = {}
    for event in events:
        for name, value in event.properties.items():
            if isinstance(value, (str, int, float, bool)):
                counts[name] = counts.get(name, 0) + 1
    return sorted(counts, key=lambda name: (-counts[name], name))[:most]
