"""Every page in Chromium: accessible (WCAG 2.2 AA), within the window, nothing blocked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import PAGES, Open

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

#: A phone, a tablet, a wide window.
WIDTHS = (390, 820, 1440)


def violations(page: Any, axe: str) -> list[str]:
    page.evaluate(axe)
    run = "(rules) => axe.run({runOnly: {type: 'tag', values: rules}})"
    found = page.evaluate(run, RULES)["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0].get('failureSummary')}"
            for one in found]  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible(visit: Open, axe: str, name: str) -> None:
    """axe-core finds nothing: in light, in dark, with every menu closed and with every one open."""
    page = visit(PAGES[name], color_scheme="light")

    assert violations(page, axe) == []
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert violations(page, axe) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, axe) == []


@pytest.mark.parametrize("name", PAGES)
def test_page_fits(visit: Open, pictures: Path | None, name: str) -> None:
    """At three widths nothing makes the page scroll sideways."""
    page = visit(PAGES[name])
    for width in WIDTHS:
        for scheme in ("light", "dark") if pictures else ("light",):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            if pictures:
                page.screenshot(path=pictures / f"{name}-{width}-{scheme}.png", full_page=True)


#: Left and right of each bar; then of each text, and how far it runs over.
BARS = """() => [...document.querySelectorAll(".fa-steps .fa-bar")].map((one) => {
  const { left, right } = one.getBoundingClientRect();
  return [left, right];
})"""
TEXTS = """() => [...document.querySelectorAll(".onward")].map((one) => {
  const { left, right } = one.getBoundingClientRect();
  return [left, right, one.scrollWidth - one.clientWidth];
})"""


@pytest.mark.parametrize("width", WIDTHS)
def test_what_became_of_people_stands_between_the_bars(visit: Open, width: int) -> None:
    """Share, time and drop-off from a step to the next: over neither bar, whatever the width."""
    page = visit(PAGES["funnel"], viewport={"width": width, "height": 900})

    bars, texts = page.evaluate(BARS), page.evaluate(TEXTS)

    assert "half within" in page.locator(".onward").first.inner_text()
    assert len(texts) == len(bars) - 1 == 2
    for (_, before), (after, _), (left, right, over) in zip(bars, bars[1:], texts, strict=False):
        assert before - 1 <= left < right <= after + 1
        assert over <= 0


def test_closed_page_is_accessible(visit: Open, axe: str, shop: Any) -> None:
    """Who may not read can read that."""
    callbacks = shop.app.extensions["analytics"].callbacks
    opened, callbacks.access = callbacks.access, None
    try:
        page = visit()
        assert "The dashboard is closed" in page.inner_text("h1")
        assert violations(page, axe) == []
    finally:
        callbacks.access = opened
