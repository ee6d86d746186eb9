"""Umami, and what its documentation and its server say of an event."""

from __future__ import annotations

import json
from typing import Any

from flask_analytics.collectors import UmamiCollector
from flask_analytics.collectors.destination import Destination
from flask_analytics.testing import Answer, Received

from . import events
from .kind import Kind, path

WEBSITE = "e676c9b4-11e4-4ef1-a4d7-87001773e9f2"


def umami(**options: Any) -> Destination:
    return UmamiCollector(options.pop("website", WEBSITE), **options)


def payloads(received: Received) -> list[Any]:
    return [item["payload"] for item in json.loads(received.body)]


def processed(count: int, *details: Any) -> Answer:
    """What ``/api/batch`` says."""
    said = {"size": count, "processed": count - len(details), "errors": len(details)}
    return Answer(body=json.dumps({**said, "details": details}).encode())


def refused(index: int, count: int) -> Answer:
    error = {"message": "Bad request", "code": "bad-request", "status": 400}
    return processed(count, {"index": index, "response": {"error": error}})


LONG = "a" * 600

UMAMI = Kind(
    name="umami",
    build=umami,
    payloads=payloads,
    message_id=lambda payload: None,
    moment=lambda payload: payload["timestamp"],
    written=int,
    identity=lambda payload: payload.get("id"),
    secrets=(),
    address=f"umami://{WEBSITE}@?endpoint=ENDPOINT",
    unsupported=(events.group, events.alias),
    ip=lambda received: path(payloads(received), 0, "ip"),
    good=processed,
    partial=(refused, "bad-request"),
    limits=[
        (events.event(9, event_name=LONG), lambda payload: payload["name"] == LONG[:50]),
        (events.event(9, event_name="=cmd()"), lambda payload: payload["name"] == "cmd()"),
        (events.event(9, event_name="+="), "no_name"),
        (
            events.event(9, event_name="who", user_id=LONG),
            lambda payload: len(payload["id"]) == 50,
        ),
        (
            events.page(9, hostname=f"{LONG}.example"),
            lambda payload: payload["hostname"] == LONG[:100],
        ),
        (events.page(9, locale=LONG), lambda payload: payload["language"] == LONG[:35]),
        (
            events.page(9, properties={"title": LONG}),
            lambda payload: payload["title"] == LONG[:500],
        ),
        (
            events.page(9, url=f"https://shop.example/{LONG}?ref={LONG}"),
            lambda payload: payload["url"] == f"https://shop.example/{LONG[:499]}?ref={LONG[:496]}",
        ),
        (
            events.page(9, referrer="https://[no.example/"),
            lambda payload: "referrer" not in payload,
        ),
        (
            events.page(9, properties={"author": "Åsa"}),
            lambda payload: "data" not in payload,
        ),
        (
            events.event(9, event_name="long", properties={"x": LONG, "y": [LONG]}),
            lambda payload: payload["data"] == {"x": LONG[:500]},
        ),
        (
            events.event(9, event_name="many", properties={f"p{n}": n for n in range(60)}),
            lambda payload: list(payload["data"]) == [f"p{n}" for n in range(50)],
        ),
    ],
    wrong=[({"website": ""}, "website"), ({"website": "shop.example"}, "website")],
)
