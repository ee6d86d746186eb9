"""PostHog, and what its documentation says of a batch."""

from __future__ import annotations

import json
from typing import Any

from flask_analytics.collectors import PostHogCollector
from flask_analytics.collectors.destination import Destination

from . import events
from .kind import Kind, iso, path


def posthog(**options: Any) -> Destination:
    return PostHogCollector(options.pop("api_key", "phc_secret"), **options)


POSTHOG = Kind(
    name="posthog",
    build=posthog,
    payloads=lambda received: json.loads(received.body)["batch"],
    message_id=lambda payload: payload["uuid"],
    moment=lambda payload: payload["timestamp"],
    written=iso,
    identity=lambda payload: payload["distinct_id"],
    secrets=("phc_secret",),
    address="posthog://phc_secret@?endpoint=ENDPOINT",
    ip=lambda received: path(json.loads(received.body), "batch", 0, "properties", "$ip"),
    limits=[
        (events.event(9, anonymous_id=None, event_name="nobody"), "no_distinct_id"),
        (events.event(9, event_name="big", properties={"x": "y" * 930_000}), "too_large"),
        (
            events.event(9, event_name="long", user_id="u" * 256),
            lambda payload: len(payload["distinct_id"]) == 200,
        ),
    ],
    wrong=[({"api_key": ""}, "api_key"), ({"group_type": ""}, "group_type")],
)
