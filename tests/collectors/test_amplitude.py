"""What is Amplitude's alone: answers that name who is to blame, while the others go on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flask_analytics import Event, EventType
from flask_analytics.collectors import AmplitudeCollector
from flask_analytics.collectors.base import (
    DELIVERED,
    Dropped,
    Misconfigured,
    Rejected,
    Retry,
    Split,
)
from flask_analytics.testing import Answer, FakeDestination

from .actors import send


def amplitude(destination: FakeDestination, **options: Any) -> AmplitudeCollector:
    return AmplitudeCollector("key", endpoint=destination.url, **options)


def names(destination: FakeDestination) -> list[list[str]]:
    bodies = [json.loads(request.body) for request in destination.requests]
    return [[payload["event_type"] for payload in body["events"]] for body in bodies]


def event(name: str = "x", **fields: Any) -> Event:
    return Event(**{"message_id": f"id-{name}", "event_name": name, "user_id": "ann", **fields})


def answer(status: int, **said: Any) -> Answer:
    return Answer(status, body=json.dumps({"code": status, **said}).encode())


def test_bad_events_are_named_and_the_rest_goes_again(destination: FakeDestination) -> None:
    """A 400 took nothing: those on its lists are rejected, the others sent at once."""
    destination.answers.append(
        answer(
            400,
            events_with_invalid_fields={"time": [0]},
            events_with_missing_fields={"something else": [1]},
            silenced_events=[2],
        )
    )

    verdicts = send(amplitude(destination), *[event(str(n)) for n in range(5)])

    assert verdicts == [
        Rejected("invalid_time"),
        Rejected("invalid_event"),
        Rejected("silenced"),
        DELIVERED,
        DELIVERED,
    ]
    assert names(destination) == [["0", "1", "2", "3", "4"], ["3", "4"]]


def test_who_sent_too_much_waits_and_the_others_do_not(destination: FakeDestination) -> None:
    """A 429 took nothing: users and devices on its lists pause for 30 s; a day's quota is final."""
    destination.answers.append(
        answer(
            429,
            throttled_users={"fast": 40},
            throttled_devices={"phone": 40},
            throttled_events=[3],
            exceeded_daily_quota_users={"robot": 600_000},
        )
    )

    verdicts = send(
        amplitude(destination),
        event("0", user_id="fast"),
        event("1", user_id=None, anonymous_id="phone"),
        event("2", user_id="robot"),
        event("3"),
        event("4"),
    )

    slow = Retry("throttled", 30.0)
    assert verdicts == [slow, slow, Rejected("daily_quota"), slow, DELIVERED]
    assert names(destination) == [["0", "1", "2", "3", "4"], ["4"]]


def test_one_after_the_other_is_blamed(destination: FakeDestination) -> None:
    """As often as it takes, with fewer each time."""
    blame_first = answer(400, events_with_invalid_fields={"time": [0]})
    destination.answers.extend([blame_first] * 3)

    verdicts = send(amplitude(destination), *[event(str(n)) for n in range(4)])

    assert verdicts == [Rejected("invalid_time")] * 3 + [DELIVERED]
    assert [len(those) for those in names(destination)] == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (answer(400, error="Invalid API key: x"), Misconfigured("invalid_api_key")),
        (answer(400, error="?", missing_field="events"), Split("http_400")),
        (answer(400, events_with_invalid_fields={"time": [99, "?"]}), Split("http_400")),
        (Answer(400, body=b"<html>"), Split("http_400")),
        (answer(413), Split("http_413")),
        (answer(429), Retry("http_429")),
        (answer(503), Retry("http_503")),
    ],
)
def test_answers_that_name_nobody(
    destination: FakeDestination, given: Answer, verdict: object
) -> None:
    """They are about the whole request."""
    destination.answers.append(given)

    assert send(amplitude(destination), event("a"), event("b")) == [verdict] * 2
    assert len(destination.requests) == 1


def test_short_ids_mean_somebody(destination: FakeDestination) -> None:
    """An application that numbers its users may: Amplitude is told how short an id is here."""
    send(amplitude(destination), event(user_id="42"))
    verdicts = send(amplitude(destination, min_id_length=5), event(user_id="42"))

    (request,) = destination.requests
    body = json.loads(request.body)
    assert body["options"] == {"min_id_length": 1}
    assert body["events"][0]["user_id"] == "42"
    assert verdicts == [Rejected("no_user_or_device_id")]


def test_groups_are_named(destination: FakeDestination) -> None:
    """Events of a member say so; a group is told of without a member, too."""
    group = event(type=EventType.GROUP, user_id=None, group_id="acme", traits={"seats": 3})

    send(amplitude(destination, group_type="team"), event(group_id="acme"), group)

    member, told = json.loads(destination.requests[0].body)["events"]
    assert member["groups"] == told["groups"] == {"team": "acme"}
    assert told["group_properties"] == {"$set": {"seats": 3}}


def test_what_it_has_no_word_for(destination: FakeDestination) -> None:
    """An alias is another product; a group without an id is nothing."""
    alias = event(type=EventType.ALIAS, previous_id="lead")
    group = event(type=EventType.GROUP, group_id=None)

    assert send(amplitude(destination), alias, group) == [
        Dropped("unsupported"),
        Rejected("no_group_id"),
    ]
