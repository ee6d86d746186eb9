"""Segment's library for Node sends to the shop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import KEY, Shop, run_node

pytestmark = pytest.mark.deploy

Play = Callable[..., Any]


@pytest.fixture
def play(shop: Shop, node_modules: Path) -> Play:
    """Run a story of node_client.js; what the client says became of it."""

    def run(story: str, key: str = KEY) -> Any:
        return run_node("node_client.js", node_modules, SHOP=shop.url, KEY=key, STORY=story)

    return run


def test_every_call_arrives(shop: Shop, play: Play) -> None:
    """Six calls, and the store knows who did what and where."""
    told = play("calls")

    assert (set(told["statuses"]), told["failed"]) == ({200}, [])
    events = shop.events("u1")
    assert set(events) == {"identify", "Bought", "Home", "Start", "group", "alias"}
    assert events["Bought"]["revenue"] == {"amount": "29.9", "currency": "EUR"}
    assert events["Bought"]["url"] == "https://shop.example/cart"
    assert events["Bought"]["locale"] == "de-DE"
    assert events["Home"]["properties"] == {"category": "Shop"}
    assert events["group"]["traits"] == {"employees": 7}
    assert shop.ask("traits?id=old") == {
        "id": "u1",
        "ids": ["a1", "old", "u1"],
        "traits": {"$group": "acme", "plan": "pro"},
    }


def test_an_outage_loses_nothing_and_doubles_nothing(shop: Shop, play: Play) -> None:
    """5xx and a rate limit are tried again."""
    shop.fail((503, {}), (429, {"Retry-After": "1"}), (500, {}))

    told = play("one")

    assert told == {"statuses": [503, 429, 500, 200], "failed": []}
    assert list(shop.events("u1")) == ["Bought"]


@pytest.mark.parametrize(
    ("story", "key", "status"), [("one", "not-the-key", 401), ("refused", KEY, 400)]
)
def test_a_refusal_ends_it(shop: Shop, play: Play, story: str, key: str, status: int) -> None:
    """What will never be taken is sent once, and told as an error."""
    told = play(story, key)

    assert told["statuses"] == [status] == shop.statuses()
    assert f"[{status}]" in told["failed"][0]
    assert shop.ask("top") == []
