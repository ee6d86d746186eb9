"""The first page: its figures, their course, its lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_analytics import Analytics

from .conftest import Look, attributes, purchase, text_of

Keep = Callable[..., None]


def test_overview_shows_what_the_metrics_say(look: Look, shop: Analytics, app: Flask) -> None:
    """Each figure, and its change."""
    page = text_of(look("?days=7"))
    with app.app_context():
        metrics = shop.metrics
        people = metrics.active_users().people
        views = sum(point.count for point in metrics.volume("pageview"))
        actions = sum(point.count for point in metrics.volume(filter="action~"))
        promoted = sum(point.count for point in metrics.volume("purchase"))
        (revenue,) = metrics.revenue()
        visits = metrics.visits()
        errors = metrics.latency()

    assert f"Visitors {people} +100%" in page
    assert f"Page views {views} +100%" in page
    assert f"Actions {actions} \u00b10.0%" in page
    assert actions > promoted > 0
    assert f"Revenue {revenue.amount} {revenue.currency}" in page
    assert f"Engaged per visit {round((visits.engaged or 0) / visits.visits)}s" in page
    rate = sum(one.errors for one in errors) / sum(one.count for one in errors)
    assert f"Error rate {rate * 100:.0f}%" in page


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("999.95", "999.95"),
        ("1264.10", "1,264"),
        ("2345678.90", "2.3M"),
        ("-1264.1", "\u22121,264"),
    ],
)
def test_a_card_has_room_for_any_revenue(
    analytics: Analytics, keep: Keep, client: FlaskClient, amount: str, shown: str
) -> None:
    """Its digits are as many as fit beside the change; the table has them all."""
    analytics.access(lambda: True)
    keep(purchase(5, "ann", amount))
    page = client.get("/analytics/?show=revenue")
    assert f"Revenue {shown} EUR" in text_of(page)
    if not amount.startswith("-"):
        assert f"{Decimal(amount):,.2f}" in page.text


def test_every_figure_has_its_course(look: Look, shop: Analytics, app: Flask) -> None:
    """A sparkline each, a chart of whichever is chosen, and all of them in the table behind it."""
    page = look("?days=7&show=revenue")
    with app.app_context():
        (revenue,) = shop.metrics.revenue(interval="day")
        visits = shop.metrics.visits(interval="day")

    assert page.text.count('class="fa-spark"') == 6
    table = page.text.partition('<details class="data">')[2].partition("</details>")[0]
    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)<', table)
    assert heads == ["When", "Revenue", "Period before", "Visitors", "Page views", "Actions",
                     "Engaged per visit", "Errors"]  # fmt: skip
    rows = [re.findall(r'<td class="n">([^<]*)<', row) for row in table.split("<tr>")[2:]]
    assert [row[0] for row in rows] == [str(one.amount) for one in revenue.series]
    assert rows[-1][5] == f"{round((visits.series[-1].engaged or 0) / visits.series[-1].visits)}s"


def test_lists_are_breakdowns(look: Look, shop: Analytics, app: Flask) -> None:
    """With the people and the events of each row, and a link that makes it a filter."""
    page = look("?days=7&sources=referrer")
    with app.app_context():
        slices = shop.metrics.breakdown("route") + shop.metrics.breakdown("referrer")

    for one in slices:
        assert f"{one.key} {one.people} {one.count}" in text_of(page)
    links = attributes(page, "href")
    assert "/analytics/?days=7&sources=referrer&filter=route%3D%2Fproduct%2F%3Cslug%3E" in links
