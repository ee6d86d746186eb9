"""Amplitude, and what its documentation says of an upload."""

from __future__ import annotations

import json
from typing import Any

from flask_analytics.collectors import AmplitudeCollector
from flask_analytics.collectors.destination import Destination
from flask_analytics.testing import Answer

from . import events
from .kind import Kind, path


def amplitude(**options: Any) -> Destination:
    return AmplitudeCollector(options.pop("api_key", "amp-secret-key"), **options)


def good(count: int) -> Answer:
    return Answer(body=json.dumps({"code": 200, "events_ingested": count}).encode())


AMPLITUDE = Kind(
    name="amplitude",
    build=amplitude,
    payloads=lambda received: json.loads(received.body)["events"],
    message_id=lambda payload: payload["insert_id"],
    moment=lambda payload: payload["time"],
    written=lambda seconds: round(seconds * 1000),
    identity=lambda payload: (payload.get("user_id"), payload.get("device_id")),
    secrets=("amp-secret-key",),
    address="amplitude://amp-secret-key@?endpoint=ENDPOINT",
    unsupported=(events.alias,),
    ip=lambda received: path(json.loads(received.body), "events", 0, "ip"),
    good=good,
    limits=[
        (events.event(9, anonymous_id=None, event_name="nobody"), "no_user_or_device_id"),
        (
            events.event(9, anonymous_id="anonymous", event_name="nobody"),
            "no_user_or_device_id",
        ),
        (events.event(9, event_name="big", properties={"x": ["y" * 1000] * 1000}), "too_large"),
        (
            events.event(9, event_name="long", properties={"x": {"deep": "y" * 1025}}),
            lambda payload: len(payload["event_properties"]["x"]["deep"]) == 1024,
        ),
        (
            events.event(9, event_name="short", user_id="null"),
            lambda payload: "user_id" not in payload,
        ),
    ],
    wrong=[
        ({"api_key": ""}, "api_key"),
        ({"min_id_length": 0}, "min_id_length"),
        ({"group_type": ""}, "group_type"),
    ],
)
