"""Segment, and what its documentation says of a batch."""

from __future__ import annotations

import json
from typing import Any

from flask_analytics.collectors import SegmentCollector
from flask_analytics.collectors.destination import Destination

from . import events
from .kind import Kind, iso, path


def segment(**options: Any) -> Destination:
    return SegmentCollector(options.pop("write_key", "sgm-secret-key"), **options)


SEGMENT = Kind(
    name="segment",
    build=segment,
    payloads=lambda received: json.loads(received.body)["batch"],
    message_id=lambda payload: payload["messageId"],
    moment=lambda payload: payload["timestamp"],
    written=iso,
    identity=lambda payload: (payload.get("userId"), payload.get("anonymousId")),
    secrets=("sgm-secret-key", "c2dtLXNlY3JldC1rZXk6"),
    address="segment://sgm-secret-key@?endpoint=ENDPOINT",
    ip=lambda received: path(json.loads(received.body), "batch", 0, "context", "ip"),
    limits=[
        (events.event(9, anonymous_id=None, event_name="nobody"), "no_user_anon_id"),
        (events.event(9, event_name="big", properties={"x": "y" * 33_000}), "too_large"),
        (events.event(9, message_id="m" * 128), lambda payload: len(payload["messageId"]) == 100),
    ],
    wrong=[({"write_key": ""}, "write_key"), ({"write_key": " x"}, "write_key")],
)
