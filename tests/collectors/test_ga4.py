"""What only Google Analytics 4 is like."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from flask_analytics import Event
from flask_analytics.collectors import GA4Collector
from flask_analytics.collectors.address import from_address
from flask_analytics.errors import ConfigurationError
from flask_analytics.testing import Answer, FakeDestination, deliver

from ..contract import events


def ga4(destination: FakeDestination, **options: Any) -> GA4Collector:
    given = {"endpoint": destination.url, "flush_interval": 0.01, "max_inflight": 1, **options}
    return GA4Collector("G-XXXX", "hush", **given)


def requests(destination: FakeDestination) -> list[Any]:
    return [json.loads(received.body) for received in destination.requests]


def sent(destination: FakeDestination) -> list[Any]:
    return [event for request in requests(destination) for event in request["events"]]


def params(destination: FakeDestination, event: Event, **options: Any) -> Any:
    """What one event's parameters become."""
    assert deliver(ga4(destination, **options), event)["delivered"] == 1
    return sent(destination)[-1]["params"]


# -- who it was


def test_one_request_for_each_client_and_user(destination: FakeDestination) -> None:
    """Google takes one client in a request; events of others never get into it."""
    several = [
        events.page(0),
        events.page(1, anonymous_id="b" * 22),
        events.purchase(2),
        events.page(3),
    ]

    deliver(ga4(destination, flush_interval=5), *several)

    found = Counter(
        (request["client_id"], request.get("user_id"), len(request["events"]))
        for request in requests(destination)
    )
    assert sorted((user or "", count) for _, user, count in found) == [
        ("", 1),
        ("", 2),
        ("user-42", 1),
    ]
    assert len({client for client, _, _ in found}) == 2


def test_one_that_fails_is_the_only_one_sent_again(destination: FakeDestination) -> None:
    """Google knows no duplicates: what was delivered is not repeated with the rest."""
    destination.answers.extend([Answer(), Answer(503)])
    several = [events.page(n, anonymous_id=f"{n}" * 22) for n in range(3)]

    counts = deliver(ga4(destination, flush_interval=5), *several)

    assert counts["delivered"] == 3
    bodies = Counter(received.body for received in destination.requests)
    assert sorted(bodies.values()) == [1, 1, 2]


def test_a_large_group_is_several_requests(destination: FakeDestination) -> None:
    """25 events in one, whatever the batch."""
    deliver(ga4(destination, batch_size=60, flush_interval=5), *[events.page(n) for n in range(60)])

    counts = [len(request["events"]) for request in requests(destination)]
    assert sum(counts) == 60
    assert max(counts) <= 25


def test_client_id_is_two_numbers_and_nobodys_secret(destination: FakeDestination) -> None:
    """The form that Google documents, the same for the same visitor, never the id itself."""
    same = [events.page(0), events.page(1)]
    unknown = {"anonymous_id": None}
    others = [
        events.page(2, **unknown),
        events.page(3, **unknown, user_agent=None, user_id="u-1"),
        events.page(4, **unknown, client_ip=None),
    ]

    for event in [*same, *others]:
        deliver(ga4(destination), event)

    clients = [request["client_id"] for request in requests(destination)]
    assert clients[0] == clients[1]
    assert len(set(clients)) == 4
    assert all(re.fullmatch(r"[1-9]\d*\.[1-9]\d*", client) for client in clients)


def test_visitor_without_any_id_is_the_same_within_a_day(destination: FakeDestination) -> None:
    """Address and user agent tell, with a salt that this process keeps for a day."""
    collector = ga4(destination, flush_interval=5)
    visitors = [{"client_ip": "203.0.113.1"}, {"client_ip": "203.0.113.1"}, {"client_ip": "::1"}]

    deliver(collector, *[events.page(n, anonymous_id=None, **v) for n, v in enumerate(visitors)])

    assert sorted(len(request["events"]) for request in requests(destination)) == [1, 2]


def test_client_id_may_be_the_applications(destination: FakeDestination) -> None:
    """A callable gives it as it is, such as from Google's own cookie; None means the default."""
    chosen: dict[str | None, Any] = {"user-42": 12.34}  # becomes text: Google wants it so
    collector = ga4(destination, client_id=lambda event: chosen.get(event.user_id))

    deliver(collector, events.purchase(), events.page())

    clients = {request["client_id"] for request in requests(destination)}
    assert "12.34" in clients
    assert len(clients) == 2


# -- visits


def test_visit_has_one_session_id(destination: FakeDestination) -> None:
    """Half an hour of silence ends it; another visitor has another."""
    times = [0, 20, 49, 100]
    start = events.NOW - timedelta(hours=3)
    one = [events.page(n, timestamp=start + timedelta(minutes=t)) for n, t in enumerate(times)]
    other = events.page(9, anonymous_id="b" * 22, timestamp=start)

    deliver(ga4(destination), *one, other)

    at = {event["timestamp_micros"]: event["params"] for event in sent(destination)}
    ids = {request["client_id"]: set() for request in requests(destination)}
    for request in requests(destination):
        ids[request["client_id"]] |= {e["params"]["session_id"] for e in request["events"]}
    assert sorted(map(len, ids.values())) == [1, 2]
    assert len(set.union(*ids.values())) == 3
    assert all(0 < found["session_id"] <= micros / 1e6 for micros, found in at.items())


