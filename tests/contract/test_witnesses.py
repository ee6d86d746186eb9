"""What the destinations' own libraries send, as a witness of what a request needs.

Each of them tells a real server of the same event as our collector. What is in their request must
be in ours, but for what their table names with a reason; and their requests must be right by our
schemas: else the schema would be wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import amplitude
import jsonschema
import mixpanel
import posthog
import pytest
from segment.analytics.client import Client as Segment

from flask_analytics import Event
from flask_analytics.event import EventType
from flask_analytics.testing import Answer, FakeDestination, Received

from . import events
from .conftest import Deliver
from .kind import Kind
from .test_contract import collector, good
from .to_amplitude import AMPLITUDE
from .to_mixpanel import MIXPANEL
from .to_posthog import POSTHOG
from .to_segment import SEGMENT

HERE = Path(__file__).parent

pytestmark = pytest.mark.leaks(
    "the libraries keep their connections, and say nowhere how to end it"
)


@dataclass(frozen=True)
class Witness:
    """A library of a destination."""

    kind: Kind
    #: Tells the server at an address of an event.
    tell: Callable[[str, Event], None]
    #: The data of one of its requests.
    read: Callable[[Received], Any]
    #: What of its requests is its own, or another way to say the same: the reason.
    own: Mapping[str, str]


def segment(url: str, event: Event) -> None:
    client = Segment("sgm-secret-key", host=url, sync_mode=True)
    who, properties = event.user_id, {**event.properties, **_money(event)}
    calls: dict[EventType, Callable[[], Any]] = {
        EventType.PAGEVIEW: lambda: client.page(
            anonymous_id=event.anonymous_id, properties={"url": event.url, **properties}
        ),
        EventType.CUSTOM: lambda: client.track(
            who, event.name, properties, anonymous_id=event.anonymous_id
        ),
        EventType.IDENTIFY: lambda: client.identify(who, event.traits),
        EventType.GROUP: lambda: client.group(who, event.group_id, event.traits),
        EventType.ALIAS: lambda: client.alias(event.previous_id, who),
    }
    calls[event.type]()


def from_posthog(url: str, event: Event) -> None:
    client = posthog.Posthog("phc_secret", host=url, sync_mode=True)
    who = event.user_id or event.anonymous_id
    properties = {**event.properties, **_money(event)}
    calls: dict[EventType, Callable[[], Any]] = {
        EventType.PAGEVIEW: lambda: client.capture(
            "$pageview", distinct_id=who, properties={"$current_url": event.url, **properties}
        ),
        EventType.CUSTOM: lambda: client.capture(
            event.name, distinct_id=who, properties=properties
        ),
        EventType.IDENTIFY: lambda: client.set(distinct_id=who, properties=event.traits),
        EventType.GROUP: lambda: client.group_identify(
            "company", str(event.group_id), event.traits
        ),
        EventType.ALIAS: lambda: client.alias(str(event.previous_id), str(event.user_id)),
    }
    calls[event.type]()
    client.shutdown()


def from_mixpanel(url: str, event: Event) -> None:
    base = url.rstrip("/")
    client = mixpanel.Mixpanel(
        "mxp-token",
        consumer=mixpanel.Consumer(
            # Its alias() takes no other address: an event of the same form goes by way of track.
            events_url=f"{base}/import",
            people_url=f"{base}/engage",
            groups_url=f"{base}/groups",
            import_url=f"{base}/import",
        ),
    )
    who, properties = event.user_id, {**event.properties, **_money(event)}
    when = round(event.timestamp.timestamp()) if event.timestamp else 0
    # This library knows nothing of devices: the prefix is how the API names them itself.
    anybody = who or f"$device:{event.anonymous_id}"
    calls: dict[EventType, Callable[[], Any]] = {
        EventType.PAGEVIEW: lambda: client.import_data(
            None, anybody, "$mp_web_page_view", when, {"$current_url": event.url, **properties}
        ),
        EventType.CUSTOM: lambda: client.import_data(None, who, event.name, when, properties),
        EventType.IDENTIFY: lambda: client.people_set(who, _reserved(event.traits)),
        EventType.GROUP: lambda: client.group_set(
            "company", event.group_id, _reserved(event.traits)
        ),
        EventType.ALIAS: lambda: client.track(event.previous_id, "$create_alias", {"alias": who}),
    }
    calls[event.type]()


def from_amplitude(url: str, event: Event) -> None:
    settings = amplitude.Config(server_url=f"{url}2/httpapi", flush_interval_millis=10)
    client = amplitude.Amplitude("amp-secret-key", settings)
    who = amplitude.EventOptions(user_id=event.user_id, device_id=event.anonymous_id)
    told = amplitude.Identify()
    for name, value in event.traits.items():
        told.set(name, value)
    calls: dict[EventType, Callable[[], Any]] = {
        EventType.PAGEVIEW: lambda: client.track(_amplitude("page_view", event)),
        EventType.CUSTOM: lambda: client.track(_amplitude(event.name, event)),
        EventType.IDENTIFY: lambda: client.identify(told, who),
        EventType.GROUP: lambda: client.group_identify("company", str(event.group_id), told, who),
    }
    calls[event.type]()
    client.shutdown()  # waits for what is on its way


def _amplitude(name: str, event: Event) -> Any:
    facts = {"user_id": event.user_id, "device_id": event.anonymous_id, **_money(event)}
    return amplitude.BaseEvent(name, event_properties=event.properties, **facts)


def _money(event: Event) -> dict[str, Any]:
    if event.revenue is None:
        return {}
    return {"revenue": float(event.revenue.amount), "currency": event.revenue.currency}


def _reserved(traits: Mapping[str, Any]) -> dict[str, Any]:
    return {"$name" if key == "name" else key: value for key, value in traits.items()}


def _form(received: Received) -> Any:
    """Mixpanel's library sends what the API takes as JSON in a field of a form."""
    return [json.loads(parse_qs(received.body.decode())["data"][0])]


