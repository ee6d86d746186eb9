"""Lines and areas over time."""

from __future__ import annotations

from markupsafe import Markup

from .chart import BOTTOM, Chart, Series, frame, places, position
from .element import element, number


def line(chart: Chart) -> Markup:
    """Each series as a line; an ``area`` is filled, a ``before`` is dashed."""
    marks = Markup("").join(_mark(chart, one) for one in reversed(chart.series))
    return frame(chart, marks, places(chart, "line"), "line")


def _mark(chart: Chart, series: Series) -> Markup:
    tops, count = chart.heights(series), len(chart.labels)
    points = [(position(place, count, "line") * 100, top) for place, top in enumerate(tops)]
    if len(points) == 1:  # a line needs two
        points = [(0.0, points[0][1]), (100.0, points[0][1])]
    drawn = element("path", d=path(points), class_=f"fa-stroke fa-{series.kind}")
    if series.kind != "area" or not points:
        return drawn
    floor = chart.height - BOTTOM
    filled = f"{path(points)}L{number(points[-1][0])} {floor}L{number(points[0][0])} {floor}Z"
    return element("path", d=filled, class_="fa-fill") + drawn


def path(points: list[tuple[float, float]]) -> str:
    """Straight from point to point."""
    return "".join(
        f"{'L' if nth else 'M'}{number(x)} {number(y)}" for nth, (x, y) in enumerate(points)
    )
