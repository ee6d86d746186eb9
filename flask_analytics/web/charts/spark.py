"""A sparkline: how a figure went, without numbers."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from .element import element, number
from .line import path
from .scale import shares

#: Its box, stretched to the place it has.
WIDTH, HEIGHT = 100, 28


def spark(values: Sequence[float]) -> Markup:
    """A small line with its area. Only to be seen: the figure beside it says what counts."""
    if len(values) < 2:
        return Markup("")
    step = WIDTH / (len(values) - 1)
    points = [
        (nth * step, 2 + (HEIGHT - 4) * (1 - share))
        for nth, share in enumerate(shares(values, max(values)))
    ]
    filled = f"{path(points)}L{number(WIDTH)} {HEIGHT}L0 {HEIGHT}Z"
    return element(
        "svg", element("path", d=filled, class_="fa-fill"),
        element("path", d=path(points), class_="fa-stroke fa-area"),
        viewBox=f"0 0 {WIDTH} {HEIGHT}", preserveAspectRatio="none", class_="fa-spark",
        aria_hidden="true",
    )  # fmt: skip
