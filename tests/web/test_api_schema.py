"""The API's own description: complete, true, and what it promises holds for made-up requests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from flask_analytics import Analytics
from flask_analytics.event import Event, Revenue, Source, encode
from flask_analytics.metrics.kinds import KINDS
from flask_analytics.metrics.parameters import TABLE
from flask_analytics.metrics.top import Dimension
from flask_analytics.store.memory import MemoryStore
from flask_analytics.web.openapi import document
from flask_analytics.web.tracking import READERS

from .conftest import NOW, Ask

KEY = "write-me"

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()

#: Made-up requests for each route, and the same ones each time.
BOUNDED = settings(
    max_examples=40,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def served() -> Flask:
    """An application with a store that has something of everything."""
    app = Flask("shop")
    app.config.update(TESTING=True, ANALYTICS_WRITE_KEYS={"w": KEY})
    analytics = Analytics(app)
    analytics.access(lambda: True)
    store = MemoryStore()
    fields: dict[str, Any] = {"timestamp": NOW, "source": Source.API, "user_id": "u1"}
    fields |= {"revenue": Revenue.of("1.50", "EUR"), "properties": {"plan": "pro"}}
    for place, name in enumerate(["a", "b", "0"]):
        event = Event(event_name=name, message_id=f"m{place}", traits={"plan": "pro"}, **fields)
        store.append([encode(event)])
    state = app.extensions["analytics"]
    state.store, state.pipeline.clock = (lambda: store), NOW.timestamp
    return app


APP = served()
SCHEMA = schemathesis.openapi.from_wsgi("/analytics/api/openapi.json", APP)
OPERATIONS = {result.ok().path: result.ok() for result in SCHEMA.get_all_operations()}

CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.response_headers_conformance,
]


@pytest.mark.parametrize("path", OPERATIONS)
def test_made_up_requests(path: str) -> None:
    """Whatever fits the description is answered as the description says; a question that makes
    no sense is a 400 that is described, too."""
    headers = {"Authorization": f"Bearer {KEY}"} if OPERATIONS[path].method == "post" else {}

    @BOUNDED
    @given(st.data())
    def run(data: st.DataObject) -> None:
        case = data.draw(OPERATIONS[path].as_strategy())
        case.call_and_validate(checks=CHECKS, headers={**headers, "Accept": "application/json"})

    run()


def test_every_route_and_parameter_is_described() -> None:
    """The document is made of the table that the routes read."""
    paths = document("/analytics")["paths"]

    writing = {"/api/events", "/api/identify", *(f"/v1/{name}" for name in READERS)}
    assert set(paths) == {f"/api/{kind}" for kind in KINDS} | writing
    for kind, asked in KINDS.items():
        described = paths[f"/api/{kind}"]["get"]["parameters"]
        names = {one["name"] for one in described}
        assert names == {*asked.words, "format"}
        assert {one["name"] for one in described if one["required"]} == set(asked.required)
    for name, row in TABLE.items():
        assert row.what.endswith("."), name


def test_defaults_that_are_described_are_those_that_hold(ask: Ask) -> None:
    """A default in the document is what ``query`` says was understood."""
    needed = {"funnel": "funnel?step=a&step=b&breakdown=device", "active": "active?interval=day"}
    needed |= {"breakdown": "breakdown?dimension=page"}
    for kind in set(KINDS) - {"traits", "timeline", "dashboard"}:
        query = ask(needed.get(kind, kind)).get_json()["query"]
        operation = document("/analytics")["paths"][f"/api/{kind}"]["get"]
        for parameter in operation["parameters"]:
            default = parameter["schema"].get("default")
            if default is not None:
                told = query[parameter["name"]]
                told = str(int(told)) if isinstance(told, bool) else told
                assert told == default, (kind, parameter["name"])


def test_served_where_the_application_is(make_app: Callable[..., Flask]) -> None:
    """Under a prefix of its own and of the server's."""
    app = make_app(analytics := Analytics(), ANALYTICS_URL_PREFIX="/stats")
    analytics.access(lambda: True)

    answer = app.test_client().get("/stats/api/openapi.json", base_url="http://localhost/shop")

    assert answer.get_json()["servers"] == [{"url": "/shop/stats"}]
    assert answer.get_json()["openapi"] == "3.1.0"


@pytest.mark.parametrize("name", TABLE)
def test_every_parameter_is_documented(name: str) -> None:
    """A new parameter is written down before it is read."""
    assert f"`{name}`" in PAGE


def test_every_status_and_dimension_is_documented() -> None:
    """What may come back, and what may be grouped by."""
    paths = document("/analytics")["paths"].values()
    statuses = {status for path in paths for one in path.values() for status in one["responses"]}
    for status in statuses - {"200"}:
        assert status in PAGE, status
    for dimension in Dimension:
        assert f"`{dimension}`" in PAGE
