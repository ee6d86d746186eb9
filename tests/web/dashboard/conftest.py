"""The actors: a shop with a week of history in the real store, and who looks at its dashboard."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_analytics import Analytics, Event, EventType, Revenue
from flask_analytics.event import Source, encode
from flask_analytics.store.embedded.store import EmbeddedStore

#: When it is looked at: a Saturday.
NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)

AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36",
)


def event(minutes: float, user: str | None = "ann", **fields: Any) -> Event:
    """An event of so many minutes before NOW."""
    at = NOW - timedelta(minutes=minutes)
    told = {"timestamp": at, "source": Source.SERVER, "user_agent": AGENTS[0], **fields}
    return Event(message_id=f"{user}-{minutes}-{len(str(fields))}", user_id=user, **told)


def view(minutes: float, user: str | None, route: str = "/", **fields: Any) -> Event:
    own = {"matched_pattern": route, "path": route, "method": "GET", "status_code": 200,
           "duration": 0.02, "hostname": "shop.example", **fields}  # fmt: skip
    return event(minutes, user, type=EventType.PAGEVIEW, **own)


def history() -> list[Event]:
    """Two weeks: the second livelier than the first."""
    found: list[Event] = []
    for day in range(14):
        people = ["ann", "bob", "cem", "dana"][: 4 if day < 7 else 2]
        for nth, user in enumerate(people):
            at = day * 1440 + nth * 7 + 1
            agent = AGENTS[nth % 2]
            found.append(view(at + 0.9, user, user_agent=agent, referrer="https://search.example/"))
            found.append(view(at + 0.6, user, "/product/<slug>", user_agent=agent))
            found.append(event(at + 0.5, user, event_name="engagement", source=Source.BROWSER,
                               user_agent=agent, properties={"engaged_seconds": 30}))  # fmt: skip
        found.append(purchase(day * 1440 + 1.2, "ann", "12.50"))
        found.append(failure(day * 1440 + 40))
    found.append(event(3, "ann", event_name="js_error", source=Source.BROWSER,
                       properties={"message": "TypeError: x is null"}))  # fmt: skip
    found.append(event(9, "ann", type=EventType.IDENTIFY, traits={"plan": "pro"}))
    return found


def purchase(minutes: float, user: str, amount: str) -> Event:
    return event(
        minutes, user, event_name="purchase", revenue=Revenue(Decimal(amount), "EUR"),
        properties={"plan": "pro"}, path="/checkout", matched_pattern="/checkout", method="POST",
        action_name="shop.checkout",
        status_code=302, duration=0.1,
    )  # fmt: skip


def failure(minutes: float) -> Event:
    return event(
        minutes, "bob", type=EventType.ACTION, action_name="shop.pay", path="/pay",
        matched_pattern="/pay", method="POST", status_code=502, duration=0.4,
    )  # fmt: skip


def use(app: Flask, store: EmbeddedStore) -> None:
    """Give the application a store, and a clock that stands at NOW."""
    state = app.extensions["analytics"]
    state.store = lambda: store
    state.pipeline.clock = NOW.timestamp


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    """The history in a real store, which tests only read: its cache makes them quick."""
    store = EmbeddedStore(tmp_path_factory.mktemp("history"), has_children=False)
    store.append([encode(one) for one in history()])
    yield store
    store.close()


@pytest.fixture
def keep(app: Flask, tmp_path: Path) -> Iterator[Callable[..., None]]:
    """Put events into the application's store: a real one of this test's own."""
    store = EmbeddedStore(tmp_path / "kept", has_children=False)
    use(app, store)

    def put(*events: Event) -> None:
        store.append([encode(one) for one in events])

    yield put
    store.close()


@pytest.fixture
def shop(app: Flask, analytics: Analytics, shelf: EmbeddedStore) -> Analytics:
    """The shop with its history, open to everybody."""
    analytics.access(lambda: True)
    use(app, shelf)
    return analytics


Look = Callable[..., TestResponse]


@pytest.fixture
def look(shop: Analytics, client: FlaskClient) -> Look:
    """Open a page of the dashboard."""

    def get(path: str = "", **options: Any) -> TestResponse:
        return client.get(f"/analytics/{path}", **options)

    return get


def text_of(page: TestResponse) -> str:
    """What can be read on it, one space between words."""
    bare = re.sub(r"<(svg|script)\b.*?</\1>|<[^>]+>", " ", page.text, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(bare))


def attributes(page: TestResponse, name: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(rf'\b{name}="([^"]*)"', page.text)]
