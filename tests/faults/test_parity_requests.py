"""Defects 10 to 15 of the reference implementation (Piko): its middleware, helpers and words.

Its behaviours in requests are covered where ours are: page views, actions, promotion, unknown
addresses, statuses and durations in tests/test_hooks.py; the facts of a request and their 2048
characters in tests/test_enrich.py; the helpers, their 64 properties and what they do outside a
request in tests/test_context.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_analytics import Event, add_property
from flask_analytics.delivery.breaker import Breaker
from flask_analytics.delivery.retry import MAX_RETRY_AFTER, RetryPolicy
from flask_analytics.testing import capture_events

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_defect_10_what_acts_is_an_action(
    app: Flask, client: FlaskClient, events: list[Event], method: str
) -> None:
    """Not a page view. More of it: test_acting_methods_are_actions and its neighbours."""
    app.add_url_rule("/act", "act", lambda: "done", methods=[method])

    client.open("/act", method=method)

    assert [(event.type, event.action_name) for event in events] == [("action", "act")]


def test_defect_11_existing_property_can_change_at_the_cap(
    app: Flask, client: FlaskClient, events: list[Event]
) -> None:
    """See test_65th_property_is_dropped_and_counted_but_updates_work, for track as well."""

    def view() -> str:
        for n in range(65):
            add_property(f"k{n}", "old")
        add_property("k63", "new")
        return "<p>done</p>"

    app.add_url_rule("/full", "full", view)

    client.get("/full")

    assert len(events[0].properties) == 64
    assert events[0].properties["k63"] == "new"


def test_defect_12_every_text_is_bounded(
    app: Flask, client: FlaskClient, events: list[Event]
) -> None:
    """Path, host, keys and values. See also test_caps and test_event_is_at_most_32_kb."""

    def view(path: str) -> str:
        add_property("k" * 5000, "v" * 100_000)
        return "<p>done</p>"

    app.add_url_rule("/long/<path:path>", "long", view)

    client.get("/long/" + "p" * 50_000, headers={"Host": "h" * 60 + ".example"})

    (event,) = events
    ((key, value),) = event.properties.items()
    assert len(event.path or "") <= 2048
    assert len(event.hostname or "") <= 255
    assert (len(key), len(value)) == (128, 8192)


def test_defect_12_absurd_host_is_cut(client: FlaskClient, events: list[Event]) -> None:
    """No name is longer than a host's can be. See also test_host_name."""
    client.get("/", headers={"Host": "h" * 5000})

    assert [len(event.hostname or "") for event in events] == [255]


def test_defect_13_query_strings_stay_at_home(client: FlaskClient, events: list[Event]) -> None:
    """Only keys of the allow-list go out. See also test_public_url and its neighbours."""
    client.get(
        "/?reset_token=hunter2&email=joe@example.org&utm_source=mail",
        headers={"Referer": "https://mail.example/?session=hunter2"},
    )

    (event,) = events
    assert event.url == "http://localhost/?utm_source=mail"
    assert event.referrer == "https://mail.example/"


def test_defect_14_failing_view_is_one_event(make_app: Callable[..., Flask]) -> None:
    """With its status. See also test_unhandled_exception_that_propagates_is_one_event."""
    app = make_app(PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)

    with capture_events(app) as events:
        app.test_client().get("/fail")

    assert [(event.type, event.status_code) for event in events] == [("pageview", 500)]


def test_defect_15_documentation_names_the_defaults() -> None:
    """What docs/delivery.md says of retry and breaker is what an option left out means."""
    text = " ".join((DOCS / "delivery.md").read_text().split())
    policy, breaker = RetryPolicy(), Breaker()

    assert f"at most {policy.base:g} s that doubles up to {policy.cap:g} s" in text
    assert f"{MAX_RETRY_AFTER:g} s at most" in text
    assert f"After {breaker._threshold} failures in a row" in text
    assert f"nothing goes out for {breaker._cooldown:g} s" in text
    assert ("Retries have no number" in text) == (policy.attempts is None)
