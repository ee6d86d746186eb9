"""Events that an answer tells the page: what is in its headers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response

from flask_analytics import trigger_client_event


@pytest.fixture
def trigger(app: Flask) -> Callable[..., Response]:
    """Trigger an event on an answer that may have headers already."""

    def run(*arguments: Any, **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with app.app_context():
            return trigger_client_event(Response(headers=named), *arguments)

    return run


def test_both_libraries_are_told(trigger: Callable[..., Response]) -> None:
    """Each by its own header, with the hook's payload as the detail of the event."""
    headers = trigger("order.paid", {"n": 2, "name": "Zoë"}).headers

    payload = {"eventName": "order.paid", "params": {"n": 2, "name": "Zoë"}}
    assert json.loads(headers["HX-Trigger"]) == {"analytics:track": payload}
    assert json.loads(headers["X-Up-Events"]) == [{"type": "analytics:track", "detail": payload}]
    assert headers["HX-Trigger"].isascii()


@pytest.mark.parametrize(
    ("header", "others"),
    [
        ("closed", {"closed": None}),
        ("closed, saved", {"closed": None, "saved": None}),
        ('{"closed": {"id": 1}}', {"closed": {"id": 1}}),
    ],
)
def test_what_is_in_the_header_stays(
    trigger: Callable[..., Response], header: str, others: dict[str, Any]
) -> None:
    """In both forms that htmx knows."""
    told = json.loads(trigger("paid", HX_Trigger=header).headers["HX-Trigger"])

    assert told == {**others, "analytics:track": {"eventName": "paid", "params": {}}}


def test_several_events_are_a_list(app: Flask) -> None:
    """In the order in which they were triggered; the name of a DOM event is there once."""
    with app.app_context():
        response = Response()
        for name in ("one", "two", "three"):
            assert trigger_client_event(response, name) is response

    told = json.loads(response.headers["HX-Trigger"])["analytics:track"]
    assert [event["eventName"] for event in told] == ["one", "two", "three"]
    told = json.loads(response.headers["X-Up-Events"])
    assert [event["detail"]["eventName"] for event in told] == ["one", "two", "three"]


WRONG: list[tuple[tuple[Any, ...], dict[str, str], str]] = [
    (("",), {}, "event_name must not be empty"),
    ((3,), {}, "event_name must be text"),
    (("big", {"text": "x" * 5000}), {}, "send fewer params"),
    (("paid",), {"HX_Trigger": "{oops"}, "not as JSON"),
]


@pytest.mark.parametrize(("arguments", "headers", "message"), WRONG)
def test_a_wrong_argument_is_loud_in_tests(
    trigger: Callable[..., Response], arguments: Any, headers: dict[str, str], message: str
) -> None:
    """And says what to do."""
    with pytest.raises((TypeError, ValueError), match=message):
        trigger(*arguments, **headers)


@pytest.mark.parametrize(("arguments", "headers", "message"), WRONG)
def test_a_wrong_argument_is_nothing_in_production(
    make_app: Callable[..., Flask], arguments: Any, headers: dict[str, str], message: str
) -> None:
    """The answer goes out as it was."""
    app = make_app()
    app.testing = False
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with app.app_context():
        response = trigger_client_event(Response(headers=named), *arguments)

    assert response.headers.get("HX-Trigger") == named.get("HX-Trigger")
    assert "X-Up-Events" not in response.headers


def test_switched_off_it_does_nothing(make_app: Callable[..., Flask]) -> None:
    """As every helper."""
    with make_app(ANALYTICS_ENABLED=False).app_context():
        assert "HX-Trigger" not in trigger_client_event(Response(), "paid").headers
