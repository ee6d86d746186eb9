"""Mixpanel, and what its documentation says of an import and of a profile."""

from __future__ import annotations

import json
from typing import Any

from flask_analytics.collectors import MixpanelCollector
from flask_analytics.collectors.destination import Destination
from flask_analytics.testing import Answer, Received

from . import events
from .kind import Kind, path


def mixpanel(**options: Any) -> Destination:
    account = {"service_account": "robot:mxp-secret", "project_id": "77"}
    return MixpanelCollector(options.pop("token", "mxp-token"), **{**account, **options})


def good(count: int) -> Answer:
    """The answer to an import; a profile's is a 200, too."""
    said = {"code": 200, "num_records_imported": count, "status": "OK"}
    return Answer(body=json.dumps(said).encode())


def partial(place: int, count: int) -> Answer:
    """A 400 that took all but one."""
    failed = {"index": place, "insert_id": "x", "field": "properties.time", "message": "is invalid"}
    said = {"code": 400, "error": "some data points in the request failed validation"}
    body = {**said, "num_records_imported": count - 1, "failed_records": [failed]}
    return Answer(400, body=json.dumps(body).encode())


def properties(payload: Any) -> Any:
    """Where an event says all that it says; a profile has no such part."""
    return payload.get("properties", {})


def ip(received: Received) -> str | None:
    value: str | None = path(json.loads(received.body), 0, "properties", "ip")
    return value


MIXPANEL = Kind(
    name="mixpanel",
    build=mixpanel,
    payloads=lambda received: json.loads(received.body),
    message_id=lambda payload: properties(payload)["$insert_id"],
    moment=lambda payload: properties(payload)["time"],
    written=lambda seconds: round(seconds * 1000),
    identity=lambda payload: properties(payload)["distinct_id"],
    secrets=("mxp-token", "mxp-secret", "cm9ib3Q6bXhwLXNlY3JldA=="),
    address="mixpanel://mxp-token@?service_account=robot:mxp-secret&project_id=77&endpoint=ENDPOINT",
    ip=ip,
    good=good,
    partial=(partial, "invalid_time"),
    limits=[
        (
            events.event(9, event_name="long", properties={"x": "é" * 200}),
            lambda payload: payload["properties"]["x"] == "é" * 127,
        ),
        (
            events.event(9, event_name="many", properties={f"p{n}": n for n in range(300)}),
            lambda payload: len(payload["properties"]) == 254,
        ),
        (
            events.event(9, event_name="big", properties={"x": [["y" * 255] * 254] * 20}),
            "too_large",
        ),
        (
            events.identify(9, user_id=None, anonymous_id=None),
            "no_distinct_id",
        ),
    ],
    wrong=[
        ({"token": ""}, "token"),
        ({"service_account": "robot"}, "service_account"),
        ({"service_account": None}, "service_account"),
        ({"project_id": None}, "project_id"),
        ({"group_key": " "}, "group_key"),
    ],
)
