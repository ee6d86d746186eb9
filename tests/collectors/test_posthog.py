"""What is PostHog's alone: ids that are UUIDs, people without a profile, migrations."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flask_analytics import Event, EventType
from flask_analytics.collectors import PostHogCollector
from flask_analytics.collectors.base import (
    DELIVERED,
    Delivered,
    Misconfigured,
    Rejected,
    Retry,
    Split,
)
from flask_analytics.event import Source
from flask_analytics.testing import Answer, FakeDestination

from .actors import send


def posthog(destination: FakeDestination, **options: Any) -> PostHogCollector:
    return PostHogCollector("phc_key", endpoint=destination.url, **options)


def batches(destination: FakeDestination) -> list[Any]:
    return [json.loads(request.body)["batch"] for request in destination.requests]


def event(name: str = "x", **fields: Any) -> Event:
    return Event(**{"message_id": f"id-{name}", "event_name": name, "user_id": "ann", **fields})


def test_uuid_of_a_message_id_is_always_the_same(destination: FakeDestination) -> None:
    """A message id that is no UUID becomes one that others do not share."""
    known = "0197f3a2-0000-7000-8000-000000000001"
    several = [event(message_id=known), event(message_id="order-1"), event(message_id="order-2")]

    send(posthog(destination), *several)
    send(posthog(destination), *several)

    first, second = ([payload["uuid"] for payload in batch] for batch in batches(destination))
    assert first == second
    assert first[0] == known
    assert len(set(first)) == 3


def test_anonymous_people_have_no_profile(destination: FakeDestination) -> None:
    """A visitor of a day makes no person; a user does, and so does who is told of."""
    send(
        posthog(destination),
        event(user_id=None, anonymous_id="day"),
        event(),
        event(type=EventType.IDENTIFY, user_id=None, anonymous_id="day", traits={"plan": "pro"}),
    )

    (batch,) = batches(destination)
    profiles = [payload["properties"].get("$process_person_profile") for payload in batch]
    assert profiles == [False, None, None]
    assert (batch[2]["event"], batch[2]["properties"]["$set"]) == ("$set", {"plan": "pro"})


def test_history_goes_by_itself(destination: FakeDestination) -> None:
    """A request is marked as a migration when all of its events are history."""
    old = event("old", context={"backfill": True})

    verdicts = send(posthog(destination), event("a"), old, event("b"))

    assert verdicts == [DELIVERED] * 3
    bodies = [json.loads(request.body) for request in destination.requests]
    names = [[payload["event"] for payload in body["batch"]] for body in bodies]
    assert names == [["a", "b"], ["old"]]
    assert [body.get("historical_migration") for body in bodies] == [None, True]


def test_one_bad_event_fails_the_batch_and_is_found(destination: FakeDestination) -> None:
    """A 400 names nobody: the batch is halved."""
    destination.answers.extend([Answer(400), Answer(401), Answer(503)])
    collector = posthog(destination)

    assert send(collector, event("a"), event("b")) == [Split("http_400")] * 2
    assert send(collector, event()) == [Misconfigured("http_401")]
    assert send(collector, event()) == [Retry("http_503")]


def test_quota_is_not_success(destination: FakeDestination) -> None:
    """A 200 that threw the events away is counted as what it is; another product's is not ours."""
    destination.answers.append(Answer(body=b'{"status": "Ok", "quota_limited": ["events"]}'))
    destination.answers.append(Answer(body=b'{"status": "Ok", "quota_limited": ["recordings"]}'))

    assert send(posthog(destination), event()) == [Rejected("quota_limited")]
    assert send(posthog(destination), event()) == [DELIVERED]


def test_no_place_is_looked_up_for_our_address(destination: FakeDestination) -> None:
    """Without a visitor's address PostHog would take this server's."""
    send(posthog(destination), event(client_ip="203.0.113.7"), event(client_ip=None))

    (batch,) = batches(destination)
    assert batch[0]["properties"]["$ip"] == "203.0.113.7"
    assert "$geoip_disable" not in batch[0]["properties"]
    assert batch[1]["properties"]["$geoip_disable"] is True


def test_groups_are_named(destination: FakeDestination) -> None:
    """Events of a member say so; a group without a member is told of by its own name."""
    group = event(type=EventType.GROUP, user_id=None, group_id="acme", traits={"seats": 3})

    send(posthog(destination, group_type="team"), event(group_id="acme"), group)

    (batch,) = batches(destination)
    assert batch[0]["properties"]["$groups"] == {"team": "acme"}
    assert batch[1]["distinct_id"] == "$team_acme"
    assert batch[1]["properties"]["$group_set"] == {"seats": 3}


def test_half_of_a_message_is_refused(destination: FakeDestination) -> None:
    """PostHog would refuse all that came with it."""
    alias = event(type=EventType.ALIAS, previous_id=None)
    group = event(type=EventType.GROUP, group_id=None)

    verdicts = send(posthog(destination), alias, group, event("good"))

    assert verdicts == [Rejected("no_distinct_id"), Rejected("no_group_id"), DELIVERED]


@pytest.mark.parametrize("name", ["$create_alias", "$identify", "$merge_dangerously", "$set"])
def test_no_page_says_who_is_who(destination: FakeDestination, name: str) -> None:
    """A stranger who names another's id would become that person."""
    forged = event(name, source=Source.BROWSER, properties={"alias": "victim"})

    assert send(posthog(destination), forged) == [Rejected("reserved_name")]
    assert destination.requests == []


def test_no_page_tells_of_people(destination: FakeDestination) -> None:
    """What is known of somebody is for the application to say."""
    told = {"$set": {"plan": "pro"}, "$anon_distinct_id": "victim", "size": 3}

    ours, theirs = event(properties=told), event(source=Source.BROWSER, properties=told)

    assert send(posthog(destination), ours, theirs) == [DELIVERED, Delivered(("properties",))]
    (batch,) = batches(destination)
    assert batch[0]["properties"]["$set"] == {"plan": "pro"}
    assert told.keys() & batch[1]["properties"].keys() == {"size"}
