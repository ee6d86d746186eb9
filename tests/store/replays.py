"""The actors of replays: a history, lanes to real destinations, and one that is shaped like
Segment's, with a verdict for each event."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from flask_analytics.collectors import Batch, BatchCollector, WebhookCollector
from flask_analytics.collectors.base import DELIVERED, Collector, Rejected, Verdict
from flask_analytics.delivery.dispatcher import Dispatcher
from flask_analytics.delivery.retry import RetryPolicy
from flask_analytics.event import Event, EventType, Source, encode
from flask_analytics.metrics.window import Range
from flask_analytics.store.bookmark import Bookmark, Sent
from flask_analytics.store.memory import MemoryStore
from flask_analytics.store.replays.choice import Choice
from flask_analytics.store.replays.replay import Replay
from flask_analytics.store.replays.report import Report
from flask_analytics.testing import FakeDestination

START = datetime(2026, 3, 1, tzinfo=UTC)
ALWAYS = Range(START, START + timedelta(days=365))

#: Tried again at once, so that no test waits.
SOON = RetryPolicy(base=0.001, cap=0.001)


class Segmental(BatchCollector):
    """Posts ``{"batch": [...]}`` with Segment's names; the answer may name those it refuses."""

    blocking = False
    imports = ("flask_analytics.collectors.http",)

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(**options)
        self._url = url

    def start(self) -> None:
        from flask_analytics.collectors.http import Http

        self._http = Http()

    def send(self, batch: Batch) -> Verdict | list[Verdict]:
        calls = [
            {
                "type": "track", "event": event.name, "messageId": event.message_id,
                "timestamp": event.timestamp and event.timestamp.isoformat(),
                "userId": event.user_id, "context": event.context,
            }
            for event in batch
        ]  # fmt: skip
        answer = self._http.post(self._url, json.dumps({"batch": calls}).encode(), {})
        refused = json.loads(answer.body or b"[]") if answer.status == 200 else []
        if not refused:
            return answer.verdict()
        return [
            Rejected("invalid") if event.message_id in refused else DELIVERED for event in batch
        ]

    def close(self) -> None:
        self._http.close()


def event(number: int, **fields: Any) -> bytes:
    """One of each minute."""
    told = {
        "type": EventType.CUSTOM, "event_name": "buy" if number % 10 == 0 else "look",
        "source": Source.API, "user_id": f"u{number % 5}",
        "timestamp": START + timedelta(minutes=number), "message_id": f"m{number:05}", **fields,
    }  # fmt: skip
    return encode(Event(**told))


def history(count: int) -> MemoryStore:
    store = MemoryStore()
    store.append([event(number) for number in range(count)])
    return store


def webhook(destination: FakeDestination, **options: Any) -> WebhookCollector:
    return WebhookCollector(destination.url, **{"batch_size": 20, "retry": SOON, **options})


@contextmanager
def lane(collector: Collector) -> Iterator[Dispatcher]:
    """A dispatcher with one collector, as the command makes it."""
    dispatcher = Dispatcher({"it": collector}, complete=lambda event: event)
    try:
        yield dispatcher
    finally:
        dispatcher.close(2.0)


def replay(
    source: Any,
    dispatcher: Any,
    *,
    bookmark: Bookmark[Sent] | None = None,
    filters: tuple[str, ...] = (),
    reach: timedelta | None = None,
    span: Range = ALWAYS,
    now: datetime = START + timedelta(days=30),
    batch: int = 20,
    **options: Callable[..., Any] | Any,
) -> Report:
    """Send what a store has to the lane ``it``."""
    return Replay(
        source,
        Choice(filters, reach, now),
        Report(),
        to="it",
        lane=dispatcher,
        bookmark=bookmark or Bookmark(None, Sent),
        batch=batch,
        **options,
    ).run(span)
