"""The newest events, and streams that hold nobody for long."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_analytics import Analytics, EventType
from flask_analytics.web.dashboard import live
from flask_analytics.web.dashboard.desk import open_desk

from .conftest import Look, event

Keep = Callable[..., None]


def names(answer: TestResponse) -> list[str]:
    """Of the rows, from above."""
    return re.findall(r"<td><a [^>]*>([^<]*)</a></td>", answer.get_data(as_text=True))


@pytest.fixture
def live_page(analytics: Analytics, client: FlaskClient, keep: Keep) -> Look:
    """The page of a store with a few events of the last hours."""
    analytics.access(lambda: True)
    keep(
        event(0.5, event_name="shop.Buy", properties={"plan": "pro"}),
        event(50, event_name="shop.look", matched_pattern="/shop"),
        event(700, type=EventType.IDENTIFY, traits={"plan": "pro"}),
        event(0.7, "curl", event_name="bot", user_agent="curl/8"),
        event(2000, event_name="shop.yesterday"),
    )
    return lambda path="": client.get(f"/analytics/live{path}")


def test_the_newest_of_a_day(live_page: Look) -> None:
    """Newest first, who is who too, without bots; the page says how to see these."""
    assert names(live_page()) == ["shop.Buy", "shop.look", "identify"]
    assert names(live_page("?bots=1"))[:2] == ["shop.Buy", "bot"]


def test_a_part_of_the_name_and_every_filter(live_page: Look) -> None:
    """Whatever the case of the part; the filters of all pages hold here, and stay."""
    assert names(live_page("?like=SHOP.")) == ["shop.Buy", "shop.look"]
    assert names(live_page("?filter=route=/shop")) == ["shop.look"]
    page = live_page("?like=shop&filter=property.plan=pro")
    assert names(page) == ["shop.Buy"]
    assert 'data-rows="/analytics/live/rows?filter=property.plan%3Dpro&amp;like=shop"' in page.text


def test_an_empty_page_says_what_to_do(live_page: Look) -> None:
    """Nothing of that name, and that curl counts as a bot."""
    text = live_page("?like=nope&filter=route=/shop").text
    assert "Nothing of that name with these filters in the last day." in text
    assert 'href="/analytics/live?like=nope&amp;filter=route%3D%2Fshop&amp;bots=1"' in text


def test_a_look_within_a_minute_is_answered_from_the_cache(live_page: Look, app: Flask) -> None:
    """Whoever asks every two seconds costs nothing until something comes."""
    cache = app.extensions["analytics"].store()._cache
    live_page("/rows")
    before = cache.hits, cache.misses
    assert live_page("/rows").status_code == 200
    assert (cache.hits, cache.misses) == (before[0] + 1, before[1])


@pytest.fixture
def streams(app: Flask, keep: Keep, clock: Any) -> live.Streams:
    """Streams whose time goes on when they wait."""
    state = app.extensions["analytics"]
    return live.Streams(lambda: open_desk(state, "live"), clock, clock.tick)


THREADS = {"wsgi.multithread": True}


def test_a_stream_tells_each_event_once_and_ends(
    app: Flask, streams: live.Streams, keep: Keep
) -> None:
    """What is new since the look before, for 25 seconds."""
    keep(event(0.1, event_name="first"))

    with app.test_request_context("/analytics/live/stream", environ_overrides=THREADS):
        parts = iter(streams.answer().response)
        told = [next(parts), next(parts)]
        keep(event(0.05, event_name="second"))
        rest = list(parts)

    assert told[0] == "retry: 1000\n\n"
    assert ">first<" in told[1]
    assert ">second<" in rest[0]
    assert ">first<" not in "".join(rest)
    assert set(rest[1:]) == {":\n\n"}
    assert len(rest) < live.LENGTH / live.PAUSE + 2


def test_streams_are_few(app: Flask, streams: live.Streams) -> None:
    """One too many is told to ask instead; so is everybody on a server without threads."""
    with app.test_request_context("/analytics/live/stream", environ_overrides=THREADS):
        open_ones = [iter(streams.answer().response) for _ in range(live.STREAMS)]
        for one in open_ones:
            next(one)
        assert streams.answer().status_code == 204
        for one in open_ones:
            one.close()  # type: ignore[attr-defined]
        assert streams.answer().status_code == 200
    with app.test_request_context("/", environ_overrides={"wsgi.multithread": False}):
        assert streams.answer().status_code == 204


def test_a_stream_that_cannot_be_is_none(app: Flask, streams: live.Streams) -> None:
    """A wrong filter is told by the page; a browser that got 204 does not come again."""
    path = "/analytics/live/stream?filter=nonsense"
    with app.test_request_context(path, environ_overrides=THREADS):
        assert streams.answer().status_code == 204
