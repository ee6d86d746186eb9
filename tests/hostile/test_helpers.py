"""Whatever an application passes to a helper: no view fails, and each event is counted once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flask_analytics
from flask_analytics import Analytics
from flask_analytics.event import MAX_EVENT_BYTES, encode
from flask_analytics.record import thaw
from flask_analytics.store.embedded.store import EmbeddedStore
from flask_analytics.store.memory import MemoryStore

from .values import SINGLE, Recipe, anything, make, mappings

#: Together a minute, and the same in a process that gevent has patched.
pytestmark = pytest.mark.slow

#: A flood of hostile values takes its time; the same ones each time.
BOUNDED = settings(
    max_examples=50,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

#: The keywords of every helper that makes an event.
_keywords = st.dictionaries(
    st.sampled_from(["user_id", "anonymous_id", "timestamp", "context", "integrations"]),
    anything,
    max_size=5,
)

_either = mappings | anything


def without_user(keywords: dict[str, Any]) -> dict[str, Any]:
    """It is a positional argument there."""
    return {name: value for name, value in keywords.items() if name != "user_id"}


#: Name, positional arguments, keywords.
CALLS = st.one_of(
    st.tuples(st.just("track"), st.tuples(anything | st.just("a"), _either), _keywords),
    st.tuples(
        st.just("track"),
        st.just(("a",)),
        st.fixed_dictionaries({"revenue": anything | st.tuples(anything, anything)}),
    ),
    st.tuples(st.just("page"), st.tuples(anything, anything, _either), _keywords),
    st.tuples(st.just("identify"), st.tuples(anything, _either), _keywords.map(without_user)),
    st.tuples(st.just("group"), st.tuples(anything, _either), _keywords),
    st.tuples(st.just("alias"), st.tuples(anything, anything), _keywords.map(without_user)),
)

#: Those that shape the automatic event.
SHAPES = st.one_of(
    st.tuples(st.just("add_property"), st.tuples(anything, anything)),
    st.tuples(st.just("set_revenue"), st.tuples(anything, anything | st.just("EUR"))),
    st.tuples(st.just("set_event_name"), st.tuples(anything)),
)


@pytest.fixture(params=["module", "g.analytics", "extension"])
def door(request: pytest.FixtureRequest, analytics: Analytics) -> Callable[[], Any]:
    """Where an application finds the helpers."""
    return {
        "module": lambda: flask_analytics,
        "g.analytics": lambda: g.analytics,
        "extension": lambda: analytics,
    }[request.param]


@pytest.fixture
def visit(app: Flask) -> Callable[[Callable[[], Any]], list[dict[str, Any]]]:
    """Run a function in a view as in production, and read what came of it from every form that an
    event has: the journal's, the wire's."""
    state = app.extensions["analytics"]
    calls: list[Callable[[], Any]] = []
    app.add_url_rule("/view", "view", lambda: (calls.pop()() and None) or {}, methods=["POST"])
    client = app.test_client()
    sink = state.pipeline.sink  # chosen while testing: memory
    app.testing = app.debug = False
    app.config["PROPAGATE_EXCEPTIONS"] = True
    put = sink.put

    def frozen(item: Any) -> None:
        body = state.pipeline.freeze(item)[1]
        strict(body)
        assert thaw(body)
        put(item)

    sink.put = frozen

    def run(function: Callable[[], Any]) -> list[dict[str, Any]]:
        (collector,) = sink._collectors.values()
        collector.clear()
        calls.append(function)
        assert client.post("/view").status_code == 200
        return [check(encode(event)) for event in collector.events]

    return run


def strict(body: bytes) -> Any:
    """Strict JSON: UTF-8, and no NaN."""
    return json.loads(body.decode("utf-8"), parse_constant=pytest.fail)


def check(body: bytes) -> dict[str, Any]:
    """An event on the wire, which every store takes."""
    assert len(body) <= MAX_EVENT_BYTES + 8 * 1024
    assert MemoryStore().append([body]) == 1
    found: dict[str, Any] = strict(body)
    assert "\0" not in json.dumps(found, ensure_ascii=False)
    return found


@BOUNDED
@given(calls=st.lists(CALLS, min_size=1, max_size=2))
def test_no_call_reaches_its_view(
    calls: list[Any], door: Any, visit: Any, analytics: Analytics, app: Flask
) -> None:
    """In production each call is one event that was taken or one that was dropped, never both."""
    with app.app_context():
        before = sum(analytics.stats()["dropped"].values())

    def view() -> None:
        for name, arguments, keywords in calls:
            assert getattr(door(), name)(*make(arguments), **make(keywords)) is None

    events = visit(view)

    with app.app_context():
        dropped = sum(analytics.stats()["dropped"].values()) - before
    assert len(events) + dropped == len(calls) + 1


#: Every place that a value can be in: what its errors call it, and the call.
PLACES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "track name": ("event_name", lambda value: flask_analytics.track(value)),
    "track properties": ("propert", lambda value: flask_analytics.track("a", value)),
    "track property": ("'key'", lambda value: flask_analytics.track("a", {"key": value})),
    "track nested": ("'key", lambda value: flask_analytics.track("a", {"key": [{"in": value}]})),
    "track revenue": ("revenue", lambda value: flask_analytics.track("a", revenue=value)),
    "track amount": ("amount", lambda value: flask_analytics.track("a", revenue=(value, "EUR"))),
    "track currency": ("currency", lambda value: flask_analytics.track("a", revenue=(1, value))),
    "track user": ("user_id", lambda value: flask_analytics.track("a", user_id=value)),
    "track visitor": ("anonymous_id", lambda value: flask_analytics.track("a", anonymous_id=value)),
    "track time": ("timestamp", lambda value: flask_analytics.track("a", timestamp=value)),
    "track context": ("context", lambda value: flask_analytics.track("a", context=value)),
    "track wishes": ("integrations", lambda value: flask_analytics.track("a", integrations=value)),
    "page name": ("event_name", lambda value: flask_analytics.page(value)),
    "page category": ("category", lambda value: flask_analytics.page("a", value)),
    "identify": ("user_id", lambda value: flask_analytics.identify(value)),
    "traits": ("trait", lambda value: flask_analytics.identify("a", {"key": value})),
    "group": ("group_id", lambda value: flask_analytics.group(value)),
    "alias": ("previous_id", lambda value: flask_analytics.alias(value, "a")),
    "name": ("event_name", lambda value: flask_analytics.set_event_name(value)),
    "key": ("key", lambda value: flask_analytics.add_property(value, 1)),
    "value": ("'key'", lambda value: flask_analytics.add_property("key", value)),
    "amount": ("amount", lambda value: flask_analytics.set_revenue(value, "EUR")),
    "currency": ("currency", lambda value: flask_analytics.set_revenue(1, value)),
}


@pytest.mark.parametrize("place", PLACES)
def test_every_value_at_every_place(place: str, visit: Any) -> None:
    """In production it costs itself at most; a name without which there is no event, the event."""
    call = PLACES[place][1]
    for number in range(len(SINGLE)):
        events = visit(lambda number=number: call(make(Recipe(number))))

        assert 1 <= len(events) <= 2, number


def test_the_embedded_store_reads_them_back(visit: Any, tmp_path: Path) -> None:
    """What came of every value as a property, a trait and an id is in its table, then in its files,
    and comes out as it went in."""
    places = ("track property", "track nested", "traits", "identify", "track context", "name")
    bodies = {
        event["message_id"]: event
        for number in range(len(SINGLE)) for place in places
        for event in visit(lambda n=number, p=place: PLACES[p][1](make(Recipe(n))))
    }  # fmt: skip

    store = EmbeddedStore(tmp_path / "store", has_children=False)
    try:
        assert store.append([json.dumps(event).encode() for event in bodies.values()])
        for _ in range(2):
            found = [strict(body) for body in store.events()]
            for event in found:
                told = bodies[event["message_id"]]
                told.pop("client_ip", None)  # which this store does not keep
                assert event == told
            assert len(found) == len(bodies)
            store.tend()
        assert store.describe()["sealed"] == len(bodies)
    finally:
        store.close()


@pytest.mark.parametrize("place", PLACES)
def test_every_mistake_is_told_while_developing(place: str, app: Flask) -> None:
    """The message names the field, what it was, and what it must be; it is short, and one line."""
    field, call = PLACES[place]
    told = 0
    with app.test_request_context("/"):
        for number in range(len(SINGLE)):
            try:
                call(make(Recipe(number)))
            except (TypeError, ValueError) as error:
                told += 1
                text = str(error)
                assert field in text, (number, text)
                assert "must" in text, (number, text)
                assert len(text) < 400, (number, text)
                assert "\n" not in text, (number, text)
    assert told > 10


def test_terminal_codes_of_a_class_are_no_part_of_the_log(
    app: Flask, visit: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Its name is a caller's own, and goes into the log and into the event."""
    strange = type("\x1b[31m", (), {})

    visit(lambda: flask_analytics.track("a", {"key": strange()}))

    assert "analytics helper" in caplog.text
    assert "\x1b" not in caplog.text
