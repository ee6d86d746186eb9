"""What is Segment's alone: answers as its own libraries read them, and RudderStack."""

from __future__ import annotations

import json

import pytest

from flask_analytics import Event
from flask_analytics.collectors import SegmentCollector
from flask_analytics.collectors.address import from_address
from flask_analytics.collectors.base import Misconfigured, Rejected, Retry, Split
from flask_analytics.testing import Answer, FakeDestination

from .actors import send

EVENT = Event(message_id="id-x", event_name="x", user_id="ann")


@pytest.mark.parametrize("status", [408, 410, 425, 429, 460, 500, 503])
def test_answers_worth_another_try(destination: FakeDestination, status: int) -> None:
    """Also two that mean never elsewhere; what Retry-After asks for is kept."""
    destination.answers.append(Answer(status, {"Retry-After": "7"}))

    verdicts = send(SegmentCollector("key", endpoint=destination.url), EVENT)

    assert verdicts == [Retry(f"http_{status}", 7.0)]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (400, Split("http_400")),
        (413, Split("http_413")),
        (401, Misconfigured("http_401")),
        (501, Rejected("http_501")),
        (505, Rejected("http_505")),
    ],
)
def test_answers_that_will_not_change(
    destination: FakeDestination, status: int, verdict: object
) -> None:
    """A bad event is looked for, a bad key waited for."""
    destination.answers.append(Answer(status))

    assert send(SegmentCollector("key", endpoint=destination.url), EVENT) == [verdict]


def test_sent_at_is_of_the_first_attempt(destination: FakeDestination) -> None:
    """A retry sends the same bytes, whatever the time is then."""
    collector = SegmentCollector("key", endpoint=destination.url)

    send(collector, EVENT, at=1_800_000_000.25)
    send(collector, EVENT, at=1_800_000_000.25)

    first, second = (request.body for request in destination.requests)
    assert first == second
    assert json.loads(first)["sentAt"] == "2027-01-15T08:00:00.250Z"


def test_host_of_an_address_is_the_data_plane() -> None:
    """RudderStack by configuration alone."""
    built = from_address("segment://key@rudder.example.com?name=rudderstack")

    assert isinstance(built, SegmentCollector)
    assert (built.name, built.endpoint) == ("rudderstack", "https://rudder.example.com")


@pytest.mark.parametrize(
    ("address", "left"), [("203.0.113.77", "203.0.113.0"), ("no address", None), (5, None)]
)
def test_an_address_in_the_context_is_trimmed_too(
    destination: FakeDestination, address: object, left: str | None
) -> None:
    """The context goes over ours, but anonymize_ip is a promise."""
    event = Event(message_id="id-x", event_name="x", user_id="ann", context={"ip": address})
    collector = SegmentCollector("key", endpoint=destination.url, anonymize_ip=True)

    send(collector, event)

    (payload,) = json.loads(destination.requests[0].body)["batch"]
    assert payload["context"]["ip"] == left


def test_consent_is_in_the_context(destination: FakeDestination) -> None:
    """Where Segment's own consent management has it."""
    told = {"store": True, "forward": True, "ads": False}
    asked = Event(message_id="id-y", event_name="y", user_id="ann", consent=told)

    send(SegmentCollector("key", endpoint=destination.url), asked, EVENT)

    first, second = json.loads(destination.requests[0].body)["batch"]
    assert first["context"]["consent"] == {"categoryPreferences": told}
    assert "consent" not in second["context"]
