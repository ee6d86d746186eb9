"""What the shop sells. A real shop asks its database; this one knows its few things by heart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

#: All prices are in this currency (ISO 4217).
CURRENCY = "EUR"


@dataclass(frozen=True)
class Product:
    """One thing on the shelf. Its picture is ``static/pictures/<slug>.svg``."""

    slug: str
    name: str
    price: Decimal
    summary: str
    description: str
    #: The colour behind its picture; ``static/shop.css`` knows the names.
    tile: str


PRODUCTS = (
    Product(
        slug="field-notebook",
        name="Field notebook",
        price=Decimal("14.50"),
        summary="96 dotted pages that open flat",
        description=(
            "Thread-sewn, so it lies flat on any page. The cover takes a summer of back pockets, "
            "the paper takes fountain pen ink without a shadow on the other side."
        ),
        tile="sage",
    ),
    Product(
        slug="brass-fountain-pen",
        name="Brass fountain pen",
        price=Decimal("48.00"),
        summary="Turned from one rod, medium nib",
        description=(
            "Heavy enough to write by itself. Bare brass darkens where you hold it, so after a "
            "year no two of these pens look alike. Takes cartridges or the converter inside."
        ),
        tile="blue",
    ),
    Product(
        slug="royal-blue-ink",
        name="Royal blue ink",
        price=Decimal("9.80"),
        summary="50 ml, washes out of shirts",
        description=(
            "The blue of school exercise books. It dries in five seconds, starts after a week "
            "in the pen, and leaves cotton at forty degrees."
        ),
        tile="rose",
    ),
    Product(
        slug="soft-pencils",
        name="Soft pencils",
        price=Decimal("6.60"),
        summary="Three of them: 2B, 4B and 6B",
        description=(
            "Cedar, sharpened by hand before they leave. For shading, for thinking, and for "
            "everything that will be rubbed out tomorrow."
        ),
        tile="grey",
    ),
    Product(
        slug="laid-envelopes",
        name="Laid envelopes",
        price=Decimal("7.20"),
        summary="Twelve, with a gummed flap",
        description=(
            "Laid paper has fine ribs that you feel before you see them. For a sheet of A5 "
            "folded once, or for a letter that should be opened slowly."
        ),
        tile="manila",
    ),
    Product(
        slug="paper-scissors",
        name="Paper scissors",
        price=Decimal("18.90"),
        summary="Forged steel, 20 cm",
        description=(
            "Long blades for long straight cuts. They can be sharpened, and the screw can be "
            "tightened: both will be needed in about ten years."
        ),
        tile="rose",
    ),
    Product(
        slug="beech-ruler",
        name="Beech ruler",
        price=Decimal("5.40"),
        summary="30 cm with a steel edge",
        description=(
            "A knife follows the steel edge, a pencil the wooden one. The millimetres are "
            "burnt in, not printed, and stay readable."
        ),
        tile="blue",
    ),
    Product(
        slug="paper-clips",
        name="Paper clips",
        price=Decimal("3.90"),
        summary="A hundred, in three colours",
        description=(
            "Coated wire that does not rust on what you want to keep. A hundred last longer "
            "than one thinks, or shorter."
        ),
        tile="sage",
    ),
)


def find(slug: str) -> Product | None:
    """The product of this slug, if there is one."""
    return next((product for product in PRODUCTS if product.slug == slug), None)


def search(query: str) -> list[Product]:
    """The products whose name or texts have every word of the query, or a word that begins so."""
    words = query.lower().split()
    return [product for product in PRODUCTS if _has(product, words)]


def _has(product: Product, wanted: list[str]) -> bool:
    text = f"{product.name} {product.summary} {product.description}".lower()
    words = re.findall(r"\w+", text)
    return all(any(word.startswith(beginning) for word in words) for beginning in wanted)
