"""What is Matomo's alone: query strings, what a token allows, answers that only count."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest

from flask_analytics import Event, EventType
from flask_analytics.collectors import MatomoCollector
from flask_analytics.collectors.address import from_address
from flask_analytics.collectors.base import (
    DELIVERED,
    Delivered,
    Dropped,
    Misconfigured,
    Rejected,
    Retry,
)
from flask_analytics.event import Revenue
from flask_analytics.testing import Answer, FakeDestination

from .actors import send

GOOD = Answer(body=b'{"status":"success","tracked":1,"invalid":0}')

NOW = 1_800_000_000.0


def matomo(destination: FakeDestination, **options: Any) -> MatomoCollector:
    return MatomoCollector(7, endpoint=destination.url, **options)


def asked(destination: FakeDestination) -> dict[str, str]:
    """The parameters of the only event that came."""
    (request,) = destination.requests
    (query,) = json.loads(request.body)["requests"]
    return {name: values[0] for name, values in parse_qs(query[1:]).items()}


def event(name: str = "x", **fields: Any) -> Event:
    facts = {"message_id": f"id-{name}", "event_name": name, "anonymous_id": "day"}
    return Event(**{**facts, **fields})


def test_without_a_token_no_address_is_sent(destination: FakeDestination) -> None:
    """Matomo refuses an address that comes without one; a time of today is believed."""
    destination.answers.append(GOOD)
    moment = datetime.fromtimestamp(NOW - 3600, UTC)

    verdicts = send(matomo(destination), event(client_ip="203.0.113.7", timestamp=moment), at=NOW)

    assert verdicts == [DELIVERED]
    assert "token_auth" not in json.loads(destination.requests[0].body)
    assert "cip" not in asked(destination)
    assert asked(destination)["cdt"] == str(int(NOW - 3600))


def test_old_events_need_a_token(destination: FakeDestination) -> None:
    """Matomo would refuse them, and dating them today would be wrong."""
    destination.answers.append(GOOD)
    old = event(timestamp=datetime.fromtimestamp(NOW - 90_000, UTC))

    assert send(matomo(destination), old, at=NOW) == [Dropped("expired")]
    assert send(matomo(destination, token_auth="t"), old, at=NOW) == [DELIVERED]


def test_nobody_needs_a_token(destination: FakeDestination) -> None:
    """Without an id Matomo tells visitors apart by address, which only a token may say."""
    destination.answers.append(GOOD)
    nobody = event(anonymous_id=None, client_ip="203.0.113.7")

    assert send(matomo(destination), nobody) == [Rejected("no_visitor_id")]
    assert send(matomo(destination, token_auth="t"), nobody) == [DELIVERED]
    assert asked(destination)["cip"] == "203.0.113.7"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"tracked": 2, "invalid": 1, "invalid_indices": [0]}, ["invalid", None, None]),
        ({"tracked": 2, "invalid": 1}, [None, None, "invalid"]),
        ({"tracked": 0, "invalid": 3}, ["invalid"] * 3),
        ({"tracked": 1, "invalid": 1}, [None, "skipped", "invalid"]),
        ({"tracked": 2, "invalid": 0}, [None, None, "skipped"]),
        ({"tracked": 3, "invalid": 0, "invalid_indices": []}, [None, None, None]),
        ({"tracked": "?", "invalid": "?", "invalid_indices": [9, "?"]}, [None, None, None]),
    ],
)
def test_counts_are_kept(destination: FakeDestination, said: Any, expected: list[Any]) -> None:
    """As many are rejected as were not tracked, also where Matomo does not say which."""
    body = json.dumps({"status": "success", **said}).encode()
    destination.answers.append(Answer(body=body))

    verdicts = send(matomo(destination), *[event(str(n)) for n in range(3)])

    assert verdicts == [Rejected(reason) if reason else DELIVERED for reason in expected]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer(body=b"This resource is part of Matomo."), Misconfigured("no_matomo")),
        (Answer(body=b'{"status":"error","tracked":0}'), Retry("failed")),
        (Answer(500), Retry("http_500")),
        (Answer(302), Misconfigured("http_302")),
    ],
)
def test_other_answers(destination: FakeDestination, answer: Answer, verdict: object) -> None:
    """A 200 of something that is no tracker is no success."""
    destination.answers.append(answer)

    assert send(matomo(destination), event()) == [verdict]


def test_revenue_is_an_order(destination: FakeDestination) -> None:
    """With its id, or else the message's; the amount keeps its digits."""
    destination.answers.append(GOOD)

    send(matomo(destination), event(revenue=Revenue(Decimal("29.90"), "EUR")))

    found = asked(destination)
    assert (found["idgoal"], found["ec_id"], found["revenue"]) == ("0", "id-x", "29.90")
    assert "e_c" not in found


def test_money_of_another_currency_is_not_added_up(destination: FakeDestination) -> None:
    """The event goes without it, and the cut is counted."""
    destination.answers.append(GOOD)
    dollars = event(revenue=Revenue(Decimal(5), "USD"))

    verdicts = send(matomo(destination, currency="EUR"), dollars)

    assert verdicts == [Delivered(("revenue",))]
    assert "revenue" not in asked(destination)
    assert asked(destination)["e_a"] == "x"


def test_words_of_an_event(destination: FakeDestination) -> None:
    """Its own category, label and value, where it has them."""
    destination.answers.append(GOOD)

    send(
        matomo(destination),
        event("play", properties={"category": "video", "label": "intro", "value": 2.5}),
    )

    found = asked(destination)
    words = [found[name] for name in ("e_c", "e_a", "e_n", "e_v", "ca")]
    assert words == ["video", "play", "intro", "2.5", "1"]


def test_dimensions_are_the_sites(destination: FakeDestination) -> None:
    """Only what was given a number."""
    destination.answers.append(GOOD)

    send(
        matomo(destination, dimensions={2: "plan", 5: "absent"}),
        event(properties={"plan": "pro", "other": 1}),
    )

    found = asked(destination)
    assert found["dimension2"] == "pro"
    assert "dimension5" not in found
    assert "other" not in found


def test_a_page_view_is_one(destination: FakeDestination) -> None:
    """Named by its title, with its time on the server, and no event."""
    destination.answers.append(GOOD)
    page = event(
        type=EventType.PAGEVIEW,
        event_name=None,
        url="https://shop.example/a?b=c&d=e",
        duration=0.25,
        view_id="v",
        properties={"title": "Größe & mehr"},
    )

    send(matomo(destination), page)

    found = asked(destination)
    assert found["action_name"] == "Größe & mehr"
    assert found["url"] == "https://shop.example/a?b=c&d=e"
    assert found["pf_srv"] == "250"
    assert len(found["pv_id"]) == 6
    assert "ca" not in found


def test_address_names_site_token_and_server() -> None:
    """A Matomo below a path is one, too."""
    built = from_address("matomo://7:tok%3Aen@stats.example.com/matomo")

    assert isinstance(built, MatomoCollector)
    assert built.endpoint == "https://stats.example.com/matomo"
    assert built.max_past is None
