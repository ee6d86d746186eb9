"""How dark a cell of a heat table is."""

from __future__ import annotations

#: Shades beyond the empty one; ``fa-heat-0`` to ``fa-heat-10`` in the stylesheet.
SHADES = 10


def shade(share: float | None) -> str:
    """The class of a cell for a share of 1; None: there is nothing to show."""
    if share is None:
        return "fa-heat-none"
    return f"fa-heat-{min(max(round(share * SHADES), 1 if share > 0 else 0), SHADES)}"
