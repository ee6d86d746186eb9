"""Each event once, whoever sends it how often, and nobody's address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_analytics.metrics.top import Entry, TopEvents
from flask_analytics.metrics.volume import Volume
from flask_analytics.metrics.window import Range
from flask_analytics.store.clickhouse import keeping
from flask_analytics.store.clickhouse.client import Client
from flask_analytics.store.clickhouse.store import ClickHouseStore

from .conftest import NOON, Open, event

DAY = Range(NOON - timedelta(days=1), NOON + timedelta(days=1))


def total(store: ClickHouseStore) -> int:
    return sum(point.count for point in store.answer(Volume(range=DAY)))


def test_a_second_delivery_is_known(store: ClickHouseStore) -> None:
    """Also of a part, also in one batch, also with another time."""
    assert store.append([event(1), event(2), event(2)]) == 2
    assert store.append([event(2), event(3), event(7, message_id="m1")]) == 1
    assert total(store) == 3


def test_two_at_the_same_moment(store: ClickHouseStore, another: Open, monkeypatch: Any) -> None:
    """Two processes that looked before either had kept it: it is counted once, and tended away."""
    other, insert = another(), Client.insert
    other.append([event(5)])

    def late(client: Client, table: str, rows: Any) -> None:
        if table == "events":
            monkeypatch.setattr(Client, "insert", insert)
            other.append([event(1)])
        insert(client, table, rows)

    monkeypatch.setattr(Client, "insert", late)
    store.append([event(1), event(2)])
    assert rows_of(store) == 4  # it is there twice
    assert total(store) == 3
    assert store.answer(TopEvents(range=DAY)) == (Entry("buy", 3),)
    store.tend()
    assert rows_of(store) == 3
    assert total(store) == 3


def rows_of(store: ClickHouseStore) -> int:
    return int(store._client.rows("SELECT count() FROM events")[0][0])


def test_killed_before_the_second_look(store: ClickHouseStore, monkeypatch: Any) -> None:
    """The batch comes again, as its sender had no answer: what is there twice is found then."""
    store.append([event(1)])
    with monkeypatch.context() as killed:
        killed.setattr(keeping, "_known", lambda client, ids: set())
        store.append([event(1)])
    assert total(store) == 2
    assert store.append([event(1)]) == 0
    assert total(store) == 1


def test_killed_between_who_and_what(store: ClickHouseStore, monkeypatch: Any) -> None:
    """What a batch tells of people may be told twice; its events are kept once."""
    insert = Client.insert

    def killed(client: Client, table: str, rows: Any) -> None:
        if table == "events":
            raise KeyboardInterrupt
        insert(client, table, rows)

    bodies = [event(1, user_id="u", anonymous_id="a"), event(2, anonymous_id="a")]
    with monkeypatch.context() as patch:
        patch.setattr(Client, "insert", killed)
        try:
            store.append(bodies)
        except KeyboardInterrupt:
            pass
    assert total(store) == 0
    assert store.append(bodies) == 2
    assert store.forget("u") == 2


def test_nobodys_address(store: ClickHouseStore) -> None:
    """The client's IP is in no column and in no event that comes out."""
    store.append([event(1, client_ip="192.0.2.77", properties={"x": 1})])
    assert b"192.0.2" not in b"".join(store.events())


def test_hundreds_of_names(store: ClickHouseStore) -> None:
    """Any property's name, and more of them than the table has columns for, answer alike."""
    names = ["a.b", "a", "", "`;--", "%", "x" * 128, "ключ", *(f"k{n}" for n in range(2000))]
    bodies = [event(n, properties={name: n}) for n, name in enumerate(names)]
    store.append(bodies)
    from flask_analytics.metrics.top import TopProperties

    span = Range(NOON, NOON + timedelta(days=9))
    for name in names[:7] + names[-2:]:
        asked = TopProperties(range=span, event="buy", property=name)
        assert store.answer(asked) == (Entry(str(names.index(name)), 1),)
