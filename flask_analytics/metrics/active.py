"""Active users: distinct people, at once or as a series (DAU, WAU, MAU)."""

from __future__ import annotations

import msgspec

from .filters import Scope
from .volume import Point
from .window import Bucket, Range

#: Days that a rolling point may look back.
MAX_ROLLING = 366


class ActiveUsers(msgspec.Struct, frozen=True, kw_only=True):
    """Distinct people with a counted event. Answered by ``ActiveAnswer``.

    :param interval: also a series: each point counts the people active in the ``rolling`` local
        days that end with the end of its bucket, also those before the range begins (1: DAU,
        7: WAU, 30: MAU). With hours these are the 24 hours times ``rolling`` before. What is not
        before the range's end never counts.
    """

    range: Range
    scope: Scope = Scope()
    event: str | None = None
    interval: Bucket | None = None
    rolling: int = 1


class ActiveAnswer(msgspec.Struct, frozen=True):
    """Distinct people of the whole range, and the series."""

    people: int
    series: tuple[Point, ...] = ()