def test_processes_agree_on_a_visit(destination: FakeDestination) -> None:
    """Workers of one server share nothing, and yet give the visit the same number."""
    slot = events.NOW.timestamp() // 1800 * 1800
    start = events.NOW - timedelta(seconds=events.NOW.timestamp() - slot + 3600)
    for minutes in (1, 28):
        deliver(ga4(destination), events.page(timestamp=start + timedelta(minutes=minutes)))

    first, second = [event["params"]["session_id"] for event in sent(destination)]
    assert first == second


def test_measured_engagement_is_told(destination: FakeDestination) -> None:
    """The browser's seconds, as milliseconds; 1 where nobody measured."""
    looked = events.event(1, event_name="engagement", properties={"engaged_seconds": 12.3456})
    odd = events.event(2, event_name="engagement", properties={"engaged_seconds": "long"})

    assert params(destination, looked)["engagement_time_msec"] == 12346
    assert params(destination, odd)["engagement_time_msec"] == 1


# -- what it was


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"event_name": "sign_up"}, "sign_up"),
        ({"event_name": "Sign up!"}, "Sign_up_"),
        ({"event_name": "1st"}, "x_1st"),
        ({"event_name": "_private"}, "x_private"),
        ({"event_name": "error"}, "x_error"),
        ({"event_name": "session_start"}, "x_session_start"),
        ({"event_name": "ga_thing"}, "x_ga_thing"),
        ({"event_name": "google_thing"}, "x_google_thing"),
        ({"event_name": "firebase_thing"}, "x_firebase_thing"),
        ({}, "custom_event"),
        ({"type": events.EventType.ACTION}, "server_action"),
        ({"type": events.EventType.ACTION, "action_name": "cart.add"}, "cart_add"),
        ({"type": events.EventType.PAGEVIEW, "event_name": "Home"}, "page_view"),
    ],
)
def test_names(destination: FakeDestination, fields: dict[str, Any], name: str) -> None:
    """Google's letters only, and none of the names that it keeps for itself; changes count."""
    counts = deliver(ga4(destination), events.event(1, **fields))

    assert sent(destination)[0]["name"] == name
    original = fields.get("event_name", fields.get("action_name", name))
    is_changed = name not in (original, "page_view")
    assert counts["trimmed"] == ({"name": 1} if is_changed else {})


def test_names_of_other_scripts_stay_apart(destination: FakeDestination) -> None:
    """Where no letter is left, a short hash tells one from another."""
    for name in ("漢字", "日本"):
        deliver(ga4(destination), events.event(1, event_name=name))

    first, second = [event["name"] for event in sent(destination)]
    assert re.fullmatch(r"x_[0-9a-f]{12}", first)
    assert first != second


def test_properties_take_precedence(destination: FakeDestination) -> None:
    """What the application says of Google's words stands, a session id of gtag's included."""
    found = params(
        destination,
        events.event(
            1,
            event_name="sale",
            url="https://shop.example/a",
            status_code=200,
            properties={
                "page_location": "https://shop.example/b",
                "session_id": "1234",
                "status_code": 299,
                "nothing": None,
            },
        ),
    )

    assert found["page_location"] == "https://shop.example/b"
    assert (found["session_id"], found["status_code"]) == ("1234", 299)
    assert "nothing" not in found


def test_no_property_dates_the_event_anew(destination: FakeDestination) -> None:
    """The time stands beside the parameters, where Google reads it for this event alone."""
    found = params(
        destination, events.event(1, event_name="sale", properties={"timestamp_micros": 5})
    )

    assert found["x_timestamp_micros"] == 5
    assert "timestamp_micros" not in found


def test_names_that_get_alike_are_counted(destination: FakeDestination) -> None:
    """Two properties that look the same in Google's letters: one goes, not silently."""
    counts = deliver(
        ga4(destination), events.event(1, event_name="sale", properties={"a.b": 1, "a_b": 2})
    )

    assert sent(destination)[0]["params"]["a_b"] == 2
    assert counts["trimmed"] == {"name": 1, "properties": 1}


def test_purchase_with_items(destination: FakeDestination) -> None:
    """Items and transaction pass; amounts keep their digits, as a number."""
    items = [{"item_id": "mug", "price": 14.95, "quantity": 2, "my colour": "r" * 120}]
    found = params(
        destination, events.purchase(properties={"transaction_id": "T-1", "items": items})
    )

    assert found["items"] == [
        {"item_id": "mug", "price": 14.95, "quantity": 2, "my_colour": "r" * 100}
    ]
    assert (found["transaction_id"], found["value"], found["currency"]) == ("T-1", 29.9, "EUR")
    assert b'"value":29.90' in destination.requests[0].body


