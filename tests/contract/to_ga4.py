"""Google Analytics 4, and what its documentation says of the Measurement Protocol."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flask_analytics.collectors import GA4Collector
from flask_analytics.collectors.destination import Destination
from flask_analytics.testing import Received

from . import events
from .kind import Kind

#: 300 letters, none of which may be lost without a word.
LONG = "a" * 300


def ga4(**options: Any) -> Destination:
    measurement_id = options.pop("measurement_id", "G-XXXX")
    return GA4Collector(measurement_id, options.pop("api_secret", "ga4-secret-key"), **options)


def payloads(received: Received) -> list[Any]:
    """The events, each with what the request says of all."""
    request = json.loads(received.body)
    return [{**request, **event} for event in request.pop("events")]


def micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


GA4 = Kind(
    name="ga4",
    build=ga4,
    payloads=payloads,
    message_id=lambda payload: None,
    moment=lambda payload: payload["timestamp_micros"],
    written=micros,
    identity=lambda payload: payload["client_id"],
    secrets=("ga4-secret-key",),
    address="ga4://G-XXXX:ga4-secret-key@?endpoint=ENDPOINT",
    unsupported=(events.group, events.alias),
    ip=lambda received: json.loads(received.body).get("ip_override"),
    limits=[
        (
            events.event(9, event_name=LONG),
            lambda payload: payload["name"] == LONG[:40],
        ),
        (
            events.event(9, event_name="sale", properties={"x": LONG}),
            lambda payload: payload["params"]["x"] == LONG[:100],
        ),
        (
            events.event(9, event_name="sale", properties={f"p{n}": n for n in range(60)}),
            lambda payload: len(payload["params"]) == 25,
        ),
        (
            events.page(9, url=f"https://shop.example/?ref={LONG * 4}"),
            lambda payload: len(payload["params"]["page_location"]) == 1000,
        ),
        (
            events.page(9, referrer=f"https://shop.example/?ref={LONG * 4}"),
            lambda payload: len(payload["params"]["page_referrer"]) == 420,
        ),
        (
            events.page(9, properties={"title": LONG * 4}),
            lambda payload: len(payload["params"]["page_title"]) == 300,
        ),
        (
            events.identify(9, traits={f"trait_{n}": n for n in range(30)}),
            lambda payload: len(payload["user_properties"]) == 25,
        ),
        (
            events.identify(9, traits={LONG: LONG}),
            lambda payload: payload["user_properties"] == {LONG[:24]: {"value": LONG[:36]}},
        ),
        (
            events.page(9, timestamp=events.NOW - timedelta(hours=73)),
            "expired",
        ),
    ],
    wrong=[
        ({"measurement_id": ""}, "measurement_id"),
        ({"measurement_id": "UA-1234-1"}, "Universal Analytics"),
        ({"api_secret": ""}, "api_secret"),
        ({"consent": "yes"}, "consent"),
    ],
)
