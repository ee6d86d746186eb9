"""The way by HTTP, through the driver, to a stand-in for a server (see ``stand_in``)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from flask_analytics.errors import StoreError
from flask_analytics.metrics.funnel import Funnel, Step
from flask_analytics.metrics.person import Person, Traits
from flask_analytics.metrics.top import Entry, TopEvents, TopProperties
from flask_analytics.metrics.window import Range
from flask_analytics.store.clickhouse.store import ClickHouseStore

from .conftest import NOON, event
from .stand_in import PASSWORD, USER, StandIn

DAY = Range(NOON - timedelta(days=1), NOON + timedelta(days=1))


@pytest.fixture
def server(store_folder: Path) -> Iterator[StandIn]:
    """A stand-in that listens."""
    stand_in = StandIn(f"{store_folder}/chdb")
    thread = threading.Thread(target=stand_in.serve_forever)
    thread.start()
    yield stand_in
    stand_in.close()
    thread.join()


@pytest.fixture
def by_http(server: StandIn) -> Iterator[ClickHouseStore]:
    """A store whose every word goes over the wire."""
    where = f"127.0.0.1:{server.server_port}/t{uuid4().hex}"
    store = ClickHouseStore(f"clickhouse://{USER}:{PASSWORD}@{where}", timeout=7)
    yield store
    store.close()


def test_in_and_out(by_http: ClickHouseStore) -> None:
    """Texts that break other wires: as names, as values, as ids."""
    hostile = "a'b\\\"\n\t\0{p1:String}%s&=; ключ 𝄞"
    body = event(1, hostile, user_id=hostile, properties={hostile: hostile}, traits={"x": hostile})
    assert by_http.append([body, event(2)]) == 2
    assert by_http.append([body]) == 0
    assert b"".join(by_http.events()).count(b"message_id") == 2
    asked = TopProperties(range=DAY, event=hostile, property=hostile)
    assert by_http.answer(asked) == (Entry(hostile, 1),)
    assert by_http.answer(Traits(hostile)) == Person(hostile, (hostile,), {"x": hostile})
    assert by_http.forget(hostile) == 1
    assert by_http.answer(TopEvents(range=DAY)) == (Entry("buy", 1),)


def test_a_funnel_and_tending(by_http: ClickHouseStore) -> None:
    """The statements that are not plain questions."""
    by_http.append([event(n, user_id="a") for n in range(3)])
    asked = Funnel(range=DAY, steps=(Step("buy"), Step("buy"), Step("buy"), Step("buy")))
    assert [step.count for step in by_http.answer(asked).steps] == [1, 1, 1, 0]
    by_http.tend()
    assert by_http.describe()["events"] == 3


def test_what_a_server_is_told(by_http: ClickHouseStore, server: StandIn) -> None:
    """Inserts of few are gathered but waited for, of many not; questions have a time limit."""
    by_http.append([event(1)])
    by_http.append([event(n) for n in range(2, 1100)])
    by_http.answer(TopEvents(range=DAY))
    inserts = [told for sql, told in server.statements if "INTO events" in sql]
    assert [told["async_insert"] for told in inserts] == ["1", "0"]
    assert {told["wait_for_async_insert"] for told in inserts} == {"1"}
    asked = [told for sql, told in server.statements if "count(*) AS n" in sql]
    assert [told["max_execution_time"] for told in asked] == ["7"]


def test_environment_gives_no_proxy(
    by_http: ClickHouseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could read every event, and the password."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert by_http.append([event(1)]) == 1


def test_a_wrong_password(server: StandIn) -> None:
    """Is an error of the store, and is not shown."""
    store = ClickHouseStore(f"clickhouse://{USER}:wrong-one@127.0.0.1:{server.server_port}/a")
    with pytest.raises(StoreError, match="Authentication failed") as caught:
        store.describe()
    assert "wrong-one" not in str(caught.value)


def test_too_long(by_http: ClickHouseStore) -> None:
    """A question beyond its time is an error that says what to do; the next one is answered."""
    by_http.append([event(1)])
    by_http._client._timeout = 0.001
    with pytest.raises(StoreError, match="shorter range"):
        by_http._client.rows("SELECT sum(sleepEachRow(0.05)) FROM numbers(100)")
    by_http._client._timeout = 7
    assert by_http.describe()["events"] == 1