def test_purchase_has_an_id_that_google_counts_once(destination: FakeDestination) -> None:
    """Without one of the application's it is the message id: no retry is a second sale."""
    event = events.purchase(properties={})

    assert params(destination, event)["transaction_id"] == event.message_id


def test_too_many_items_are_cut_and_counted(destination: FakeDestination) -> None:
    """200 of them, with ten parameters of one's own each."""
    item = {"item_id": "mug", **{f"own_{n}": n for n in range(11)}}

    counts = deliver(ga4(destination), events.purchase(properties={"items": [item] * 201}))

    (event,) = sent(destination)
    assert len(event["params"]["items"]) == 200
    assert len(event["params"]["items"][0]) == 11
    assert counts["trimmed"]["items"] == 201


def test_personal_traits_stay_here(destination: FakeDestination) -> None:
    """Google forbids them; the others are user properties."""
    traits = {"email": "a@shop.example", "name": "Åsa", "plan": "pro", "user_id": 7, "vip": True}

    counts = deliver(ga4(destination), events.identify(traits=traits))

    (request,) = requests(destination)
    assert request["user_properties"] == {
        "plan": {"value": "pro"},
        "x_user_id": {"value": 7},
        "vip": {"value": "true"},
    }
    assert b'shop.example"' not in destination.requests[0].body
    assert counts["trimmed"]["personal_traits"] == 2


def test_place_of_an_event_without_an_address(destination: FakeDestination) -> None:
    """Host and path make one, as a page view in a report needs it."""
    assert params(destination, events.event(1, event_name="a", path="/b"))["page_location"] == (
        "https://shop.example/b"
    )
    assert "page_location" not in params(destination, events.event(2, event_name="a"))


def test_consent_is_said_with_every_request(destination: FakeDestination) -> None:
    """In Google's words, also from an address; the visitor's own word goes before it."""
    collector = from_address(f"ga4://G-XXXX:hush@?consent=denied&endpoint={destination.url}")
    collector.flush_interval = 0.01

    deliver(collector, events.page(), events.page(2, consent={"store": True, "ads": True}))

    told = {"ad_user_data": "DENIED", "ad_personalization": "DENIED"}
    assert requests(destination)[0]["consent"] == told
    assert requests(destination)[1]["consent"] == dict.fromkeys(told, "GRANTED")


# -- the validation server


def validation(*messages: dict[str, str]) -> Answer:
    return Answer(body=json.dumps({"validationMessages": messages}).encode())


def test_debug_counts_what_google_finds_wrong(destination: FakeDestination) -> None:
    """The validation server names the event and a code; the others passed."""
    message = {
        "fieldPath": "events",
        "description": "Event at index: [1] has invalid name [x y].",
        "validationCode": "NAME_INVALID",
    }
    destination.answers.append(validation(message))

    counts = deliver(
        ga4(destination, debug=True, flush_interval=5), *[events.page(n) for n in range(3)]
    )

    assert destination.requests[0].path.startswith("/debug/mp/collect?")
    assert requests(destination)[0]["validation_behavior"] == "ENFORCE_RECOMMENDATIONS"
    assert counts["rejected"] == {"NAME_INVALID": 1}
    assert counts["delivered"] == 2


@pytest.mark.parametrize(
    ("path", "rejected"), [("client_id", 2), ("events[1].params", 1), ("events.1", 1)]
)
def test_debug_messages_of_all_or_one(
    destination: FakeDestination, path: str, rejected: int
) -> None:
    """What is wrong with the request is wrong with all of its events."""
    message = {"fieldPath": path, "description": "", "validationCode": "VALUE_INVALID"}
    destination.answers.append(validation(message))

    counts = deliver(ga4(destination, debug=True, flush_interval=5), events.page(0), events.page(1))

    assert counts["rejected"] == {"VALUE_INVALID": rejected}


def test_debug_without_messages_is_delivered(destination: FakeDestination) -> None:
    """An empty list is Google's praise; the address can ask for it."""
    destination.answers.append(validation())
    collector = from_address(f"ga4://G-XXXX:hush@?debug=true&endpoint={destination.url}")
    collector.flush_interval = 0.01

    assert deliver(collector, events.page())["delivered"] == 1
    with pytest.raises(ConfigurationError, match="debug must be true or false"):
        from_address("ga4://G-XXXX:hush@?debug=perhaps")


# -- its secret is part of the URL


def test_secret_is_in_no_log_of_a_request_that_worked(
    destination: FakeDestination, caplog: pytest.LogCaptureFixture
) -> None:
    """urllib3 logs the target of each request at DEBUG: without the query."""
    caplog.set_level(logging.DEBUG, "urllib3")  # a library of another test may have set it
    destination.answers.extend([Answer(503), Answer(200)])

    assert deliver(ga4(destination), events.page())["delivered"] == 1

    assert "/mp/collect" in caplog.text
    assert "hush" not in caplog.text
    assert {received.path for received in destination.requests} == {
        "/mp/collect?measurement_id=G-XXXX&api_secret=hush"
    }
