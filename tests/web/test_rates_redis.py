"""Limits that several processes share, in a real Redis."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_analytics.config import read
from flask_analytics.log import QuietLog
from flask_analytics.web.rates import PAUSE, Rates

from ..conftest import Clock
from ..deploy.actors import Process, wait_until
from .conftest import custom

SERVER = shutil.which("redis-server")
needs_server = pytest.mark.skipif(SERVER is None, reason="there is no redis-server here")


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis of its own, on a socket in the test's folder."""
    import redis

    path = tmp_path / "redis.sock"
    command = [str(SERVER), "--port", "0", "--unixsocket", str(path), "--save", ""]
    with Process([*command, "--dir", str(tmp_path)], tmp_path / "redis.log"):
        wait_until(path.exists, "Redis did not start")
        with redis.Redis(unix_socket_path=str(path)) as client:
            wait_until(client.ping, "Redis does not answer")
        yield f"redis+unix://{path}"


def rates(url: str, **options: Clock) -> Rates:
    config = {"ANALYTICS_INGEST_STORAGE": url, "ANALYTICS_INGEST_RATE": "1/second burst 20"}
    return Rates(read(config), "shop", QuietLog(), **options)


@needs_server
def test_processes_share_their_counts(redis_url: str) -> None:
    """Two that ask the same Redis take together what one alone would."""
    one, other = rates(redis_url), rates(redis_url)

    taken = [limits.request("192.0.2.1") is None for _ in range(20) for limits in (one, other)]

    assert 20 <= sum(taken) <= 25  # a slow machine takes seconds for it
    assert rates(redis_url).request("192.0.2.1") is not None
    assert rates(redis_url).request("192.0.2.2") is None


@pytest.fixture
def make_client(make_app: Callable[..., Flask]) -> Callable[..., FlaskClient]:
    """A page's door in an application that takes three requests at once. Not TESTING, where
    nothing is asked on the network, unless said."""

    def make(url: str, **config: bool) -> FlaskClient:
        quiet = {"ANALYTICS_DURABILITY": "memory", "ANALYTICS_COLLECTORS": ["memory:"]}
        limits = {"ANALYTICS_INGEST_STORAGE": url, "ANALYTICS_INGEST_RATE": "1/second burst 3"}
        return make_app(**{"TESTING": False, **quiet, **limits, **config}).test_client()

    return make


def statuses(*clients: FlaskClient) -> list[int]:
    """Of ten requests to each, in turn."""
    return [
        client.post("/_a/e", json={"events": [custom()]}).status_code
        for _ in range(10)
        for client in clients
    ]


@needs_server
def test_the_endpoint_asks_it(redis_url: str, make_client: Callable[..., FlaskClient]) -> None:
    """By configuration alone, two workers as one."""
    answers = statuses(make_client(redis_url), make_client(redis_url))

    assert answers[:3] == [204] * 3
    assert 429 in answers


def test_a_redis_that_is_away_limits_nothing(
    make_client: Callable[..., FlaskClient], caplog: pytest.LogCaptureFixture
) -> None:
    """Events go through, one line says so, and nobody waits for it at each request."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        url = f"redis://:secret@127.0.0.1:{taken.getsockname()[1]}/0"
        answers = statuses(make_client(url))

    assert set(answers) == {204}
    (line,) = [record.getMessage() for record in caplog.records]
    assert "ANALYTICS_INGEST_STORAGE fails: nothing is limited" in line
    assert "secret" not in line


def test_no_network_in_tests(make_client: Callable[..., FlaskClient]) -> None:
    """Under TESTING the limits are those of memory."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        answers = statuses(make_client(url, TESTING=True))
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()

    assert answers[:3] == [204] * 3
    assert 429 in answers


def test_a_redis_that_hangs_is_left_alone_for_a_while(clock: Clock) -> None:
    """A request waits for it once, no longer than its time-out; then it is asked again."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        limits = rates(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", clock=clock)
        asked = []
        silent.setblocking(False)

        def connections() -> int:
            try:
                asked.append(silent.accept()[0])
            except BlockingIOError:
                pass
            return len(asked)

        assert [limits.request("192.0.2.1") for _ in range(50)] == [None] * 50
        assert (connections(), connections()) == (1, 1)
        clock.tick(PAUSE + 1)
        limits.request("192.0.2.1")
        assert connections() == 2
        for connection in asked:
            connection.close()
