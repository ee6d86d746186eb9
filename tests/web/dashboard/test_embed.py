"""A chart in a page of the application's own."""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from flask import Flask, render_template_string

from flask_analytics import Analytics
from flask_analytics.errors import QuestionError


def drawn(app: Flask, call: str) -> str:
    with app.test_request_context("/"):
        return render_template_string("{{ analytics_chart(" + call + ") }}")


def test_chart_shows_what_the_metrics_say(app: Flask, shop: Analytics) -> None:
    """The range of its values, in words, is that of the Python API."""
    root = ET.fromstring(drawn(app, '"volume", event="purchase", days=30, filter="device=desktop"'))
    with app.app_context():
        points = shop.metrics.volume("purchase", from_="2026-10-23", filter="device=desktop")

    most = max(point.count for point in points)
    assert root.get("aria-label") == f"purchase, last 30 days. purchase: 0 to {most}."
    assert len([node for node in root if node.get("class") == "fa-at"]) == len(points) == 30


@pytest.mark.parametrize(
    "call", ['"active", days=7, style="bars"', '"volume", days=1', '"volume", tz="Asia/Tokyo"']
)
def test_other_charts(app: Flask, shop: Analytics, call: str) -> None:
    """People, hours, other zones."""
    assert ET.fromstring(drawn(app, call)).get("role") == "img"


@pytest.mark.parametrize("call", ['"pie"', '"volume", colour="red"', '"volume", filter="x"'])
def test_a_wrong_question_raises_while_developing(app: Flask, shop: Analytics, call: str) -> None:
    """And only then: a page in production goes on without it."""
    with pytest.raises(QuestionError):
        drawn(app, call)

    app.testing = False
    assert drawn(app, call) == ""


def test_a_store_that_fails_leaves_the_page(
    app: Flask, shop: Analytics, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """The log says why."""
    from flask_analytics.errors import StoreError

    def broken() -> None:
        raise StoreError("disk is gone")

    app.extensions["analytics"].store = broken
    with caplog.at_level(logging.WARNING):
        assert drawn(app, '"volume"') == ""

    assert "no chart" in caplog.text


def test_its_style_sheet_is_served(app: Flask) -> None:
    """To everybody who sees the page."""
    with app.test_request_context("/"):
        url = render_template_string("{{ analytics_chart_css() }}")

    assert app.test_client().get(url).mimetype == "text/css"
