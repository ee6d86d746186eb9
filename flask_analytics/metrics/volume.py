"""Volume: how many events, in each bucket of time."""

from __future__ import annotations

import msgspec

from .filters import Scope
from .window import Bucket, Range


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """Counted events in each bucket that touches the range. Answered by a tuple of ``Point``.

    :param event: only events of this name; None: all but identify, group and alias.
    """

    range: Range
    scope: Scope = Scope()
    event: str | None = None
    bucket: Bucket = Bucket.DAY


class Point(msgspec.Struct, frozen=True):
    """One bucket: ``time`` is when it starts, ISO 8601 with the zone's offset. Empty ones too."""

    time: str
    count: int
