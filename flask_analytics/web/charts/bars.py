"""Bars over time, and the bar behind a row of a table."""

from __future__ import annotations

from markupsafe import Markup

from .chart import BOTTOM, Chart, Series, frame, places
from .element import element, percent

#: The part of its place that a bar fills.
WIDTH = 0.74


def bars(chart: Chart) -> Markup:
    """One series as upright bars."""
    marks = Markup("").join(_bars(chart, one) for one in chart.series)
    return frame(chart, marks, places(chart, "bars"), "bars")


def _bars(chart: Chart, series: Series) -> Markup:
    floor, found = chart.height - BOTTOM, Markup("")
    each = 100 / max(len(chart.labels), 1)
    for place, top in enumerate(chart.heights(series)):
        if top < floor:
            left = (place + (1 - WIDTH) / 2) * each
            found += element(
                "rect", x=left, width=each * WIDTH, y=top, height=floor - top, class_="fa-bar"
            )
    return found


def share(value: float, most: float, kind: str = "row") -> Markup:
    """A lying bar that is as long as the value's share of the largest. Only to be seen: the number
    stands beside it."""
    part = min(max(value / most, 0.0), 1.0) if most > 0 else 0.0
    bar = element("rect", width=percent(part), height="100%", rx="3")
    return element("svg", bar, class_=f"fa-share fa-share-{kind}", aria_hidden="true")
