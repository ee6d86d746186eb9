"""The cart: what a visitor wants to buy, kept in their session."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .catalogue import Product, find

#: Of one product; more would be a call, not a click.
MOST = 9


@dataclass(frozen=True)
class Line:
    """A product in the cart, and how many of it."""

    product: Product
    quantity: int

    @property
    def total(self) -> Decimal:
        """What this line costs."""
        return self.product.price * self.quantity


class Cart:
    """The cart of one visitor.

    The session holds slugs and quantities only: prices are always those of the catalogue.

    :param session: Flask's session.
    """

    def __init__(self, session: MutableMapping[str, Any]) -> None:
        self._session = session

    def add(self, product: Product, quantity: int) -> None:
        """Put a product in, ``MOST`` of it at the most."""
        count = self._quantities.get(product.slug, 0) + quantity
        # A new dict, because Flask does not see a change inside the old one.
        self._session["cart"] = {**self._quantities, product.slug: min(count, MOST)}

    def remove(self, product: Product) -> None:
        """Take a product out, all of it."""
        rest = {slug: n for slug, n in self._quantities.items() if slug != product.slug}
        self._session["cart"] = rest

    def clear(self) -> None:
        """Take everything out."""
        self._session.pop("cart", None)

    @property
    def lines(self) -> list[Line]:
        """What is in it. What the shop sells no more is left out."""
        found = ((find(slug), quantity) for slug, quantity in self._quantities.items())
        return [Line(product, quantity) for product, quantity in found if product]

    @property
    def count(self) -> int:
        """How many things are in it."""
        return sum(line.quantity for line in self.lines)

    @property
    def total(self) -> Decimal:
        """What all of it costs."""
        return sum((line.total for line in self.lines), Decimal(0))

    @property
    def _quantities(self) -> dict[str, int]:
        quantities: dict[str, int] = self._session.get("cart", {})
        return quantities
