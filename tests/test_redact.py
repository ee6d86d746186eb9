"""What must not be kept is taken out before anything is written, or the event goes no further."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request

from flask_analytics import Analytics, Event, track
from flask_analytics.testing import capture_events

MakeApp = Callable[..., Flask]

CARD = re.compile(r"[0-9]{13,19}")
NUMBER = "4000056655665556"


def without_cards(event: Event) -> None:
    event.replace_texts(lambda text: CARD.sub("[card]", text))


def test_every_text_is_reached(make_app: MakeApp) -> None:
    """However deep; numbers, keys and ids stay."""
    analytics = Analytics()
    app = make_app(analytics)
    analytics.redact(without_cards)
    told = {"a": NUMBER, "b": [1, {"c": f"no. {NUMBER}"}], "n": 5}

    with capture_events(app) as events:
        app.add_url_rule("/t", "t", lambda: track(f"paid {NUMBER}", told, user_id="u") or "")
        app.test_client().get(f"/t?x={NUMBER}", headers={"Referer": f"http://a/{NUMBER}"})

    event = events[0]
    assert event.event_name == "paid [card]"
    assert event.properties == {"a": "[card]", "b": [1, {"c": "no. [card]"}], "n": 5}
    assert (event.referrer, event.user_id) == ("http://a/[card]", "u")
    assert not [one for one in events if NUMBER in str(one)]


def test_it_comes_after_every_other_look(make_app: MakeApp) -> None:
    """What before_send puts in is looked at as well, whatever was declared first."""
    analytics = Analytics()
    app = make_app(analytics)
    analytics.redact(without_cards)

    @analytics.before_send
    def add(event: Event) -> Event:
        event.properties["card"] = NUMBER
        return event

    with capture_events(app) as events:
        app.test_client().get("/")

    assert events[0].properties == {"card": "[card]"}


def test_another_event_may_be_returned(make_app: MakeApp) -> None:
    """It keeps its id and its time."""
    analytics = Analytics()
    app = make_app(analytics)
    analytics.redact(lambda event: Event(event_name="only this"))

    with capture_events(app) as events:
        app.test_client().get("/")

    (event,) = events
    assert event.name == "only this"
    assert event.message_id
    assert event.timestamp


@pytest.mark.parametrize("answer", [lambda event: 1 / 0, lambda event: True])
def test_what_fails_drops_the_event(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    """Nobody knows what is still in it. The log tells the kind of the mistake, and no value."""
    analytics = Analytics()
    app = make_app(analytics)
    analytics.redact(answer)

    with capture_events(app) as events, caplog.at_level(logging.WARNING):
        assert app.test_client().get(f"/blog/{NUMBER}").status_code == 200

    assert not events
    with app.app_context():
        assert analytics.stats()["dropped"] == {"redact_failed": 1}
    assert "redact raised" in caplog.text
    assert NUMBER not in caplog.text


def test_it_is_on_no_disk(make_app: MakeApp, tmp_path: Path) -> None:
    """The journal has what redact has left: grep every byte while the event still waits."""
    analytics = Analytics()
    app = make_app(
        analytics, TESTING=False, ANALYTICS_STORE="embedded:",
        ANALYTICS_COLLECTORS=["webhook+http://127.0.0.1:9/?flush_interval=60"],
    )  # fmt: skip
    analytics.redact(without_cards)
    app.add_url_rule(
        "/t", "t", lambda: track("kept-word", {"a": request.args["a"]}) or "ok"
    )  # fmt: skip

    app.test_client().get(f"/t?a={NUMBER}", headers={"Referer": f"http://a/{NUMBER}"})
    held = [path.read_bytes() for path in tmp_path.rglob("*.j")]
    with app.app_context():
        analytics.close(2)
    held += [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]

    assert any(b"kept-word" in content for content in held)
    assert not any(NUMBER.encode() in content for content in held)
