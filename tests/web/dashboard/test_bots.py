"""Bots are on no page of the dashboard that did not ask for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from flask_analytics import Analytics, Event
from flask_analytics.event import Source
from flask_analytics.web.dashboard.menu import PAGES

from .conftest import history, purchase, view

CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def bots() -> list[Event]:
    """Visits of a crawler, of nobody in particular, and of a browser that a program drives."""
    found = [
        view(30, "bot1", user_agent=CRAWLER),
        view(31, "bot2", user_agent=None),
        view(32, "bot3", source=Source.BROWSER, context={"automated": True}),
        purchase(33, "bot4", "999"),
    ]
    found[-1].user_agent = CRAWLER
    return found


@pytest.mark.parametrize("page", [name for name, _, _ in PAGES if name != "delivery"])
def test_no_page_shows_a_bot(
    analytics: Analytics, client: FlaskClient, keep: Callable[..., None], page: str
) -> None:
    """What a page says is the same before and after they came."""
    analytics.access(lambda: True)
    path = "/analytics/" if page == "overview" else f"/analytics/{page}"
    keep(*history())
    before: Any = client.get(path)

    keep(*bots())
    after = client.get(path)

    assert before.status_code == 200
    assert before.text == after.text


@pytest.mark.parametrize("path", ["live", "live/rows", "events?event=pageview"])
def test_the_newest_events_show_them_where_they_are_asked_for(
    analytics: Analytics, client: FlaskClient, keep: Callable[..., None], path: str
) -> None:
    """They are marked by nothing else than that; none was thrown away."""
    analytics.access(lambda: True)
    keep(view(0.1, "bot1", user_agent=CRAWLER))

    both = "&" if "?" in path else "?"
    assert "bot1" not in client.get(f"/analytics/{path}").text
    assert "bot1" in client.get(f"/analytics/{path}{both}bots=1").text
