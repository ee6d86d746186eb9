"""A database of an earlier version is brought up to date, with what is in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_analytics.event import EventType
from flask_analytics.metrics.filters import Scope, parse
from flask_analytics.metrics.top import Entry, TopEvents
from flask_analytics.metrics.window import Range
from flask_analytics.store.clickhouse import migrations
from flask_analytics.store.clickhouse.client import Client

from .conftest import NOON, Open, event

DAY = Range(NOON - timedelta(days=1), NOON + timedelta(days=1))


def test_actions_of_before_there_was_a_column_for_them(another: Open, monkeypatch: Any) -> None:
    """Their events' JSON tells; what is kept from now on is a column."""
    insert = Client.insert

    def early(client: Client, table: str, rows: Any) -> None:
        known = [{name: row[name] for name in row if name != "action_name"} for row in rows]
        insert(client, table, known)

    with monkeypatch.context() as before:
        before.setattr(migrations, "MIGRATIONS", {1: migrations.MIGRATIONS[1]})
        before.setattr(Client, "insert", early)
        another().append([event(1, "purchase", action_name="shop.pay"), event(2, "tracked")])
    store = another()
    store.append([event(3, "refund", type=EventType.ACTION, action_name="shop.refund")])

    scope = Scope(filters=(parse("action~shop."),))
    answer = store.answer(TopEvents(range=DAY, scope=scope))
    assert answer == (Entry("purchase", 1), Entry("refund", 1))
