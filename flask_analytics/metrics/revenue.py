"""Revenue: exact sums, each currency apart."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from .filters import Scope
from .window import Range


class Revenues(msgspec.Struct, frozen=True, kw_only=True):
    """Counted events with revenue, summed for each currency; refunds are negative. Answered by a
    tuple of ``Sum``, by currency.

    :param event: only events of this name.
    """

    range: Range
    scope: Scope = Scope()
    event: str | None = None


class Sum(msgspec.Struct, frozen=True):
    """All revenue in one ISO 4217 currency, without trailing zeros, and its events."""

    currency: str
    amount: Decimal
    count: int
