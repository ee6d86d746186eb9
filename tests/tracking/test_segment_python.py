"""Segment's library for Python sends to the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from segment.analytics.client import Client

from ..deploy.actors import wait_until
from .conftest import KEY, Shop

pytestmark = pytest.mark.deploy


@pytest.fixture
def make_client(shop: Shop, failures: list[Any]) -> Iterator[Callable[..., Client]]:
    """A client as its documentation sets one up; it differs from Segment's by one address."""
    clients: list[Client] = []

    def make(key: str = KEY, **options: Any) -> Client:
        client = Client(
            key,
            host=shop.host,
            on_error=lambda error, batch: failures.append((error, len(batch))),
            upload_interval=0.2,
            **options,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        if client.consumers:
            client.shutdown()


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "gzip"])
def test_every_call_arrives(
    shop: Shop, make_client: Callable[..., Client], failures: list[Any], is_packed: bool
) -> None:
    """Six calls, one batch, and the store knows who did what, when and where."""
    client = make_client(gzip=is_packed)
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    context = {
        "ip": "192.0.2.7",
        "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0",
        "locale": "de_de",
        "page": {"url": "https://shop.example/cart?utm_source=mail&token=secret"},
        "groupId": "acme",
    }

    client.identify("u1", {"plan": "free"})
    client.identify("u1", {"plan": "pro"}, anonymous_id="a1")
    client.flush()
    client.track("u1", "Bought", {"revenue": 29.9, "currency": "EUR"}, context, timestamp=when)
    client.page("u1", "Shop", "Home", {"url": "https://shop.example/"})
    client.screen("u1", "App", "Start")
    client.group("u1", "acme", {"employees": 7})
    client.alias("old", "u1")
    client.track(anonymous_id="a1", event="Seen")
    client.flush()

    assert failures == []
    assert {arrival["encoding"] for arrival in shop.arrivals()} == {"gzip" if is_packed else None}
    told = shop.ask("timeline?id=u1&from=2026-01-01")
    events = {event.get("event_name") or event["type"]: event for event in told}
    assert len(told) == 8
    bought = events["Bought"]
    assert bought["timestamp"] == "2026-01-02T03:04:05Z"
    assert (bought["source"], bought["locale"]) == ("api", "de-DE")
    assert bought["url"] == "https://shop.example/cart?utm_source=mail"
    assert bought["revenue"] == {"amount": "29.9", "currency": "EUR"}
    assert (events["Home"]["type"], events["Start"]["type"]) == ("pageview", "pageview")
    assert events["Home"]["properties"]["category"] == "Shop"
    assert (events["group"]["group_id"], events["group"]["traits"]) == ("acme", {"employees": 7})
    assert shop.ask("traits?id=a1") == {
        "id": "u1",
        "ids": ["a1", "old", "u1"],
        "traits": {"$group": "acme", "plan": "pro"},
    }
    question = "breakdown?dimension=browser&event=Bought&from=2026-01-01"
    firefox = shop.ask(f"{question}&filter=group%3Dacme")
    assert [(row["key"], row["count"]) for row in firefox] == [("Firefox", 1)]


def test_an_outage_loses_nothing_and_doubles_nothing(
    shop: Shop, make_client: Callable[..., Client], failures: list[Any]
) -> None:
    """5xx, a rate limit and a cut answer are tried again, under the same message ids."""
    client = make_client()
    shop.fail((500, {}), (503, {}), (429, {"Retry-After": "1"}))

    for number in range(5):
        client.track("u1", f"step {number}")
    client.flush()

    wait_until(lambda: 200 in shop.statuses(), "the client did not try again")
    assert shop.statuses()[:3] == [500, 503, 429]
    assert failures == []
    assert len(shop.events("u1")) == 5


def test_a_batch_that_comes_twice_counts_once(
    shop: Shop, make_client: Callable[..., Client]
) -> None:
    """What a client sends again because an answer was lost has the ids it had."""
    client = make_client(sync_mode=True)

    for _ in range(2):
        client.track("u1", "Bought", message_id="m1")

    assert shop.statuses() == [200, 200]
    assert list(shop.events("u1")) == ["Bought"]


def test_a_wrong_key_is_told_at_once(
    shop: Shop, make_client: Callable[..., Client], failures: list[Any]
) -> None:
    """401: the client gives up, and its owner hears our own words."""
    client = make_client("not-the-key")

    client.track("u1", "Bought")
    client.flush()

    ((error, count),) = failures
    assert (error.status, error.code, count) == (401, "write_key", 1)
    assert "ANALYTICS_WRITE_KEYS" in error.message
    assert shop.statuses() == [401]


def test_what_is_refused_is_told_and_not_sent_again(
    shop: Shop, make_client: Callable[..., Client], failures: list[Any]
) -> None:
    """400 names the message, the field and the cure; a batch with one good message is a 200."""
    client = make_client()
    late = datetime(1969, 7, 20, tzinfo=UTC)

    client.track("u1", "Landed", timestamp=late)
    client.flush()
    client.track("u1", "Landed", timestamp=late)
    client.track("u1", "Bought")
    client.flush()

    ((error, count),) = failures
    assert (error.status, error.code, count) == (400, "bad_timestamp", 1)
    assert "1970" in error.message
    assert shop.statuses() == [400, 200]
    assert list(shop.events("u1")) == ["Bought"]
