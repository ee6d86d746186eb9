"""A series of answers as a chart, with that of the period before beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ...metrics.volume import Point
from ...metrics.window import Bucket
from ..charts.bars import bars
from ..charts.chart import Chart, Series
from ..charts.line import line
from .desk import Asked, Desk
from .figures import NONE


@dataclass(frozen=True)
class Height:
    """A point of what is no count."""

    time: str
    count: float


Points = Sequence[Point] | Sequence[Height]


@dataclass(frozen=True)
class Drawn:
    """A chart and what stands in the table behind it."""

    svg: Markup
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    csv: str


def draw(
    desk: Desk,
    title: str,
    name: str,
    asked: Asked,
    points: Points,
    before: Points | None = None,
    write: Callable[[float], str] | None = None,
    kind: str = "line",
) -> Drawn:
    """A chart of points.

    :param name: what is counted.
    :param before: the points of the period before, place by place.
    :param write: a value as text; default: a count, short in the chart, whole in the table.
    """
    bucket = Bucket(getattr(asked.question, "bucket", None) or desk.report.bucket)
    labels = [desk.times.label(point.time, bucket) for point in points]
    names = [desk.times.name(point.time, bucket) for point in points]
    series = [Series(name, [point.count for point in points], "bar" if kind == "bars" else "area")]
    if before and kind == "line":
        counts = [point.count for point in before][: len(points)]
        series.append(Series("before", counts, "before"))
    chart = Chart(title, labels, series, names, write or desk.figures.short)
    svg = bars(chart) if kind == "bars" else line(chart)
    rows = _rows(write or desk.figures.count, names, series)
    return Drawn(svg, _columns(name, series), rows, asked.csv)


def _columns(name: str, series: Sequence[Series]) -> tuple[str, ...]:
    return ("When", name, "Period before") if len(series) > 1 else ("When", name)


def _rows(
    write: Callable[[float], str], names: list[str], series: Sequence[Series]
) -> list[tuple[str, ...]]:
    columns = [[write(value) for value in one.values] for one in series]
    return [
        (name, *(column[place] if place < len(column) else NONE for column in columns))
        for place, name in enumerate(names)
    ]
