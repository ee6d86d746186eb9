"""How much pages may send: by address, all together, in bounded memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_analytics import Analytics
from flask_analytics.config import read
from flask_analytics.errors import ConfigurationError
from flask_analytics.log import QuietLog
from flask_analytics.testing import capture_events
from flask_analytics.web.rates import Rates, sender
from flask_analytics.web.table import MOST, Table

from ..conftest import Clock
from .conftest import custom

BODY = {"events": [custom()]}


def rates(clock: Clock, **config: Any) -> Rates:
    settings = read({f"ANALYTICS_INGEST_{key.upper()}": value for key, value in config.items()})
    return Rates(settings, "shop", QuietLog(), clock=clock)


def taken(hits: int, hit: Callable[[], int | None]) -> int:
    """How many of so many are taken."""
    return sum(hit() is None for _ in range(hits))


def test_a_burst_then_the_rate(clock: Clock) -> None:
    """Fifty at once, then ten a second, for each address by itself."""
    limits = rates(clock)

    assert taken(80, lambda: limits.request("192.0.2.1")) == 50
    assert taken(80, lambda: limits.request("192.0.2.2")) == 50
    clock.tick(5.1)
    for _ in range(5):
        clock.tick(1)
        assert 9 <= taken(80, lambda: limits.request("192.0.2.1")) <= 11


@given(
    st.lists(st.tuples(st.floats(0, 3), st.integers(0, 30)), min_size=1, max_size=40),
    st.sampled_from([(10, 50), (3, 10), (5, 5), (1, 60)]),
)
def test_never_more_than_the_burst_and_the_rate(
    story: list[tuple[float, int]], rate: tuple[int, int]
) -> None:
    """In t seconds, wherever they begin, at most burst + rate * t, whatever somebody tries."""
    clock = Clock()
    limits = rates(clock, rate=f"{rate[0]}/second burst {rate[1]}")
    times: list[float] = []
    for pause, tries in story:
        clock.tick(pause)
        times += [clock.now] * taken(tries, lambda: limits.request("192.0.2.1"))

    for first in range(len(times)):
        for last in range(first, len(times)):
            most = rate[1] + rate[0] * (times[last] - times[first])
            assert last - first + 1 <= most + 1  # a part of one is rounded up


def test_all_together(clock: Clock) -> None:
    """Events count, not bodies; the total is of one application."""
    limits = rates(clock, total="100/second burst 1000")

    assert taken(20, lambda: limits.events(100)) == 10
    assert limits.events(1) is not None
    clock.tick(12)  # the next window, and two seconds
    assert taken(20, lambda: limits.events(100)) == 2


def test_none_is_no_limit(clock: Clock) -> None:
    """Whoever limits in front of the application switches it off."""
    limits = rates(clock, rate=None, total=None)

    assert taken(1000, lambda: limits.request("192.0.2.1")) == 1000
    assert taken(1000, lambda: limits.events(100)) == 1000


def test_a_flood_from_ever_new_addresses_takes_no_memory(clock: Clock) -> None:
    """200,000 addresses cost what 16,384 do, and the total is not forgotten meanwhile."""
    limits = rates(clock, total="1/second burst 100")
    assert limits.events(100) is None
    for count in range(200_000):
        if count == 180_000:  # so late, because it slows all down: the last are a whole table
            tracemalloc.start()
        limits.request(f"2001:db8:{count:x}::")
        if count % 1000 == 0:
            assert limits.events(1) is not None
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    table: Any = limits._limiter().storage
    assert len(table) == MOST
    assert size < MOST * 500


def test_a_table_forgets_the_longest_unused() -> None:
    """Whoever still sends is still limited."""
    table = Table(most=2, clock=Clock())
    hit = table.acquire_sliding_window_entry

    assert hit("a", 1, 5)
    assert hit("b", 1, 5)
    assert not hit("a", 1, 5)
    assert hit("c", 1, 5)
    assert (len(table), hit("a", 1, 5), hit("b", 1, 5)) == (2, False, True)


def test_a_table_says_what_the_library_asks() -> None:
    """It is a storage like the library's own, for windows that slide."""
    table = Table(clock=Clock())
    table.acquire_sliding_window_entry("a", 9, 5, amount=2)

    assert table.check()
    assert (table.get("a"), table.get("b")) == (2, 0)
    assert table.get_expiry("a") > 0
    table.clear_sliding_window("a", 5)
    assert table.get("a") == 0
    table.acquire_sliding_window_entry("a", 9, 5)
    assert (table.reset(), len(table)) == (1, 0)
    with pytest.raises(NotImplementedError):
        table.incr("a", 5)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"REMOTE_ADDR": "192.0.2.1"}, "192.0.2.1"),
        ({"REMOTE_ADDR": "::ffff:192.0.2.1"}, "192.0.2.1"),
        ({"REMOTE_ADDR": "2001:db8:1:2:3::4"}, "20010db800010002"),
        ({"REMOTE_ADDR": "2001:db8:1:2:ffff::"}, "20010db800010002"),
        ({"REMOTE_ADDR": "127.0.0.1"}, "127.0.0.1"),
        ({"REMOTE_ADDR": ""}, None),
        ({"REMOTE_ADDR": None}, None),
        ({}, None),
        ({"REMOTE_ADDR": "unix:"}, None),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}, None),
        ({"REMOTE_ADDR": "10.0.0.1", "HTTP_FORWARDED": "for=192.0.2.1"}, None),
        ({"REMOTE_ADDR": "100.64.3.7", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}, None),
        ({"REMOTE_ADDR": "8.8.8.8", "HTTP_X_FORWARDED_FOR": "10.0.0.1"}, "8.8.8.8"),
    ],
)
def test_who_counts_as_one(environ: dict[str, Any], expected: str | None) -> None:
    """A household of IPv6 is one; a proxy that hides everybody is nobody."""
    assert sender(environ, QuietLog()) == expected


