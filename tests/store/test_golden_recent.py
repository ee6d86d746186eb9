"""The newest events: histories by hand, answers by hand, every kind of store."""

from __future__ import annotations

from typing import Any

from flask_analytics.event import EventType, Source
from flask_analytics.metrics.recent import Recent
from flask_analytics.store.base import Store

from .tale import FIREFOX, GOOGLEBOT, MARCH, alias, days, event, identify, view, where


def ids(store: Store, **asked: Any) -> list[str]:
    """Message ids of the answer."""
    return [one["message_id"] for one in store.answer(Recent(**{"range": MARCH, **asked}))]


def test_the_newest_first_and_whole(store: Store) -> None:
    """By time, then message id, whenever they came; under their wire names."""
    store.append([event("9:01", "x", "ann", message_id="2", properties={"n": 5, "of": ["a"]})])
    store.append([event("9:01", "x", message_id="3"), event("9:02", "y", message_id="1")])
    store.tend()
    store.append([event("9:00", "x", message_id="9", client_ip="192.0.2.1")])
    assert ids(store) == ["1", "3", "2", "9"]
    assert ids(store, limit=3) == ["1", "3", "2"]
    (found,) = store.answer(Recent(range=MARCH, limit=1, scope=where("property.n=5")))
    assert found == {
        "message_id": "2",
        "type": "custom",
        "event_name": "x",
        "timestamp": "2026-03-02T09:01:00Z",
        "source": "api",
        "user_id": "ann",
        "properties": {"n": 5, "of": ["a"]},
    }


def test_a_limit_cuts_within_one_moment(store: Store) -> None:
    """Of those of the last time that fits, the larger message ids."""
    store.append([event("9:00", "x", message_id=f"m{n}") for n in (3, 1, 4, 2)])
    store.append([event("9:01", "x", message_id="a")])
    assert ids(store, limit=3) == ["a", "m4", "m3"]


def test_only_the_range(store: Store) -> None:
    """From its start, up to but not including its end."""
    store.append([event(f"{day} 0:00", "x", message_id=f"{day}") for day in (2, 3, 4)])
    assert ids(store, range=days(3)) == ["3"]


def test_a_name_and_a_part_of_one(store: Store) -> None:
    """The whole name exactly; a part of it whatever the case of its letters A to Z."""
    for nth, name in enumerate(["Shop.Buy", "shop.buy", "buy", "Ärger_%", "x"]):
        store.append([event(f"9:0{nth}", name, message_id=name)])
    assert ids(store, event="shop.buy") == ["shop.buy"]
    assert ids(store, like="SHOP.b") == ["shop.buy", "Shop.Buy"]
    assert ids(store, event="buy", like="shop") == []
    assert ids(store, like="_%") == ["Ärger_%"]
    assert ids(store, like="är") == []
    assert ids(store, like="ÄRG") == ["Ärger_%"]


def test_what_counts_and_what_says_who_is_who(store: Store) -> None:
    """No bots and no second word of one page view, but identify, group and alias."""
    store.append([event("9:00", "x", user_agent=GOOGLEBOT, message_id="bot")])
    store.append([identify("9:01", "ann", {"plan": "pro"}, message_id="identify")])
    store.append([alias("9:02", "a", "ann", message_id="alias")])
    seen = {"user_agent": FIREFOX, "view_id": "v1"}
    store.append([view("9:03", source=Source.SERVER, message_id="view", **seen)])
    store.append([view("9:04", source=Source.BROWSER, message_id="echo", **seen)])
    assert ids(store) == ["view", "alias", "identify"]
    assert ids(store, scope=where(bots=True)) == ["view", "alias", "identify", "bot"]
    assert ids(store, scope=where(source=Source.BROWSER)) == ["echo"]
    assert ids(store, event="identify") == ["identify"]


def test_filters(store: Store) -> None:
    """All of the language: of the event, of its properties, of its person."""
    store.append([identify("9:00", "ann", {"plan": "pro"}, message_id="0")])
    store.append([event("9:01", "x", "ann", message_id="1", matched_pattern="/blog/<slug>")])
    store.append([event("9:02", "x", "bob", message_id="2", properties={"size": 5})])
    store.append([event("9:03", type=EventType.ACTION, action_name="save", message_id="3")])
    assert ids(store, scope=where("trait.plan=pro")) == ["1", "0"]
    assert ids(store, scope=where("route=/blog/<slug>")) == ["1"]
    assert ids(store, scope=where("property.size>4", "event=x")) == ["2"]
    assert ids(store, scope=where("type=action")) == ["3"]


def test_nothing_of_somebody_forgotten(store: Store) -> None:
    """At once, before anything is rewritten."""
    store.append([event("9:00", "x", "ann", message_id="1"), event("9:00", "x", message_id="2")])
    store.tend()
    store.forget("ann")
    assert ids(store) == ["2"]
    assert ids(store, event="nope") == []
