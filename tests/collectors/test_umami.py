"""What only Umami is like."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flask_analytics.collectors import UmamiCollector
from flask_analytics.collectors.address import from_address
from flask_analytics.collectors.base import Batch, Misconfigured, Rejected, Retry
from flask_analytics.event import encode
from flask_analytics.testing import Answer, FakeDestination, deliver

from ..contract import events
from ..contract.to_umami import WEBSITE, processed


def umami(destination: FakeDestination, **options: Any) -> UmamiCollector:
    return UmamiCollector(WEBSITE, **{"endpoint": destination.url, "flush_interval": 5, **options})


def payloads(destination: FakeDestination) -> list[Any]:
    return [
        item["payload"] for received in destination.requests for item in json.loads(received.body)
    ]


def failed(message: str, code: str, status: int) -> Any:
    return {"error": {"message": message, "code": code, "status": status}}


# -- what it says


def test_details_are_about_single_events(destination: FakeDestination) -> None:
    """The one that Umami refused is rejected with its code, the others are delivered."""
    detail = {"index": 1, "response": failed("Forbidden", "forbidden", 403)}
    destination.answers.append(processed(3, detail))

    counts = deliver(umami(destination), *[events.page(n) for n in range(3)])

    assert counts["rejected"] == {"forbidden": 1}
    assert counts["delivered"] == 2
    assert len(destination.requests) == 1


def test_one_that_the_server_failed_over_is_sent_again(destination: FakeDestination) -> None:
    """A fault of the database may pass; only that event is repeated."""
    detail = {"index": 0, "response": failed("Server error", "server-error", 500)}
    destination.answers.extend([processed(2, detail), processed(1)])

    counts = deliver(umami(destination), events.page(0), events.page(1))

    assert counts["delivered"] == 2
    assert [len(json.loads(received.body)) for received in destination.requests] == [2, 1]


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (failed("Website not found.", "bad-request", 400), Misconfigured("website_not_found")),
        (failed("Too many requests", "too-many-requests", 429), Retry("too-many-requests")),
        ({"error": {}}, Rejected("refused_by_umami")),
        ({"error": "no"}, Rejected("refused_by_umami")),
        (None, Rejected("refused_by_umami")),
    ],
)
def test_reasons(destination: FakeDestination, response: Any, verdict: object) -> None:
    """A wrong website is the configuration's fault: its events are kept."""
    destination.answers.append(processed(1, {"index": 0, "response": response}))
    sender = umami(destination)
    sender.start()

    found = sender.send(Batch([encode(events.page())], events.NOW.timestamp()))

    sender.close()
    assert found == [verdict]


def test_a_page_instead_of_an_answer_is_no_success(destination: FakeDestination) -> None:
    """200 and HTML come from whatever else is at that address."""
    destination.answers.extend([Answer(body=b"<html>"), processed(1)])

    counts = deliver(umami(destination), events.page())

    assert counts["delivered"] == 1
    assert len(destination.requests) == 2


def test_robots_are_told_of_where_each_goes_alone(destination: FakeDestination) -> None:
    """/api/send says beep and boop with 200; /api/batch keeps it to itself."""
    said = [b'{"beep":"boop"}', b'{"cache":"x","sessionId":"y","visitId":"z"}']
    destination.answers.extend([Answer(body=body) for body in said])

    counts = deliver(umami(destination, batch_size=1), events.page(0), events.page(1))

    assert counts["rejected"] == {"bot": 1}
    assert counts["delivered"] == 1
    assert [received.path for received in destination.requests] == ["/api/send"] * 2
    assert json.loads(destination.requests[0].body)["type"] == "event"


# -- where


def test_addresses() -> None:
    """Umami Cloud, and a server of one's own with or without a path."""
    cloud = from_address(f"umami://{WEBSITE}@")
    own = from_address(f"umami://{WEBSITE}@stats.example:3000/umami")

    assert cloud.endpoint == "https://cloud.umami.is"
    assert own.endpoint == "https://stats.example:3000/umami"


# -- who


def test_events_without_an_agent_are_not_taken_for_a_robots(destination: FakeDestination) -> None:
    """Umami reads the header then: the name of a library would not pass."""
    destination.answers.append(processed(1))

    deliver(umami(destination), events.event(1, event_name="cron", user_agent=None))

    assert destination.requests[0].headers["User-Agent"].startswith("Mozilla/5.0 (")
    assert "userAgent" not in payloads(destination)[0]


def test_long_ids_stay_apart(destination: FakeDestination) -> None:
    """Two people whose ids begin alike are two; what was shortened is counted."""
    destination.answers.append(processed(2))
    start = "https://id.example/users/" + "0" * 40

    counts = deliver(
        umami(destination),
        events.page(0, user_id=f"{start}1"),
        events.page(1, user_id=f"{start}2"),
    )

    first, second = [payload["id"] for payload in payloads(destination)]
    assert first != second
    assert max(len(first), len(second)) <= 50
    assert counts["trimmed"] == {"user_id": 2}


def test_what_is_no_address_is_not_sent_as_one(destination: FakeDestination) -> None:
    """Umami's look-up of countries would fail, and the event with it."""
    destination.answers.append(processed(1))

    deliver(umami(destination), events.page(client_ip="unix:"))

    assert "ip" not in payloads(destination)[0]


# -- what


def test_identify_carries_traits(destination: FakeDestination) -> None:
    """Flat, under joined keys, for the user's id."""
    destination.answers.append(processed(1))
    traits = {"plan": "pro", "address": {"city": "Köln"}, "none": None}

    deliver(umami(destination), events.identify(traits=traits))

    (payload,) = payloads(destination)
    assert payload["data"] == {"plan": "pro", "address.city": "Köln"}
    assert payload["id"] == "user-42"
    assert "name" not in payload


def test_page_views_have_no_data(destination: FakeDestination) -> None:
    """Umami keeps none without a name; what is lost is counted, the title is none of it."""
    destination.answers.append(processed(1))

    counts = deliver(umami(destination), events.page(properties={"title": "Home", "author": "Åsa"}))

    (payload,) = payloads(destination)
    assert payload["title"] == "Home"
    assert "data" not in payload
    assert counts["trimmed"] == {"properties": 1}


@pytest.mark.parametrize(
    "url", ["https://", "https://[::1/", "https://a b/", "http://a:99999/", "https://a%/"]
)
def test_what_no_browser_would_read_is_left_out(destination: FakeDestination, url: str) -> None:
    """Umami refuses a whole event for its referrer."""
    destination.answers.append(processed(1))

    counts = deliver(umami(destination), events.page(referrer=url))

    assert "referrer" not in payloads(destination)[0]
    assert counts["trimmed"] == {"referrer": 1}
