"""Words to write a history by hand: all in March 2026, which begins on a Sunday.

Events come by the API unless told otherwise, so that they need no user agent to count.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from flask_analytics.event import Event, EventType, Revenue, Source, encode
from flask_analytics.metrics.filters import Scope, parse
from flask_analytics.metrics.volume import Volume
from flask_analytics.metrics.window import Bucket, Range, read
from flask_analytics.store.base import Store

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/16.6 Mobile/15E148 Safari/604.1"
)
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

_numbers = count(1)


def at(text: str) -> datetime:
    """``9:30`` or ``09:30:00.5`` on the 2nd of March, a Monday; ``14 9:30`` on the 14th. UTC."""
    day, _, clock = text.rpartition(" ")
    hours, minutes, *seconds = clock.split(":")
    return datetime(2026, 3, int(day or 2), tzinfo=UTC) + timedelta(
        hours=int(hours), minutes=int(minutes), seconds=float(seconds[0]) if seconds else 0
    )


def event(
    when: str | datetime,
    name: str | None = None,
    user: str | None = None,
    visitor: str | None = None,
    **fields: Any,
) -> bytes:
    """Something that happened; message ids rise with the lines of the tale."""
    fields = {"message_id": f"m{next(_numbers):06}", "source": Source.API, **fields}
    revenue = fields.get("revenue")
    if isinstance(revenue, str):  # "29.99 EUR"
        fields["revenue"] = Revenue.of(*revenue.split())
    moment = at(when) if isinstance(when, str) else when
    return encode(
        Event(event_name=name, timestamp=moment, user_id=user, anonymous_id=visitor, **fields)
    )


def view(when: str | datetime, user: str | None = None, **fields: Any) -> bytes:
    """A page view."""
    return event(when, user=user, **{"type": EventType.PAGEVIEW, **fields})


def identify(when: str, user: str | None, traits: dict[str, Any], **fields: Any) -> bytes:
    return event(when, user=user, type=EventType.IDENTIFY, traits=traits, **fields)


def alias(when: str, previous: str, user: str, **fields: Any) -> bytes:
    return event(when, user=user, type=EventType.ALIAS, previous_id=previous, **fields)


def days(first: int = 2, last: int | None = None, tz: str = "UTC") -> Range:
    """Local days of March, both included."""
    end = date(2026, 3, last or first) + timedelta(days=1)
    return read(f"2026-03-{first:02}", end.isoformat(), tz, at("31 12:00"))


#: All of the tale.
MARCH = days(1, 31)


def where(*filters: str, source: str | None = None, bots: bool = False) -> Scope:
    """A scope of written filters."""
    return Scope(filters=tuple(map(parse, filters)), source=source and str(source), bots=bots)


def total(store: Store, name: str | None = None, scope: Scope | None = None) -> int:
    """Counted events in March."""
    asked = Volume(range=MARCH, event=name, scope=scope or Scope(), bucket=Bucket.MONTH)
    return sum(point.count for point in store.answer(asked))


def walk(user: str | None, *times: str, **fields: Any) -> list[bytes]:
    """``a@9:00`` and so on."""
    pairs = (text.split("@") for text in times)
    return [event(when, name, user, **fields) for name, when in pairs]
