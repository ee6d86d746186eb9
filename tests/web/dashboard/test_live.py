"""The newest events, and streams that hold nobody for long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from flask_analytics import Event
from flask_analytics.event import encode
from flask_analytics.store.memory.store import MemoryStore
from flask_analytics.web.dashboard import live, recent
from flask_analytics.web.dashboard.desk import open_desk
from flask_analytics.web.dashboard.recent import Recent, newest

from .conftest import NOW, event

Keep = Callable[..., None]


def names(found: list[Event]) -> list[str]:
    return [one.name for one in found]


def wanted(**options: Any) -> Recent:
    return Recent(NOW, NOW - timedelta(days=90), **options)


def test_newest_first_however_far_back() -> None:
    """It looks further back until it has enough, and no further."""
    store = MemoryStore()
    store.append([encode(event(minutes, event_name=f"e{minutes}")) for minutes in
                  (0.5, 5, 50, 3000, 50_000)])  # fmt: skip

    assert names(newest(store, wanted())) == ["e0.5", "e5", "e50", "e3000", "e50000"]
    assert names(newest(store, wanted(limit=2))) == ["e0.5", "e5"]
    assert names(newest(store, wanted(event="e3000"))) == ["e3000"]
    assert names(newest(store, wanted(like="e50"))) == ["e50", "e50000"]


def test_a_look_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rare event amid millions must not read them all."""
    monkeypatch.setattr(recent, "MOST", 10)
    store = MemoryStore()
    store.append([encode(event(0.5, event_name="rare"))])
    store.append([encode(event(60 + nth, event_name="often")) for nth in range(100)])

    assert names(newest(store, wanted(event="rare"))) == ["rare"]


@pytest.fixture
def streams(app: Flask, keep: Keep, clock: Any) -> live.Streams:
    """Streams whose time goes on when they wait."""
    state = app.extensions["analytics"]
    return live.Streams(lambda: open_desk(state, "live"), clock, clock.tick)


THREADS = {"wsgi.multithread": True}


def test_a_stream_tells_each_event_once_and_ends(
    app: Flask, streams: live.Streams, keep: Keep
) -> None:
    """What is new since the look before, for 25 seconds."""
    keep(event(0.1, event_name="first"))

    with app.test_request_context("/analytics/live/stream", environ_overrides=THREADS):
        parts = iter(streams.answer().response)
        told = [next(parts), next(parts)]
        keep(event(0.05, event_name="second"))
        rest = list(parts)

    assert told[0] == "retry: 1000\n\n"
    assert ">first<" in told[1]
    assert ">second<" in rest[0]
    assert ">first<" not in "".join(rest)
    assert set(rest[1:]) == {":\n\n"}
    assert len(rest) < live.LENGTH / live.PAUSE + 2


def test_streams_are_few(app: Flask, streams: live.Streams) -> None:
    """One too many is told to ask instead; so is everybody on a server without threads."""
    with app.test_request_context("/analytics/live/stream", environ_overrides=THREADS):
        open_ones = [iter(streams.answer().response) for _ in range(live.STREAMS)]
        for one in open_ones:
            next(one)
        assert streams.answer().status_code == 204
        for one in open_ones:
            one.close()  # type: ignore[attr-defined]
        assert streams.answer().status_code == 200
    with app.test_request_context("/", environ_overrides={"wsgi.multithread": False}):
        assert streams.answer().status_code == 204
