"""Revenue: exact sums, each currency apart."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext

import msgspec

from ..event import currencies
from .filters import Scope
from .window import Bucket, Range


class Revenues(msgspec.Struct, frozen=True, kw_only=True):
    """Counted events with revenue, summed for each currency; refunds are negative. Answered by a
    tuple of ``Sum``, by currency.

    :param event: only events of this name.
    :param interval: also the sums of each bucket.
    """

    range: Range
    scope: Scope = Scope()
    event: str | None = None
    interval: Bucket | None = None


class Amount(msgspec.Struct, frozen=True):
    """One bucket of a currency: ``time`` is when it starts, as of ``volume.Point``. Empty ones
    too."""

    time: str
    amount: Decimal
    count: int


class Sum(msgspec.Struct, frozen=True, omit_defaults=True):
    """All revenue in one ISO 4217 currency, with as many digits after the point as amounts in it
    have (``20.20`` EUR), or more where they are needed; its events; and, with an ``interval``, the
    same of each bucket."""

    currency: str
    amount: Decimal
    count: int
    series: tuple[Amount, ...] = ()


#: Digits of a sum: those of an amount, and of a count of events.
_SUM_DIGITS = 60


def total(currency: str, amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum of amounts in a currency, as people write it."""
    with localcontext(prec=_SUM_DIGITS):
        exact = sum(amounts, Decimal()).normalize()
        digits = currencies().get(currency, 0)
        if -int(exact.as_tuple().exponent) < digits:
            exact = exact.quantize(Decimal(1).scaleb(-digits))
        return Decimal(format(exact, "f")) if exact else Decimal(format(abs(exact), "f"))
