"""The steps of a funnel as bars, with what is lost between them."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from .element import element, number, percent

#: Pixels of the drawing.
HEIGHT = 200


def steps(title: str, counts: Sequence[int]) -> Markup:
    """One bar for each step, as high as its share of the first; the gap to the next is shaded.

    The words and numbers are beside it, in the page.
    """
    most, count = max([*counts, 1]), max(len(counts), 1)
    marks = Markup("")
    for nth, people in enumerate(counts):
        marks += _bar(nth, count, people / most)
        if nth + 1 < count:
            marks += _fall(nth, count, people / most, counts[nth + 1] / most)
    return element(
        "svg", element("title", title), marks, viewBox=f"0 0 100 {HEIGHT}",
        preserveAspectRatio="none", width="100%", height=HEIGHT, class_="fa-chart fa-steps",
        role="img", aria_label=f"{title}: {_told(counts)}",
    )  # fmt: skip


def _bar(nth: int, count: int, share: float) -> Markup:
    width = 100 / count
    whole = element(
        "rect", x=nth * width, width=width * 0.6, y="0", height=HEIGHT, class_="fa-step-all"
    )
    top = HEIGHT * (1 - share)
    return whole + element(
        "rect", x=nth * width, width=width * 0.6, y=top, height=HEIGHT - top, class_="fa-bar"
    )


def _fall(nth: int, count: int, share: float, following: float) -> Markup:
    width = 100 / count
    left, right = (nth + 0.6) * width, (nth + 1) * width
    points = (
        (left, HEIGHT * (1 - share)),
        (right, HEIGHT * (1 - following)),
        (right, float(HEIGHT)),
        (left, float(HEIGHT)),
    )
    told = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return element("polygon", points=told, class_="fa-fall")


def _told(counts: Sequence[int]) -> str:
    first = counts[0] if counts and counts[0] else 0
    return ", ".join(
        f"step {nth} {people} ({percent(people / first) if first else '0%'})"
        for nth, people in enumerate(counts, 1)
    )
