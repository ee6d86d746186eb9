"""How people use it: with a mouse, with keys alone, without JavaScript, and while things happen."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from flask_analytics import Event, EventType
from flask_analytics.event import Source

from .conftest import HOSTILE, Open, Shop

pytestmark = pytest.mark.browser

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def event(name: str, **fields: Any) -> Event:
    """An event of now."""
    told = {"source": Source.API, "user_id": "guest", "user_agent": FIREFOX, **fields}
    return Event(message_id=uuid4().hex, event_name=name, timestamp=datetime.now(UTC), **told)


def shown(page: Any, title: str) -> str:
    """The value of a card."""
    card = page.locator(".cards li", has=page.locator(".name", has_text=re.compile(f"^{title}$")))
    return str(card.locator(".value").inner_text().split("\n")[0].split(" ")[0])


def test_numbers_are_those_of_the_python_api(visit: Open, shop: Shop) -> None:
    """As Chromium shows them, in the zone of the browser."""
    page = visit("?days=7&filter=device%3Dmobile")
    own = {"tz": "Europe/Berlin", "filter": "device=mobile"}

    people = shop.ask(lambda metrics: metrics.active_users(**own)).people
    views = sum(point.count for point in shop.ask(lambda m: m.volume("pageview", **own)))
    assert shown(page, "Visitors") == f"{people:,}"
    assert shown(page, "Page views") == f"{views:,}"
    page.get_by_role("link", name="Page views").click()
    page.locator("summary", has_text="Data").click()
    rows = page.locator(".data tbody tr td:nth-child(2)").all_inner_texts()
    assert sum(int(row.replace(",", "")) for row in rows) == views


def test_keys_alone_are_enough(visit: Open) -> None:
    """Pages, ranges, a filter, the help, and along a chart."""
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the report"

    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard").wait_for()
    page.keyboard.press("Escape")

    page.keyboard.press("2")
    page.wait_for_url("**/analytics/?days=7")
    page.keyboard.press("f")
    page.keyboard.type("device")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("mobile")
    page.keyboard.press("Enter")
    page.wait_for_url("**/analytics/?days=7&filter=device%3Dmobile")

    page.locator("svg.fa-line").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert "Visitors" in page.locator("figure [role=status]").inner_text()

    page.keyboard.press("g")
    page.keyboard.press("e")
    page.wait_for_url("**/analytics/events?days=7&filter=device%3Dmobile")


def test_all_works_without_javascript(visit: Open, shop: Shop) -> None:
    """Filters, dates, a funnel, and forgetting somebody."""
    page = visit("?tz=UTC", java_script_enabled=False)
    page.locator("summary", has_text="+ Filter").click()
    page.get_by_label("Field").fill("route")
    page.get_by_label("Value").fill("/cart")
    page.get_by_role("button", name="Add").click()
    assert "filter=route%3D%2Fcart" in page.url
    page.get_by_role("link", name="Remove filter route=/cart").click()

    page.locator("summary", has_text="Custom").click()
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_label("To, inclusive").fill("2026-01-31")
    page.get_by_role("button", name="Show").click()
    assert "from=2026-01-01" in page.url
    assert "to=2026-02-01" in page.url

    page.goto("funnels?tz=UTC")
    for step in ("pageview", "purchase"):
        page.get_by_label(re.compile("(First|Next) step")).fill(step)
        page.get_by_role("button", name=re.compile("Begin|Update")).click()
    assert "got through all 2 steps" in page.inner_text("main")
    page.locator("summary", has_text="Data").click()
    assert "Median time from it" in page.inner_text("main")

    person = shop.people[-1]
    page.goto(f"people?days=90&id={person}")
    page.get_by_role("link", name="Forget").click()
    page.get_by_role("button", name="Erase").click()
    assert "were erased" in page.inner_text("[role=status]")
    assert shop.ask(lambda metrics: metrics.traits(person)).traits == {}


def test_hostile_events_are_text(visit: Open, shop: Shop) -> None:
    """Nothing runs, nothing is blocked, nothing pops up: the fixture sees to it."""
    url = f"https://shop.example/?utm_source={HOSTILE}"
    shop.keep(
        event(HOSTILE, properties={HOSTILE: HOSTILE}, user_id=HOSTILE, source=Source.BROWSER),
        event(HOSTILE, type=EventType.PAGEVIEW, path=HOSTILE, matched_pattern=HOSTILE, url=url,
              referrer=f"https://{HOSTILE}/", status_code=500, duration=0.1,
              source=Source.SERVER),
    )  # fmt: skip

    page = visit("events?days=1")
    page.get_by_role("link", name=HOSTILE).first.click()
    assert page.inner_text("h1") == HOSTILE
    for path in ("?days=1", "people?days=1", "live", "speed?days=1"):
        page.goto(path)
        assert HOSTILE in page.inner_text("main")


@pytest.mark.parametrize("way", ["stream", "questions"])
def test_live_shows_what_happens(visit: Open, shop: Shop, way: str) -> None:
    """By a stream, or by asking where the server offers none; and stops when it is told to."""
    page = visit("live")
    if way == "questions":
        page.route("**/live/stream*", lambda route: route.fulfill(status=204))
        page.reload()
    name = f"happened-{way}"
    shop.keep(event(name, properties={"plan": "pro"}))
    page.locator("#live tr", has_text=name).wait_for()

    page.get_by_role("button", name="Pause").click()
    later = f"later-{way}"
    shop.keep(event(later))
    page.wait_for_timeout(2500)
    assert page.locator("#live tr", has_text=later).count() == 0
    page.get_by_role("button", name="Go on").click()
    page.locator("#live tr", has_text=later).wait_for()
    assert page.locator("#live tr", has_text=later).count() == 1


def test_zone_and_language_are_the_browsers(visit: Open) -> None:
    """Told by the script once, and kept for the dashboard alone."""
    page = visit("?days=90", timezone_id="Asia/Tokyo", locale="de-DE")
    assert "Asia/Tokyo (UTC+9)" in page.inner_text("body > footer")

    (cookie,) = [one for one in page.context.cookies() if one["name"] == "analytics_zone"]
    assert cookie["path"] == "/analytics/"
    cards = page.locator(".cards").inner_text().replace("\n", " ")
    assert re.search(r"Page views \d\.\d{3} ", cards)
    assert re.search(r"Error rate \d,\d%", cards)
