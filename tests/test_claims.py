"""What a page may claim: what the server has signed, for as long as it said, and no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from flask_analytics import Analytics, Event
from flask_analytics.claims import MAX_LENGTH, WEEK, Claim, keys, make, read, sign
from flask_analytics.event import Revenue, encode
from flask_analytics.store.memory import MemoryStore

from .conftest import Clock

KEYS = [b"secret"]


@pytest.fixture
def clock(app: Flask, clock: Clock) -> Clock:
    """The application's."""
    app.extensions["analytics"].pipeline.clock = clock
    return clock


@pytest.fixture
def signed(app: Flask, analytics: Analytics, clock: Clock) -> Callable[..., str]:
    """Sign as a view does."""

    def claim(*args: Any, **fields: Any) -> str:
        with app.app_context():
            return analytics.claim(*args, **fields)

    return claim


def send(
    client: FlaskClient, text: Any, name: str = "paid", path: str = "/_a/e", **more: Any
) -> int:
    """An event of a page that carries a claim."""
    event = {"event_name": name, "properties": {"analytics_claim": text, "a": 1}, **more}
    return client.post(path, json={"events": [event]}).status_code


def test_a_signed_user_is_believed(
    client: FlaskClient, signed: Callable[..., str], events: list[Event]
) -> None:
    """Where the endpoint does not know them; nothing is left of the claim."""
    assert send(client, signed(user_id=42)) == 204

    (event,) = events
    assert (event.user_id, event.source, event.properties) == ("42", "browser", {"a": 1})


def test_whom_the_server_knows_wins(
    client: FlaskClient, analytics: Analytics, signed: Callable[..., str], events: list[Event]
) -> None:
    """A page that is still open after a change of the account claims the old one."""
    analytics.user_id(lambda: "of the session")

    send(client, signed(user_id="of the page"))

    assert [event.user_id for event in events] == ["of the session"]


def test_revenue_counts_once(
    client: FlaskClient, signed: Callable[..., str], events: list[Event]
) -> None:
    """However often it is claimed, and under whatever message id."""
    text = signed("paid", revenue=("29.90", "EUR"))
    for number in range(5):
        assert send(client, text, message_id=f"mine-{number}") == 204

    assert len({event.message_id for event in events}) == 1
    assert MemoryStore().append([encode(event) for event in events]) == 1
    assert {str(event.revenue and event.revenue.amount) for event in events} == {"29.90"}


def test_a_claim_is_of_one_event(
    client: FlaskClient, analytics: Analytics, app: Flask, signed: Callable[..., str],
    events: list[Event],
) -> None:  # fmt: skip
    """Another one may be sent, and claims nothing."""
    send(client, signed("paid", user_id="u", revenue=("29.90", "EUR")), "viewed")

    assert [(event.user_id, event.revenue) for event in events] == [(None, None)]
    with app.app_context():
        assert analytics.stats()["trimmed"] == {"claim": 1}


def test_a_claim_ends(
    client: FlaskClient, signed: Callable[..., str], clock: Clock, events: list[Event]
) -> None:
    """After an hour, or as long as it was signed for; the event itself is taken."""
    short, long = signed(user_id="short"), signed(user_id="long", max_age=WEEK)
    clock.tick(3599)
    send(client, short)
    clock.tick(2)
    send(client, short)
    send(client, long)

    assert [event.user_id for event in events] == ["short", None, "long"]


def test_forgeries_claim_nothing(
    client: FlaskClient, signed: Callable[..., str], events: list[Event]
) -> None:
    """Changed, of another key, of another kind, or no text at all."""
    good = signed(user_id="u1")
    head, _, signature = good.rpartition(".")
    now = 1000
    forged = [
        f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}",
        good[1:],
        good.swapcase(),
        "." + good,
        sign(Claim(now + 100, "u1"), [b"another"]),
        json.dumps([now + 100, "u1"]),
        good + "x" * MAX_LENGTH,
        {"user_id": "u1"},
        5,
        True,
    ]
    for text in forged:
        assert send(client, text) == 204

    assert len(events) == len(forged)
    assert {event.user_id for event in events} == {None}


@given(st.text() | st.integers() | st.lists(st.text()))
def test_nothing_else_is_a_claim(value: Any) -> None:
    """And nothing raises."""
    assert read(value, KEYS, 0) is None


def test_an_older_key_still_holds() -> None:
    """Keys are rotated while pages are open."""
    claim = make(0, "u1", None, None, 10)

    assert read(sign(claim, keys("old", None)), keys("new", ["old"]), 0) == claim
    assert read(sign(claim, keys("new", ["old"])), keys("new", None), 0) == claim
    assert read(sign(claim, keys("old", None)), keys(None, ["old"]), 0) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs a user_id or a revenue"),
        ({"user_id": "u", "max_age": 0}, "at most 604800"),
        ({"user_id": "u", "max_age": WEEK + 1}, "at most 604800"),
        ({"user_id": ["u"]}, "user_id must be text"),
        ({"revenue": ("1", "EUR")}, "needs the event_name"),
        ({"revenue": ("1", "XYZ"), "event_name": "a"}, "ISO 4217"),
        ({"user_id": "u", "event_name": ""}, "must not be empty"),
    ],
)
def test_wrong_claims(
    app: Flask, analytics: Analytics, arguments: dict[str, Any], message: str
) -> None:
    """Loud while developing; in production there is no claim, and the page goes on."""
    with app.app_context(), pytest.raises((TypeError, ValueError), match=message):
        analytics.claim(**arguments)
    app.testing = False
    with app.app_context():
        assert analytics.claim(**arguments) == ""


def test_no_key_no_claim(make_app: Callable[..., Flask], analytics: Analytics) -> None:
    """It names the setting."""
    app = make_app(analytics, SECRET_KEY=None)

    with app.app_context(), pytest.raises(RuntimeError, match="SECRET_KEY"):
        analytics.claim(user_id="u")
    assert send(app.test_client(), sign(Claim(10**10, "u"), KEYS)) == 204


def test_nothing_is_signed_where_events_are_off(
    make_app: Callable[..., Flask], analytics: Analytics
) -> None:
    """Then a page has nothing to carry."""
    app = make_app(analytics, ANALYTICS_ENABLED=False)

    with app.app_context():
        assert analytics.claim(user_id="u") == ""


def test_a_page_carries_its_user_in_each_event(
    app: Flask, client: FlaskClient, clock: Clock, events: list[Event]
) -> None:
    """The snippet prints the claim into the endpoint's address."""
    page = (
        '{% set analytics_page_claim = analytics_claim(user_id="u1") %}'
        '{% include "flask_analytics/snippet.html" %}'
    )
    with app.test_request_context():
        text = render_template_string(page)
    endpoint = text.split('data-endpoint="')[1].split('"')[0]
    own = sign(make(1000, None, "paid", Revenue.of("5", "EUR"), 10), keys("x", None))

    send(client, own, path=endpoint)
    send(client, "forged", path=endpoint)
    client.post(endpoint, json={"events": [{"type": "pageview"}, {"event_name": "a"}]})

    assert endpoint.startswith("/_a/e?claim=")
    assert [event.user_id for event in events] == ["u1"] * 4
    assert [event.revenue is not None for event in events] == [True, False, False, False]
