"""A page, as the endpoint sees it; and those who ask the read API."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from flask_analytics import Analytics, Event
from flask_analytics.event import Source, encode
from flask_analytics.store.memory import MemoryStore

Send = Callable[..., TestResponse]


@pytest.fixture
def send(client: FlaskClient) -> Send:
    """Post a body as a page does."""

    def post(body: Any, content_type: str = "text/plain", **headers: str) -> TestResponse:
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post("/_a/e", data=data, content_type=content_type, headers=given)

    return post


def custom(name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"event_name": name, **fields}


#: When the read API is asked.
NOW = datetime(2026, 11, 21, 11, tzinfo=UTC)

Ask = Callable[..., TestResponse]


@pytest.fixture
def store(app: Flask) -> MemoryStore:
    """The application's store, empty; its clock stands at NOW."""
    state = app.extensions["analytics"]
    found = MemoryStore()
    state.store = lambda: found
    state.pipeline.clock = NOW.timestamp
    return found


@pytest.fixture
def keep(store: MemoryStore) -> Callable[..., None]:
    """Put an event of an hour ago into the store."""

    def add(name: str = "signup", user: str = "u1", **fields: Any) -> None:
        told = {"timestamp": NOW - timedelta(hours=1), "message_id": uuid4().hex, **fields}
        event = Event(event_name=name, user_id=user, source=Source.API, **told)
        assert store.append([encode(event)]) == 1

    return add


@pytest.fixture
def ask(analytics: Analytics, store: MemoryStore, client: FlaskClient) -> Ask:
    """Ask the read API, as somebody who may read."""
    analytics.access(lambda: True)

    def get(path: str, **options: Any) -> TestResponse:
        return client.get(f"/analytics/api/{path}", **options)

    return get
