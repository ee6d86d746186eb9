"""Matomo, and what its documentation says of bulk tracking."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

from flask_analytics.collectors import MatomoCollector
from flask_analytics.collectors.destination import Destination
from flask_analytics.testing import Answer, Received

from . import events
from .kind import Kind


def matomo(**options: Any) -> Destination:
    given = {
        "token_auth": "mtm-secret",
        "endpoint": "https://matomo.example",
        "dimensions": {3: "item"},
        **options,
    }
    return MatomoCollector(given.pop("site_id", 7), **given)


def from_matomo(query: str) -> dict[str, str]:
    """A query string, as Matomo reads it."""
    return {name: values[-1] for name, values in parse_qs(query.removeprefix("?")).items()}


def payloads(received: Received) -> list[Any]:
    return [from_matomo(query) for query in json.loads(received.body)["requests"]]


def good(count: int) -> Answer:
    """Without the number that was tracked, which the contract does not know."""
    return Answer(body=b'{"status":"success","invalid":0}')


def partial(place: int, count: int) -> Answer:
    said = {"status": "success", "tracked": count - 1, "invalid": 1, "invalid_indices": [place]}
    return Answer(body=json.dumps(said).encode())


MATOMO = Kind(
    name="matomo",
    build=matomo,
    payloads=payloads,
    message_id=lambda payload: None,
    moment=lambda payload: payload["cdt"],
    written=lambda seconds: str(int(seconds)),
    identity=lambda payload: (payload.get("uid"), payload.get("cid")),
    secrets=("mtm-secret",),
    address="matomo://7:mtm-secret@?endpoint=ENDPOINT",
    unsupported=(events.identify, events.group, events.alias),
    ip=lambda received: payloads(received)[0].get("cip"),
    good=good,
    partial=(partial, "invalid"),
    limits=[
        (
            events.event(9, event_name="long", user_id="u" * 256),
            lambda payload: len(payload["uid"]) == 200,
        ),
        (
            events.purchase(9, properties={"order_id": "o" * 101}),
            lambda payload: len(payload["ec_id"]) == 100,
        ),
        (
            events.event(9, event_name="long", properties={"item": "i" * 251}),
            lambda payload: len(payload["dimension3"]) == 250,
        ),
        (
            events.event(9, event_name="big", url="https://shop.example/" + "x" * 300_000),
            "too_large",
        ),
    ],
    wrong=[
        ({"site_id": "shop"}, "site_id"),
        ({"token_auth": ""}, "token_auth"),
        ({"endpoint": None}, "endpoint"),
    ],
)
