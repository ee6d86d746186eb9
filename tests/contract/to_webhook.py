"""An address of one's own."""

from __future__ import annotations

import json
from typing import Any

from flask_analytics.collectors import WebhookCollector
from flask_analytics.collectors.client import HttpCollector
from flask_analytics.testing import Answer

from . import events
from .kind import Kind, iso


def webhook(**options: Any) -> HttpCollector:
    url = options.pop("endpoint", "https://example.com/events")
    # Each attempt is signed with its own time, so that an old one cannot be sent again by others.
    return WebhookCollector(url, secret="whsec-hidden", clock=lambda: 1000.0, **options)


def partial(place: int, count: int) -> Answer:
    ids = [events.purchase(number).message_id for number in range(count)]
    return Answer(body=json.dumps({"rejected": [ids[place]]}).encode())


WEBHOOK = Kind(
    name="webhook",
    build=webhook,
    payloads=lambda received: json.loads(received.body),
    message_id=lambda payload: payload["message_id"],
    moment=lambda payload: payload["timestamp"],
    written=iso,
    identity=lambda payload: (payload.get("user_id"), payload.get("anonymous_id")),
    secrets=("whsec-hidden",),
    address="webhook+ENDPOINT?secret=whsec-hidden",
    ip=lambda received: json.loads(received.body)[0]["client_ip"],
    trims=False,
    partial=(partial, "refused"),
    wrong=[({"endpoint": "/events"}, "url"), ({"headers": {"X": "a\nb"}}, "header X")],
)
