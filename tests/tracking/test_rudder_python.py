"""RudderStack's library for Python speaks the same language, and sends to the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from rudderstack.analytics.client import Client

from .conftest import KEY, Shop

pytestmark = pytest.mark.deploy


@pytest.fixture
def make_client(shop: Shop, failures: list[Any]) -> Iterator[Callable[..., Client]]:
    """A client as its documentation sets one up."""
    clients: list[Client] = []

    def make(key: str = KEY) -> Client:
        client = Client(
            key,
            host=shop.host,
            on_error=lambda error, batch: failures.append(error),
            upload_interval=0.2,
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.join()


def test_every_call_arrives(
    shop: Shop, make_client: Callable[..., Client], failures: list[Any]
) -> None:
    """Its bodies are packed by gzip, as it does by itself."""
    client = make_client()

    client.identify("u1", {"plan": "pro"}, anonymous_id="a1")
    client.track("u1", "Bought", {"items": 3})
    client.page("u1", "Shop", "Home")
    client.screen("u1", "App", "Start")
    client.group("u1", "acme", {"employees": 7})
    client.alias("old", "u1")
    client.flush()

    assert failures == []
    assert {arrival["encoding"] for arrival in shop.arrivals()} == {"gzip"}
    events = shop.events("u1")
    assert set(events) == {"identify", "Bought", "Home", "Start", "group", "alias"}
    assert events["Bought"]["properties"] == {"items": 3}
    assert shop.ask("traits?id=old") == {
        "id": "u1",
        "ids": ["a1", "old", "u1"],
        "traits": {"$group": "acme", "plan": "pro"},
    }


def test_an_outage_loses_nothing_and_doubles_nothing(
    shop: Shop, make_client: Callable[..., Client], failures: list[Any]
) -> None:
    """It tries again after anything but a 200."""
    client = make_client()
    shop.fail((500, {}), (503, {}))

    client.track("u1", "Bought")
    client.flush()

    assert failures == []
    assert shop.statuses() == [500, 503, 200]
    assert list(shop.events("u1")) == ["Bought"]


def test_a_wrong_key_is_told_at_once(
    shop: Shop, make_client: Callable[..., Client], failures: list[Any]
) -> None:
    """It reads ``code`` and ``message`` of a refusal, which would fail without them."""
    client = make_client("not-the-key")

    client.track("u1", "Bought")
    client.flush()

    (error,) = failures
    assert (error.status, error.code) == (401, "write_key")
    assert "ANALYTICS_WRITE_KEYS" in error.message
    assert shop.statuses() == [401]