def test_a_flood_is_told_to_wait(make_app: Callable[..., Flask]) -> None:
    """429 with Retry-After, counted; others, and the views of the server, go on."""
    app = make_app(ANALYTICS_INGEST_RATE="1/second burst 5")
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    client = app.test_client()

    def send(address: str) -> Any:
        return client.post("/_a/e", json=BODY, headers={"X-Forwarded-For": address})

    with capture_events(app) as events:
        answers = [send("192.0.2.1") for _ in range(8)]
        other = send("192.0.2.2")
        for _ in range(100):
            assert client.get("/", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 200

    assert [answer.status_code for answer in answers] == [204] * 5 + [429] * 3
    assert other.status_code == 204
    assert answers[-1].mimetype == "application/problem+json"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 6
    assert len(events) == 106
    assert app.extensions["analytics"].pipeline.stats()["refused"] == {"address": 3}


def test_large_requests_count_as_several(make_app: Callable[..., Flask]) -> None:
    """One address cannot use up the total of all by bodies of a hundred events."""
    app = make_app(ANALYTICS_INGEST_RATE="1/second burst 12", ANALYTICS_INGEST_TOTAL=None)
    client = app.test_client()
    large, small = ({"events": [custom()] * count} for count in (100, 20))

    answers = [client.post("/_a/e", json=large).status_code for _ in range(3)]
    answers += [client.post("/_a/e", json=small).status_code for _ in range(2)]

    assert answers == [204, 204, 429, 204, 429]


def test_the_total_of_an_application(make_app: Callable[..., Flask]) -> None:
    """However many addresses: of all events together only so many are taken."""
    app = make_app(ANALYTICS_INGEST_TOTAL="1/second burst 100", ANALYTICS_INGEST_RATE=None)
    client = app.test_client()
    body = {"events": [custom()] * 60}

    answers = [client.post("/_a/e", json=body).status_code for _ in range(3)]

    assert answers == [204, 429, 429]
    assert app.extensions["analytics"].pipeline.stats()["refused"] == {"total": 2}


def test_pages_of_others_take_nobodys_share(make_app: Callable[..., Flask]) -> None:
    """A hostile page that a visitor has open cannot use up what the visitor may send."""
    app = make_app(ANALYTICS_INGEST_RATE="1/second burst 2")
    client = app.test_client()

    for _ in range(20):
        client.post("/_a/e", json=BODY, headers={"Sec-Fetch-Site": "cross-site"})

    assert client.post("/_a/e", json=BODY).status_code == 204


def test_each_process_of_a_fork_counts_for_itself(clock: Clock) -> None:
    """A lock that a thread of the parent held would stay locked in the child for ever."""
    limits = rates(clock, rate="1/second burst 5")
    assert taken(5, lambda: limits.request("192.0.2.1")) == 5
    limits._limiter().storage._lock.acquire()  # type: ignore[union-attr]

    pid = os.fork()
    if not pid:
        os._exit(taken(9, lambda: limits.request("192.0.2.1")))

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5


def test_the_library_comes_with_the_first_request() -> None:
    """An application that no page sends to does without."""
    code = (
        "import sys; from flask import Flask; from flask_analytics import Analytics;"
        "app = Flask('shop'); app.testing = True; Analytics(app); print('limits' in sys.modules);"
        "app.test_client().post('/_a/e', json={'events': [{'event_name': 'a'}]});"
        "print('limits' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.split() == ["False", "True"], result.stderr


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("RATE", "10/minute", "must be a rate"),
        ("RATE", "50/second burst 10", "a burst that is not less"),
        ("TOTAL", "10/second burst 50", "a burst of 100 or more"),
        ("STORAGE", "redis:/secret", "must be memory://, redis://"),
        ("STORAGE", "memcached://secret", "must be memory://, redis://"),
        ("STORAGE", "redis://:secret@host:port/x", "is no address of a Redis"),
    ],
)
def test_wrong_limits_stop_the_start(key: str, value: str, message: str) -> None:
    """With the cure, and without the password."""
    app = Flask("shop")
    app.config[f"ANALYTICS_INGEST_{key}"] = value

    with pytest.raises(ConfigurationError, match=message) as caught:
        Analytics(app)

    assert "secret" not in str(caught.value)
    assert f"ANALYTICS_INGEST_{key}" in str(caught.value)


def test_a_redis_without_its_library_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the package."""
    monkeypatch.setitem(sys.modules, "redis.retry", None)

    with pytest.raises(ConfigurationError, match=r'pip install "flask-analytics-bridge\[redis\]"'):
        rates(Clock(), storage="redis://localhost")
