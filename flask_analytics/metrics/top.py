"""Top lists: events by name, one event's property by value, page views by what they tell.

All are ordered by count, descending, then by key, ascending by code point.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from .filters import Scope
from .window import Range

#: Rows of an answer.
MAX_LIMIT = 1000
DEFAULT_LIMIT = 10


class TopEvents(msgspec.Struct, frozen=True, kw_only=True):
    """Names of counted events. Answered by a tuple of ``Entry``.

    :param people: also the distinct people of each.
    """

    range: Range
    scope: Scope = Scope()
    limit: int = DEFAULT_LIMIT
    people: bool = False


class TopProperties(msgspec.Struct, frozen=True, kw_only=True):
    """Values of one property of one event, as text (see ``facts.text``): events that have the
    property. null, missing, lists and objects are no values; the number 5 and the text "5" are
    one key. Answered by a tuple of ``Entry``."""

    range: Range
    event: str
    property: str
    scope: Scope = Scope()
    limit: int = DEFAULT_LIMIT


class Dimension(StrEnum):
    """What page views can be grouped by. ``origin`` is where a visitor came from: ``utm_source``
    or ``ref`` or ``source`` of the URL, else the referrer's host."""

    PAGE = "page"
    ROUTE = "route"
    REFERRER = "referrer"
    ORIGIN = "origin"
    MEDIUM = "medium"
    CAMPAIGN = "campaign"
    COUNTRY = "country"
    DEVICE = "device"
    BROWSER = "browser"
    OS = "os"
    HOSTNAME = "hostname"
    LOCALE = "locale"
    GROUP = "group"


class Breakdown(msgspec.Struct, frozen=True, kw_only=True):
    """Counted page views (or events of the name ``event``) by a dimension; those that do not
    have it are left out. Answered by a tuple of ``Slice``."""

    range: Range
    dimension: Dimension
    scope: Scope = Scope()
    event: str | None = None
    limit: int = DEFAULT_LIMIT


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A key and its events; the distinct people of these, where they were asked for."""

    key: str
    count: int
    people: int | None = None


class Slice(msgspec.Struct, frozen=True):
    """A key, its events and the distinct people of these."""

    key: str
    count: int
    people: int
