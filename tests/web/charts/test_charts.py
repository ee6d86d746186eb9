"""Charts: values in, SVG out."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_analytics.web.charts.bars import bars, share
from flask_analytics.web.charts.chart import BOTTOM, TOP, Chart, Series
from flask_analytics.web.charts.element import element
from flask_analytics.web.charts.heat import SHADES, shade
from flask_analytics.web.charts.line import line
from flask_analytics.web.charts.scale import spread, ticks
from flask_analytics.web.charts.spark import spark
from flask_analytics.web.charts.steps import steps

HOSTILE = "\"'><script>alert(1)</script>&"

values = st.lists(st.integers(0, 10**12) | st.floats(0, 10**9), max_size=40)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def chart(*numbers: float, **options: object) -> Chart:
    labels = [f"day {nth}" for nth in range(len(numbers))]
    return Chart("Visitors", labels, [Series("Visitors", numbers)], **options)  # type: ignore[arg-type]


@given(values)
def test_every_series_is_a_drawing(numbers: list[float]) -> None:
    """Whatever the values are, none at all too: well-formed, and no number that is none."""
    for svg in (line(chart(*numbers)), bars(chart(*numbers)), spark(numbers)):
        assert "nan" not in svg
        assert "inf" not in svg
        if svg:
            parsed(svg)


@given(st.floats(0, 1e15), st.integers(1, 8), st.booleans())
def test_ticks_hold_every_value(most: float, count: int, whole: bool) -> None:
    """From 0 to what is not below the largest, and not many more than were asked for."""
    found = ticks(most, count, whole=whole)

    assert found[0] == 0
    assert found[-1] >= most
    assert 2 <= len(found) <= 2 * count + 2


def test_ticks_are_round() -> None:
    """Numbers that people count in."""
    assert ticks(305) == [0, 100, 200, 300, 400]
    assert ticks(3) == [0, 1, 2, 3]
    assert ticks(0) == [0, 1]


def test_nobody_is_counted_by_halves() -> None:
    """The first visitor of a new application is one, not four quarters."""
    assert ticks(1, whole=True) == [0, 1]
    assert ticks(10, whole=True) == [0, 5, 10]
    assert chart(0, 1).steps == [0, 1]
    assert chart(0, 0.5).steps == pytest.approx([0, 0.2, 0.4, 0.6])


def test_a_value_is_as_high_as_it_is_large() -> None:
    """Zero is on the floor, the top tick under the roof."""
    drawn = chart(0, 2, 4, height=TOP + BOTTOM + 100)

    assert drawn.heights(drawn.series[0]) == [TOP + 100, TOP + 50, TOP]


def test_text_is_escaped_everywhere() -> None:
    """Titles, labels, names of series and attributes."""
    hostile = Chart(HOSTILE, [HOSTILE, "b"], [Series(HOSTILE, [1, 2])], [HOSTILE, "b"])

    for svg in (line(hostile), bars(hostile), steps(HOSTILE, [2, 1]), element("a", HOSTILE)):
        assert "<script" not in svg
        parsed(svg)
    assert "\"'" not in element("a", title=HOSTILE)


def test_no_style_of_its_own() -> None:
    """A strict Content-Security-Policy forbids style attributes, which would be lost unseen."""
    for svg in (line(chart(1, 2)), bars(chart(1, 2)), spark([1, 2]), share(1, 2), steps("x", [1])):
        assert "style=" not in svg


def test_those_who_cannot_see_it_are_told() -> None:
    """The name of the image says the range of each series."""
    root = parsed(line(chart(3, 1, 2)))

    assert root.get("role") == "img"
    assert root.get("aria-label") == "Visitors. Visitors: 1 to 3."


def test_each_place_can_be_pointed_at() -> None:
    """One group for each value, with its name and number, also without a script."""
    root = parsed(line(Chart("x", ["1", "2"], [Series("Now", [5, 7])], ["First", "Second"])))

    places = [node for node in root if node.get("class") == "fa-at"]
    assert ["".join(place.itertext()) for place in places] == ["First  Now 5", "Second  Now 7"]


@pytest.mark.parametrize(
    ("share_of_one", "expected"),
    [(None, "none"), (0, "0"), (0.001, "1"), (0.5, "5"), (1, str(SHADES)), (2, str(SHADES))],
)
def test_shades(share_of_one: float | None, expected: str) -> None:
    """Nothing and zero differ, and the smallest share can be seen."""
    assert shade(share_of_one) == f"fa-heat-{expected}"


def test_labels_are_few() -> None:
    """A year of days has no 365 labels."""
    assert spread(365, 8)[:3] == [0, 46, 92]
    assert len(spread(365, 8)) <= 8
    assert spread(3, 8) == [0, 1, 2]


def test_steps_tell_their_shares() -> None:
    """Also where nobody came."""
    assert parsed(steps("Funnel", [10, 5])).get("aria-label") == (
        "Funnel: step 1 10 (100%), step 2 5 (50%)"
    )
    assert "step 1 0 (0%)" in steps("Funnel", [0, 0])


def test_a_share_is_never_longer_than_its_row() -> None:
    """Nor shorter than nothing."""
    assert 'width="100%"' in share(5, 2)
    assert 'width="0%"' in share(-1, 2)
    assert 'width="0%"' in share(1, 0)
