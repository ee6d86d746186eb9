"""The helpers, through their three doors, with right and wrong arguments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, g
from flask.testing import FlaskClient

import flask_analytics as fa
from flask_analytics import Analytics, Event, EventType, Revenue
from flask_analytics.testing import capture_events


@pytest.fixture
def visit(app: Flask, client: FlaskClient) -> Callable[[Callable[[], Any]], Any]:
    """Run a function as a view of a JSON address, so that only shaped events are automatic."""

    def run(function: Callable[[], Any], path: str = "/view") -> Any:
        app.add_url_rule(path, path, lambda: function() or {})
        return client.get(path)

    return run


def test_three_doors_are_the_same(
    analytics: Analytics, visit: Callable[..., Any], events: list[Event]
) -> None:
    """The module, g.analytics and the extension send the same event."""

    def view() -> None:
        fa.track("a")
        g.analytics.track("a")
        analytics.track("a")

    visit(view)

    assert [(e.type, e.name, e.path, e.matched_pattern) for e in events] == [
        ("custom", "a", "/view", "/view")
    ] * 3
    assert len({event.message_id for event in events}) == 3
    assert len({event.view_id for event in events}) == 1


def test_track_takes_everything(visit: Callable[..., Any], events: list[Event]) -> None:
    """Every argument of track arrives."""
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1)))

    visit(
        lambda: fa.track(
            "checkout.completed",
            {"order_id": 5},
            revenue=("29.99", "GBP"),
            user_id=7,
            anonymous_id="anon",
            timestamp=moment,
            context={"campaign": "x"},
            integrations={"All": False, "Webhook": True},
        )
    )

    (event,) = events
    assert event.event_name == "checkout.completed"
    assert event.properties == {"order_id": 5}
    assert event.revenue == Revenue(Decimal("29.99"), "GBP")
    assert (event.user_id, event.anonymous_id) == ("7", "anon")
    assert event.timestamp == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert event.context == {"campaign": "x"}
    assert event.integrations == {"All": False, "Webhook": True}


def test_naive_timestamp_is_utc(visit: Callable[..., Any], events: list[Event]) -> None:
    """A time without a zone is taken as UTC."""
    visit(lambda: fa.track("a", timestamp=datetime(2026, 1, 2)))

    assert events[0].timestamp == datetime(2026, 1, 2, tzinfo=UTC)


def test_segments_calls(visit: Callable[..., Any], events: list[Event]) -> None:
    """identify, group, alias and page are events of their own types."""

    def view() -> None:
        fa.identify("u1", {"plan": "pro"}, anonymous_id="a1")
        fa.group("g1", {"name": "Acme"}, user_id="u1")
        fa.alias("old", "u1")
        fa.page("Pricing", "Docs", {"dark": True})

    visit(view)

    identify, group, alias, page = events
    assert (identify.type, identify.user_id, identify.traits, identify.anonymous_id) == (
        EventType.IDENTIFY, "u1", {"plan": "pro"}, "a1",
    )  # fmt: skip
    assert (group.type, group.group_id, group.traits) == ("group", "g1", {"name": "Acme"})
    assert (alias.type, alias.previous_id, alias.user_id) == ("alias", "old", "u1")
    assert (page.type, page.event_name) == ("pageview", "Pricing")
    assert page.properties == {"dark": True, "category": "Docs"}


def test_outside_a_request_events_ship_without_enrichment(
    app: Flask, analytics: Analytics, events: list[Event]
) -> None:
    """A job, a shell or a script tracks too; the shaping helpers do nothing there."""
    with app.app_context():
        fa.track("job.done", {"n": 1})
        fa.set_event_name("x")
        fa.add_property("a", 1)
        fa.set_revenue(1, "EUR")
        g.analytics.identify("u1")
    analytics.track("script.done")

    assert [event.name for event in events] == ["job.done", "identify", "script.done"]
    event = events[0]
    assert event.message_id
    assert event.timestamp is not None
    assert (event.url, event.client_ip, event.view_id, event.user_id) == (None, None, None, None)


def test_promotion_carries_properties_and_revenue(
    visit: Callable[..., Any], events: list[Event]
) -> None:
    """A view shapes one event, whatever it calls and in which order."""

    def view() -> None:
        fa.set_revenue("29.90", "EUR")
        fa.add_property("items", 3)
        fa.set_event_name("purchase")
        fa.add_property("order", "o1")

    visit(view)

    (event,) = events
    assert (event.type, event.event_name) == (EventType.CUSTOM, "purchase")
    assert event.properties == {"items": 3, "order": "o1"}
    assert str(event.revenue and event.revenue.amount) == "29.90"


def test_65th_property_is_dropped_and_counted_but_updates_work(
    visit: Callable[..., Any], events: list[Event], analytics: Analytics
) -> None:
    """At the cap an existing key can still change."""

    def view() -> None:
        for n in range(66):
            fa.add_property(f"k{n}", n)
        fa.add_property("k0", "new")

    visit(view)

    assert len(events[0].properties) == 64
    assert events[0].properties["k0"] == "new"
    assert analytics.stats()["trimmed"] == {"properties": 2}


def test_track_with_too_many_properties_keeps_64(
    visit: Callable[..., Any], events: list[Event], analytics: Analytics
) -> None:
    """The rest is counted."""
    visit(lambda: fa.track("a", {f"k{n}": n for n in range(70)}))

    assert len(events[0].properties) == 64
    assert analytics.stats()["trimmed"] == {"properties": 6}


WRONG: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: fa.track(""), ValueError, "event_name"),
    (lambda: fa.track("\n"), ValueError, "event_name"),
    (lambda: fa.track(5), TypeError, "event_name"),  # type: ignore[arg-type]
    (lambda: fa.track("a", [1]), TypeError, "properties"),  # type: ignore[arg-type]
    (lambda: fa.track("a", {"x": object()}), TypeError, "'x'"),
    (lambda: fa.track("a", {"x": float("nan")}), ValueError, "'x'"),
    (lambda: fa.track("a", revenue="5 EUR"), TypeError, "revenue"),  # type: ignore[arg-type]
    (lambda: fa.track("a", timestamp="now"), TypeError, "timestamp"),  # type: ignore[arg-type]
    (lambda: fa.track("a", user_id=["u"]), TypeError, "id"),
    (lambda: fa.track("a", revenue=("1", "XXQ")), ValueError, "ISO 4217"),
    (lambda: fa.page("x", properties=[1]), TypeError, "properties"),  # type: ignore[arg-type]
    (lambda: fa.identify("u", n=1), TypeError, "argument 'n'"),  # type: ignore[call-arg]
    (lambda: fa.set_event_name(""), ValueError, "event_name"),
    (lambda: fa.set_revenue("NaN", "EUR"), ValueError, "finite"),
    (lambda: fa.set_revenue(float("inf"), "EUR"), ValueError, "finite"),
    (lambda: fa.set_revenue(1, "ABC"), ValueError, "ISO 4217"),
    (lambda: fa.add_property("x", object()), TypeError, "'x'"),
]


@pytest.mark.parametrize(("call", "error", "word"), WRONG)
def test_wrong_arguments_raise_while_testing(
    visit: Callable[..., Any], call: Callable[[], Any], error: type[Exception], word: str
) -> None:
    """While developing, the mistake shows where it was made, and names the argument."""
    with pytest.raises(error, match=word):
        visit(call)


@pytest.mark.parametrize(("call", "error", "word"), WRONG)
def test_wrong_arguments_never_raise_in_production(
    make_app: Callable[..., Flask],
    call: Callable[[], Any],
    error: type[Exception],
    word: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In production the view goes on; the mistake is counted and logged."""
    analytics = Analytics()
    app = make_app(analytics)
    app.add_url_rule("/view", "view", lambda: call() or {})
    client = app.test_client()
    client.get("/api")  # the sink of tests is chosen here
    app.testing = False

    assert client.get("/view").status_code == 200

    with app.app_context():
        assert analytics.stats()["trimmed"] == {"arguments": 1}
    assert "analytics helper" in caplog.text


