"""analytics.metrics: every question as a function, against a real store."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from flask_analytics import Analytics, Event, Revenue
from flask_analytics.errors import ConfigurationError, QuestionError
from flask_analytics.event import EventType, Source, encode
from flask_analytics.metrics.ask import Metrics
from flask_analytics.metrics.filters import Filter, Operator
from flask_analytics.metrics.frame import to_arrow, to_pandas
from flask_analytics.metrics.funnel import Step
from flask_analytics.metrics.top import Entry
from flask_analytics.metrics.volume import Point, Volume
from flask_analytics.metrics.window import Bucket, Range
from flask_analytics.store.memory import MemoryStore

NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)
DAY = Range(datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
def store() -> MemoryStore:
    """Two people: one who bought, one who only signed up."""
    told = [
        {"event_name": "signup", "user_id": "u1", "properties": {"plan": "pro"}},
        {"event_name": "buy", "user_id": "u1", "revenue": Revenue.of("0.10", "EUR")},
        {"event_name": "signup", "user_id": "u2", "properties": {"plan": "free"}},
        {"type": EventType.IDENTIFY, "user_id": "u1", "traits": {"name": "Ada"}},
        {"type": EventType.PAGEVIEW, "user_id": "u2", "path": "/"},
    ]
    filled = MemoryStore()
    for minute, fields in enumerate(told):
        when = NOW - timedelta(minutes=10 - minute)
        event = Event(message_id=f"m{minute}", timestamp=when, source=Source.API, **fields)
        filled.append([encode(event)])
    return filled


@pytest.fixture
def metrics(store: MemoryStore) -> Metrics:
    """The functions, at NOW."""
    return Metrics(lambda: store, NOW.timestamp)


ASKED: dict[str, Callable[[Metrics], Any]] = {
    "volume": lambda ask: ask.volume(),
    "top_events": lambda ask: ask.top_events(),
    "top_properties": lambda ask: ask.top_properties("signup", "plan"),
    "breakdown": lambda ask: ask.breakdown("page"),
    "funnel": lambda ask: ask.funnel(["signup", "buy"]),
    "retention": lambda ask: ask.retention(date(2026, 11, 21)),
    "active_users": lambda ask: ask.active_users(interval="day", rolling=7),
    "visits": lambda ask: ask.visits(),
    "revenue": lambda ask: ask.revenue(),
    "latency": lambda ask: ask.latency(),
    "dashboard": lambda ask: ask.dashboard(),
    "people": lambda ask: ask.people(),
    "traits": lambda ask: ask.traits("u1"),
    "timeline": lambda ask: ask.timeline("u1"),
    "recent": lambda ask: ask.recent(like="SIGN", limit=2),
}


def test_every_function_is_asked_here() -> None:
    """A new question gets an example, and each says where its definition is."""
    public = {name for name, _ in inspect.getmembers(Metrics, inspect.isfunction) if name[0] != "_"}
    assert public - {"ask"} == set(ASKED)
    for name in ASKED:
        assert "``metrics." in (getattr(Metrics, name).__doc__ or ""), name


def test_volume(metrics: Metrics, store: MemoryStore) -> None:
    """The frozen answer of the store, to the question that the words make."""
    answer = metrics.volume("signup", from_="2026-11-21")

    assert answer == (Point("2026-11-21T00:00:00+00:00", 2),)
    assert answer == store.answer(Volume(range=DAY, event="signup"))
    assert metrics.ask(Volume(range=DAY, event="signup")) == answer


def test_ranges(metrics: Metrics) -> None:
    """Text, dates and datetimes mean the same."""
    answers = [
        metrics.volume(bucket="hour", from_=start, to=end, tz="Europe/Berlin")
        for start, end in [
            ("2026-11-21", "2026-11-22"),
            (date(2026, 11, 21), date(2026, 11, 22)),
            (datetime(2026, 11, 21), datetime(2026, 11, 21, 23, tzinfo=UTC)),
        ]
    ]
    assert len(answers[0]) == 24
    assert answers[0][0].time == "2026-11-21T00:00:00+01:00"
    assert answers[0] == answers[1] == answers[2]
    assert metrics.volume(bucket=Bucket.HOUR, from_=date(2026, 11, 21))


def test_filters(metrics: Metrics) -> None:
    """One or several, as text or as values."""
    pro = Filter("property.plan", Operator.EQUALS, "pro")
    expected = (Entry("signup", 1),)

    assert metrics.top_events(filter="property.plan=pro") == expected
    assert metrics.top_events(filter=pro) == expected
    assert metrics.top_events(filter=[pro, "event=signup"]) == expected
    assert metrics.top_events(source="server") == ()


def test_top_properties(metrics: Metrics) -> None:
    """Values of one property."""
    assert metrics.top_properties("signup", "plan") == (Entry("free", 1), Entry("pro", 1))


def test_funnel(metrics: Metrics) -> None:
    """Steps are names, pairs with filters, or Steps."""
    plain = metrics.funnel(["signup", "buy"], window=timedelta(days=1))
    narrow = metrics.funnel([("signup", "property.plan=free"), Step("buy")])
    grouped = metrics.funnel(["signup", "buy"], breakdown="property.plan", limit=1)

    assert [step.count for step in plain.steps] == [2, 1]
    assert [step.count for step in narrow.steps] == [1, 0]
    assert [group.key for group in grouped.groups] == ["free"]


def test_retention(metrics: Metrics) -> None:
    """The cohort of a day, by default."""
    answer = metrics.retention("2026-11-21", offsets=[0, 1], grid=True)

    assert (answer.size, answer.returned[0].returned) == (2, 2)
    assert answer.returned[1].partial
    assert len(answer.cohorts) == 1


def test_other_answers(metrics: Metrics) -> None:
    """People, visits, money, traits and what somebody did."""
    assert metrics.active_users().people == 2
    assert metrics.active_users(interval="day", rolling="7d").series[-1].count == 2
    assert metrics.visits().visits == 2
    assert metrics.revenue()[0].amount == Decimal("0.1")
    assert metrics.breakdown("page")[0].people == 1
    assert metrics.dashboard(days=1).total_events == 4
    assert [one.id for one in metrics.people("u2")] == ["u2"]
    assert metrics.traits("u1").traits == {"name": "Ada"}
    assert metrics.timeline("u1", limit=1)[0]["type"] == "identify"
    assert metrics.latency() == ()


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda ask: ask.volume(bucket="year"), "bucket"),
        (lambda ask: ask.volume(from_="2026-11-20", to="2026-11-01"), "from"),
        (lambda ask: ask.volume(tz="Mars"), "tz"),
        (lambda ask: ask.volume(filtr="path=/"), "filtr"),
        (lambda ask: ask.top_events(limit=0), "limit"),
        (lambda ask: ask.top_properties(None, "plan"), "event"),
        (lambda ask: ask.funnel("signup"), "step"),
        (lambda ask: ask.traits(None), "id"),
        (lambda ask: ask.dashboard(days=0), "days"),
    ],
)
def test_errors_name_the_argument(
    metrics: Metrics, call: Callable[[Metrics], Any], field: str
) -> None:
    """The same as over HTTP."""
    with pytest.raises(QuestionError) as caught:
        call(metrics)
    assert caught.value.field == field


@pytest.mark.parametrize("name", ASKED)
def test_frames(metrics: Metrics, name: str) -> None:
    """Every answer is a table, in pandas as in Arrow."""
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    answer = ASKED[name](metrics)

    frame, table = to_pandas(answer, "latency"), to_arrow(answer, "latency")

    assert list(frame.columns) == table.column_names
    assert len(frame) == table.num_rows
    assert table.column_names
    if name == "volume":
        assert frame["count"].sum() == 4
    if name == "revenue":
        assert table.to_pylist() == [{"currency": "EUR", "amount": Decimal("0.1"), "count": 1}]


def test_traits_of_several_types_are_text(store: MemoryStore, metrics: Metrics) -> None:
    """A column of Arrow has one type."""
    pytest.importorskip("pyarrow")
    traits = {"a": 1, "b": "x", "c": None, "d": [1], "e": True}
    event = Event(type=EventType.IDENTIFY, message_id="t", timestamp=NOW, user_id="u9")
    event.traits = traits
    store.append([encode(event)])

    values = to_arrow(metrics.traits("u9"))["value"].to_pylist()

    assert values == ["1", "x", None, "[1]", "True"]


def test_the_extension_has_them(app: Flask, analytics: Analytics, store: MemoryStore) -> None:
    """analytics.metrics asks the current application's store."""
    state = app.extensions["analytics"]
    state.store, state.pipeline.clock = (lambda: store), NOW.timestamp

    with app.app_context():
        assert analytics.metrics.volume(from_="2026-11-21")[0].count == 4


def test_without_a_store(app: Flask, analytics: Analytics) -> None:
    """The message names the setting."""
    app.extensions["analytics"].store = None

    with app.app_context(), pytest.raises(ConfigurationError, match="ANALYTICS_STORE"):
        _ = analytics.metrics
