"""Plausible, and what its documentation says of an event."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flask_analytics.collectors import PlausibleCollector
from flask_analytics.collectors.destination import Destination
from flask_analytics.testing import Answer, Received

from . import events
from .kind import Kind


def plausible(**options: Any) -> Destination:
    return PlausibleCollector(options.pop("domain", "shop.example"), **options)


def payloads(received: Received) -> list[Any]:
    """The event, and whom the headers say it is of."""
    visitor = [received.headers.get(name) for name in ("User-Agent", "X-Forwarded-For")]
    return [{**json.loads(received.body), "visitor": tuple(visitor)}]


def dropped(index: int, count: int) -> Answer:
    return Answer(202, {"x-plausible-dropped": "1"}, b"ok")


PLAUSIBLE = Kind(
    name="plausible",
    build=plausible,
    payloads=payloads,
    message_id=lambda payload: None,
    moment=lambda payload: payload.get("timestamp"),
    written=lambda seconds: f"never written: {seconds}",
    identity=lambda payload: payload["visitor"],
    secrets=(),
    address="plausible://shop.example?endpoint=ENDPOINT",
    unsupported=(events.identify, events.group, events.alias),
    ip=lambda received: received.headers.get("X-Forwarded-For"),
    needs_ip=True,
    good=lambda count: Answer(202, body=b"ok"),
    partial=(dropped, "dropped_by_plausible"),
    limits=[
        (events.event(9, event_name="n" * 121), lambda payload: len(payload["name"]) == 120),
        (
            events.page(9, url="https://shop.example/?ref=" + "ü" * 1200),
            lambda payload: len(payload["url"].encode()) == 2000,
        ),
        (
            events.page(9, referrer="https://shop.example/?ref=x" + "ü" * 1200),
            lambda payload: len(payload["referrer"].encode()) == 1999,
        ),
        (
            events.event(9, event_name="many", properties={f"p{n}": n for n in range(40)}),
            lambda payload: list(payload["props"]) == [f"p{n}" for n in range(30)],
        ),
        (
            events.event(9, event_name="long", properties={"k" * 301: "€" * 1000}),
            lambda payload: payload["props"] == {"k" * 300: "€" * 666},
        ),
        (
            events.event(9, event_name="list", properties={"a": [1], "b": {"c": 1}, "d": "e"}),
            lambda payload: payload["props"] == {"d": "e"},
        ),
        (events.page(9, timestamp=events.NOW - timedelta(minutes=61)), "expired"),
    ],
    wrong=[
        ({"domain": ""}, "domain"),
        ({"domain": "one.example,two.example"}, "domain"),
        ({"domain": "https://shop.example"}, "domain"),
        ({"anonymize_ip": True}, "anonymize_ip"),
    ],
)
