"""What a chart of a series shows, and the frame that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from .element import element, number, percent
from .scale import shares, spread, ticks

#: Labels below the chart; a phone shows every second one.
MAX_LABELS = 8

#: Pixels above the highest value, and below the lowest, where the labels are.
TOP, BOTTOM = 26, 24


@dataclass(frozen=True)
class Series:
    """Values under one name; ``kind`` is ``area``, ``line``, ``before`` (dashed) or ``bar``."""

    name: str
    values: Sequence[float]
    kind: str = "area"


@dataclass(frozen=True)
class Chart:
    """Series over the same places.

    :param title: what it is, one sentence, for those who cannot see it.
    :param labels: a short text for each place, for the axis.
    :param names: a long one, for the place that somebody points at; default: the short ones.
    :param write: a value as text.
    :param height: pixels. The width is that of the page.
    """

    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    names: Sequence[str] = ()
    write: Callable[[float], str] = field(default=number)
    height: int = 240

    @property
    def steps(self) -> list[float]:
        """Round values for the axis, from 0 to one that nothing exceeds."""
        values = [value for one in self.series for value in one.values]
        whole = all(float(value).is_integer() for value in values)
        return ticks(max(values, default=0.0), whole=whole)

    def heights(self, series: Series) -> list[float]:
        """The y of each value, in pixels from above."""
        room = self.height - TOP - BOTTOM
        return [TOP + room * (1 - share) for share in shares(series.values, self.steps[-1])]

    def told(self) -> str:
        """The chart in words: the range of each series."""
        return " ".join(
            f"{one.name}: {self.write(min(one.values))} to {self.write(max(one.values))}."
            for one in self.series
            if one.values
        )


def frame(chart: Chart, marks: Markup, places: Markup, kind: str) -> Markup:
    """The whole drawing.

    Its width is free, so x is in percent; ``marks`` are drawn in a box of 100 by the height,
    which is stretched.
    """
    stretched = element(
        "svg", marks, viewBox=f"0 0 100 {chart.height}", preserveAspectRatio="none",
        width="100%", height="100%", class_="fa-marks",
    )  # fmt: skip
    return element(
        "svg", element("title", chart.title), element("desc", chart.told()), _grid(chart),
        stretched, _labels(chart, kind), places,
        class_=f"fa-chart fa-{kind}", role="img", width="100%", height=chart.height,
        aria_label=f"{chart.title}. {chart.told()}",
    )  # fmt: skip


def _grid(chart: Chart) -> Markup:
    steps, lines = chart.steps, Markup("")
    for value, y in zip(steps, chart.heights(Series("", steps)), strict=True):
        lines += element("line", x1="0", x2="100%", y1=y, y2=y, class_="fa-grid")
        if value:
            lines += element("text", chart.write(value), x="0", y=y - 5, class_="fa-tick")
    return lines


def _labels(chart: Chart, kind: str) -> Markup:
    count, found = len(chart.labels), Markup("")
    for nth, place in enumerate(spread(count, MAX_LABELS)):
        share = position(place, count, kind)
        anchor = "start" if share < 0.04 else "end" if share > 0.96 else "middle"
        found += element(
            "text", chart.labels[place], x=percent(share), y=chart.height - 6,
            text_anchor=anchor, class_="fa-label fa-odd" if nth % 2 else "fa-label",
        )  # fmt: skip
    return found


def position(place: int, count: int, kind: str) -> float:
    """Where a place is, as a share of the width: bars stand in theirs, lines run to the edges."""
    if kind == "bars":
        return (place + 0.5) / count
    return place / (count - 1) if count > 1 else 0.5


def places(chart: Chart, kind: str) -> Markup:
    """For each place what appears when somebody points at it: no script is needed."""
    count, found = len(chart.labels), Markup("")
    tops = [chart.heights(one) for one in chart.series]
    for place in range(count):
        share = position(place, count, kind)
        found += element(
            "g", _hit(place, count, kind), _cursor(chart, share, kind),
            *(_dot(share, top[place], one) for top, one in zip(tops, chart.series, strict=True)
              if place < len(top)),
            _note(chart, place, share), class_="fa-at",
        )  # fmt: skip
    return found


def _hit(place: int, count: int, kind: str) -> Markup:
    width = 1 / count if kind == "bars" or count < 2 else 1 / (count - 1)
    left = position(place, count, kind) - width / 2
    return element("rect", x=percent(left), y="0", width=percent(width), height="100%")


def _cursor(chart: Chart, share: float, kind: str) -> Markup | str:
    if kind == "bars":
        return ""
    x = percent(share)
    return element("line", x1=x, x2=x, y1=TOP - 6, y2=chart.height - BOTTOM)


def _dot(share: float, top: float, series: Series) -> Markup | str:
    if series.kind == "bar":
        return ""
    return element("circle", cx=percent(share), cy=top, r="3.5", class_=f"fa-dot-{series.kind}")


def _note(chart: Chart, place: int, share: float) -> Markup:
    """On the side where there is room for it."""
    values = [
        f"{one.name} {chart.write(one.values[place])}"
        for one in chart.series
        if place < len(one.values)
    ]
    name = (chart.names or chart.labels)[place]
    is_right = share > 0.5
    return element(
        "text", element("tspan", name, class_="fa-when"), f"  {' · '.join(values)}",
        x=percent(share), dx="-8" if is_right else "8", y="14",
        text_anchor="end" if is_right else "start", class_="fa-note",
    )  # fmt: skip
