"""What only Plausible is like."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from flask_analytics import Event, Revenue
from flask_analytics.collectors import PlausibleCollector
from flask_analytics.collectors.address import from_address
from flask_analytics.testing import Answer, FakeDestination, deliver

from ..contract import events


def plausible(destination: FakeDestination, **options: Any) -> PlausibleCollector:
    given = {"endpoint": destination.url, "flush_interval": 0.01, **options}
    return PlausibleCollector("site.example", **given)


def sent(destination: FakeDestination) -> list[Any]:
    return [json.loads(received.body) for received in destination.requests]


# -- whose site


def test_domain_is_never_the_requests(destination: FakeDestination) -> None:
    """Whoever forges a Host header writes into no other site."""
    forged = events.page(hostname="victim.example", url="https://victim.example/")

    deliver(plausible(destination), forged, events.event(1, event_name="a", path=None))

    assert {payload["domain"] for payload in sent(destination)} == {"site.example"}


def test_address_names_the_site(destination: FakeDestination) -> None:
    """The host is the domain, with its path where one site is a folder of another."""
    cloud = from_address("plausible://Shop.example:8080/blog/")
    assert (cloud._domain, cloud.endpoint) == ("Shop.example:8080/blog", "https://plausible.io")

    own = from_address(f"plausible://shop.example?endpoint={destination.url}stats/&batch_size=1")
    deliver(own, events.page())

    assert destination.requests[0].path == "/stats/api/event"


def test_event_of_no_page_happened_on_the_site(destination: FakeDestination) -> None:
    """An address is required: host and path make one, else the site itself."""
    nowhere = events.event(1, event_name="cron", hostname=None)

    deliver(
        plausible(destination, max_inflight=1), events.event(0, event_name="a", path="/b"), nowhere
    )

    assert [payload["url"] for payload in sent(destination)] == [
        "https://shop.example/b",
        "https://site.example/",
    ]


# -- who it was


def test_headers_are_the_visitors(destination: FakeDestination) -> None:
    """Plausible tells visitors apart by them; what cannot be a header is made harmless."""
    agent = "Mozilla/5.0 (ü)\r\nX-Evil: 1"
    deliver(
        plausible(destination, max_inflight=1),
        events.page(0, user_agent=agent, client_ip="2001:db8::1"),
        events.page(1, user_agent=" \n", client_ip="unix:\r\nX-Evil: 1"),
    )

    first, second = [received.headers for received in destination.requests]
    assert first["User-Agent"] == "Mozilla/5.0 (?)??X-Evil: 1"
    assert first["X-Forwarded-For"] == "2001:db8::1"
    assert second["User-Agent"] == "?"
    assert "X-Forwarded-For" not in second
    assert "X-Evil" not in {**first, **second}


def test_no_id_of_anybody_leaves(destination: FakeDestination) -> None:
    """Neither the user's nor the visitor's."""
    deliver(plausible(destination), events.purchase())

    body = destination.requests[0].body
    assert b"user-42" not in body
    assert b"a1b2c3d4e5f60718293a4b" not in body


# -- what it was


@pytest.mark.parametrize(
    ("event", "name", "interactive"),
    [
        (events.page(), "pageview", None),
        (events.page(event_name="Home"), "pageview", None),
        (events.action(), "cart.add", False),
        (events.action(action_name=None), "action", False),
        (events.event(1, event_name="Sign up"), "Sign up", None),
    ],
)
def test_names(
    destination: FakeDestination, event: Event, name: str, interactive: bool | None
) -> None:
    """A form that was sent ends no bounce by itself; a page view has Plausible's own name."""
    deliver(plausible(destination), event)

    (payload,) = sent(destination)
    assert (payload["name"], payload.get("interactive")) == (name, interactive)


def test_its_own_word_is_not_sent(destination: FakeDestination) -> None:
    """Plausible's tracker alone may tell of engagement."""
    counts = deliver(plausible(destination), events.event(1, event_name="engagement"))

    assert counts["dropped"] == {"unsupported": 1}
    assert destination.requests == []


def test_a_name_of_spaces_is_refused(destination: FakeDestination) -> None:
    """It would be answered with 400."""
    counts = deliver(plausible(destination), events.event(1, event_name="  "))

    assert counts["rejected"] == {"no_name": 1}


def test_amounts_keep_their_digits(destination: FakeDestination) -> None:
    """As text: Plausible reads a decimal."""
    event = events.purchase(revenue=Revenue(Decimal("-1200.10"), "JPY"))

    deliver(plausible(destination), event)

    assert sent(destination)[0]["revenue"] == {"currency": "JPY", "amount": "-1200.10"}


def test_cut_addresses_have_no_half_escape(destination: FakeDestination) -> None:
    """Plausible's server fails over one, and would be asked again and again."""
    start = "https://shop.example/"
    for rest in range(3):
        deliver(
            plausible(destination),
            events.page(rest, url=start + "a" * rest + "%C3%BC" * 400),
        )

    for payload in sent(destination):
        assert 1990 < len(payload["url"]) <= 2000
        assert payload["url"][-3] == "%"


# -- what it says


def test_eight_at_a_time(destination: FakeDestination) -> None:
    """One event in a request, several requests under way."""
    destination.answers.extend([Answer(202, body=b"o", pieces=2, pause=0.2)] * 24)

    counts = deliver(plausible(destination), *[events.page(n) for n in range(24)])

    assert counts["delivered"] == 24
    assert 1 < destination.most_at_once <= 8


@pytest.mark.parametrize(("header", "is_dropped"), [("0", False), ("1", True), ("2", True)])
def test_202_may_mean_dropped(destination: FakeDestination, header: str, is_dropped: bool) -> None:
    """The header says how many sites did not take it."""
    destination.answers.append(Answer(202, {"X-Plausible-Dropped": header}))

    counts = deliver(plausible(destination), events.page())

    assert counts["rejected"] == ({"dropped_by_plausible": 1} if is_dropped else {})


def test_400_is_the_events_own_fault(destination: FakeDestination) -> None:
    """It is rejected, and not sent again."""
    destination.answers.append(Answer(400))

    counts = deliver(plausible(destination), events.page(0), events.page(1))

    assert counts["rejected"] == {"http_400": 1}
    assert counts["delivered"] == 1
    assert len(destination.requests) == 2


def test_history_is_not_told_as_today(destination: FakeDestination) -> None:
    """Plausible would date it now; an hour is let pass."""
    old = events.page(0, timestamp=events.NOW - timedelta(hours=2))
    recent = events.page(1, timestamp=events.NOW - timedelta(minutes=30))

    counts = deliver(plausible(destination), old, recent)

    assert (counts["dropped"], counts["delivered"]) == ({"expired": 1}, 1)