def test_wrong_argument_costs_only_itself_in_production(make_app: Callable[..., Flask]) -> None:
    """A bad property or revenue is left out or marked; the event still goes."""
    app = make_app()
    app.testing, app.debug = True, False
    app.test_client().get("/api")
    app.testing = False
    with capture_events(app) as events, app.app_context():
        fa.track("a", {"x": object(), "y": 1}, revenue=("NaN", "EUR"), user_id=5)

    (event,) = events
    assert event.properties == {"x": "<object>", "y": 1}
    assert event.revenue is None
    assert event.user_id == "5"


def test_event_is_at_most_32_kb(visit: Callable[..., Any], events: list[Event]) -> None:
    """The largest values go until the event fits."""
    from flask_analytics.event import encode

    visit(lambda: fa.track("a", {f"k{n}": "x" * 8000 for n in range(60)} | {"small": 1}))

    assert len(encode(events[0])) <= 32 * 1024
    assert events[0].properties["small"] == 1
    assert len(events[0].properties) >= 3


def test_a_cut_changes_nobody_who_may_have_the_event(
    visit: Callable[..., Any], events: list[Event]
) -> None:
    """Of wishes that are too large only the options go."""
    from flask_analytics.event import MAX_EVENT_BYTES, encode

    wishes = {"All": False, "Webhook": {str(n): "x" * 8000 for n in range(9)}, "GA4": 0}
    visit(lambda: fa.track("a", {"kept": 1}, integrations=wishes))

    (event,) = events
    assert len(encode(event)) <= MAX_EVENT_BYTES
    assert event.integrations == {"All": False, "Webhook": True, "GA4": False}
    assert event.properties == {"kept": 1}


def test_nested_mutable_values_are_those_of_the_call(
    visit: Callable[..., Any], events: list[Event]
) -> None:
    """What the caller changes afterwards does not change the event."""

    def view() -> None:
        basket = {"items": [1]}
        fa.track("a", basket)
        basket["items"].append(2)
        basket["more"] = [3]

    visit(view)

    assert events[0].properties == {"items": [1]}


def test_helpers_without_analytics_say_what_to_do() -> None:
    """An application that was not set up hears how to."""
    with Flask("bare").app_context(), pytest.raises(RuntimeError, match=r"Analytics\(app\)"):
        fa.track("a")


def test_disabled_does_nothing(make_app: Callable[..., Flask]) -> None:
    """ANALYTICS_ENABLED = False: helpers are there and do nothing, wrong or right."""
    app = make_app(ANALYTICS_ENABLED=False)
    app.add_url_rule("/view", "view", lambda: fa.track("a") or fa.add_property("a", 1) or "x")

    with capture_events(app) as events:
        assert app.test_client().get("/view").status_code == 200

    assert events == []
