"""A page, as the endpoint sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

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