_SDK = "what the library tells of itself and its machine"

WITNESSES = [
    Witness(
        SEGMENT,
        segment,
        lambda received: json.loads(received.body),
        {"writeKey": "the key is in the login, too, where the API documents it"},
    ),
    Witness(
        POSTHOG,
        from_posthog,
        lambda received: json.loads(received.body),
        {
            "batch[].properties.$lib_version": _SDK,
            "batch[].properties.$is_server": _SDK,
            "batch[].properties.$python_runtime": _SDK,
            "batch[].properties.$python_version": _SDK,
            "batch[].properties.$os": _SDK,
            "batch[].properties.$os_version": _SDK,
            "batch[].properties.$os_distro": _SDK,
            "batch[].properties.$geoip_disable": "it knows no address of the visitor; we do",
            "batch[].properties.distinct_id": "the same is beside the properties",
            "batch[].$set.name": "the API documents $set among the properties",
            "batch[].$set.plan": "the API documents $set among the properties",
            "batch[].$set.age": "the API documents $set among the properties",
            "historical_migration": "false is what it is without",
            "sent_at": "moves times by the delay of an attempt; a server's clock needs no mending",
        },
    ),
    Witness(
        MIXPANEL,
        from_mixpanel,
        _form,
        {
            "[].properties.token": "an import logs in with it, in a header",
            "[].properties.mp_lib": _SDK,
            "[].properties.$lib_version": _SDK,
            "[].$time": "optional: an update is as old as its arrival",
        },
    ),
    Witness(
        AMPLITUDE,
        from_amplitude,
        lambda received: json.loads(received.body),
        {"events[].library": _SDK},
    ),
]

TOLD = [events.page, events.purchase, events.identify, events.group, events.alias]

#: Each library, and what its destination has a word for.
PAIRS = [
    pytest.param(witness, make, id=f"{witness.kind.name}-{make.__name__}")
    for witness in WITNESSES
    for make in TOLD
    if make not in witness.kind.unsupported
]


def paths(value: Any, place: str = "") -> Iterator[str]:
    """Where a request says anything: ``batch[].properties.url``. What is null is not said."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from paths(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for inner in value:
            yield from paths(inner, f"{place}[]")
    elif value is not None and value != {}:
        yield place


@pytest.mark.parametrize(("witness", "make"), PAIRS)
def test_we_say_what_their_library_says(
    witness: Witness, make: Callable[[], Event], destination: FakeDestination, deliver: Deliver
) -> None:
    """Their request of the same event has nothing that ours lacks."""
    event = make()
    with FakeDestination() as theirs:
        theirs.answers.append(Answer(body=b'{"status": 1, "error": null, "code": 200}'))
        witness.tell(theirs.url, event)
    good(witness.kind, destination)

    deliver(collector(witness.kind, destination), event)

    (said,) = [witness.read(received) for received in theirs.requests]
    (ours,) = [json.loads(received.body) for received in destination.requests]
    assert (
        theirs.requests[0].path.partition("?")[0] == destination.requests[0].path.partition("?")[0]
    )
    assert set(paths(said)) - set(paths(ours)) <= set(witness.own)


@pytest.mark.parametrize(("witness", "make"), PAIRS)
def test_their_library_is_right_by_our_schema(witness: Witness, make: Callable[[], Event]) -> None:
    """A schema that refused what the destination's own library sends would be wrong."""
    schema = json.loads((HERE / "schemas" / f"{witness.kind.name}.json").read_text())
    with FakeDestination() as theirs:
        theirs.answers.append(Answer(body=b'{"status": 1, "error": null, "code": 200}'))
        witness.tell(theirs.url, make())

    assert theirs.requests
    for received in theirs.requests:
        jsonschema.Draft202012Validator(schema).validate(witness.read(received))


@pytest.mark.parametrize("witness", WITNESSES, ids=lambda witness: witness.kind.name)
def test_every_excuse_is_needed(witness: Witness) -> None:
    """A line of the table that the library no longer gives a reason for has to go."""
    said: set[str] = set()
    for make in [make for make in TOLD if make not in witness.kind.unsupported]:
        with FakeDestination() as theirs:
            theirs.answers.append(Answer(body=b'{"status": 1, "error": null, "code": 200}'))
            witness.tell(theirs.url, make())
        said |= {place for received in theirs.requests for place in paths(witness.read(received))}

    assert set(witness.own) <= said
