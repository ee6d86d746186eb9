"""The read API: everything that it says no to, and how."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from flask_analytics import Analytics
from flask_analytics.errors import StoreError
from flask_analytics.metrics.kinds import KINDS
from flask_analytics.store import run
from flask_analytics.store.memory import MemoryStore

from .conftest import Ask


def check(answer: TestResponse, status: int, field: str | None, *phrases: str) -> None:
    """A problem document with everything that it needs."""
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    content = answer.get_json()
    assert content["status"] == status
    assert content["title"]
    assert content.get("field") == field
    for phrase in phrases:
        assert phrase in content["detail"]


@pytest.mark.parametrize(
    ("path", "field", "phrase"),
    [
        ("volume?bucket=dya", "bucket", "hour, day, week, month"),
        ("volume?from=2026-11-20&to=2026-11-01", "from", "swap"),
        ("volume?from=2026-11-20&to=2026-11-20", "from", "swap"),
        ("volume?from=2027-01-01", "from", "add to"),
        ("volume?from=yesterday", "from", "2026-11-21"),
        ("volume?to=0001-01-01", "to", "1900"),
        ("volume?tz=Mars/Base", "tz", "Europe/Berlin"),
        ("volume?tz=../etc/passwd", "tz", "Europe/Berlin"),
        ("volume?buckets=day", "buckets", "did you mean bucket?"),
        ("volume?event=a&event=b", "event", "once"),
        ("volume?event=", "event", "leave it out"),
        ("volume?event=%00", "event", "no text"),
        ("volume?source=phone", "source", "server, browser, api"),
        ("volume?bots=maybe", "bots", "neither 1 nor 0"),
        ("volume?bucket=hour&from=2000-01-01", "bucket", "shorter range"),
        ("volume?filter=plan%3Dpro", "filter", "property.NAME"),
        ("volume?filter=hello", "filter", "property.plan=pro"),
        ("volume?filter=property.n%3Emany", "filter", "numbers"),
        ("top?limit=0", "limit", "1 to 1000"),
        ("top?limit=1001", "limit", "1 to 1000"),
        ("top?limit=ten", "limit", "1 to 1000"),
        ("top?event=a", "property", "add property"),
        ("top?property=a", "event", "add event"),
        ("breakdown", "dimension", "missing"),
        ("breakdown?dimension=color", "dimension", "referrer"),
        ("funnel", "step", "missing"),
        ("funnel?step=a", "step", "2 to 20"),
        ("funnel?step=a&step=b&window=soon", "window", "7d"),
        ("funnel?step=a&step=b&window=0", "window", "above 0"),
        ("funnel?step=a&step=b&window=99999d", "window", "at most"),
        ("funnel?step=a&step=b&step_filter=path%3D/", "step_filter", "1:property.plan=pro"),
        ("funnel?step=a&step=b&step_filter=3:path%3D/", "step_filter", "from 1 to 2"),
        ("funnel?step=a&step=b&breakdown=color", "breakdown", "device"),
        ("funnel?step=a&step=b&limit=5", "limit", "add breakdown"),
        ("retention?offset=-1", "offset", "0 to 1000"),
        ("retention?cohort_days=0", "cohort_days", "1 to"),
        ("retention?from=2026-01-01&to=2026-02-01&cohort_days=3", "cohort_days", "leave one"),
        ("retention?period=year", "period", "day, week, month"),
        ("retention?grid=1&from=1990-01-01&to=2020-01-01", "grid", "shorter range"),
        ("active?interval=year", "interval", "hour, day, week, month"),
        ("active?interval=day&rolling=12h", "rolling", "7d"),
        ("active?rolling=7d", "rolling", "add interval"),
        ("dashboard?days=0", "days", "1 to"),
        ("dashboard?from=2026-11-01", "from", "days"),
        ("traits", "id", "missing"),
        ("timeline?id=", "id", "empty"),
        ("top?format=xml", "format", "json or csv"),
        ("top?format=csv&format=csv", "format", "once"),
    ],
)
def test_wrong_parameters_are_named(ask: Ask, path: str, field: str, phrase: str) -> None:
    """400, the parameter, and the cure."""
    check(ask(path), 400, field, phrase)


def test_a_thousand_steps(ask: Ask) -> None:
    """A funnel has an end."""
    check(ask("funnel?" + "&".join(["step=a"] * 1000)), 400, "step", "1000", "2 to 20")


def test_a_hundred_filters(ask: Ask) -> None:
    """And so has a filter."""
    check(ask("top?" + "&".join(["filter=path%3Da"] * 100)), 400, "filter", "20")


def test_a_query_without_end(ask: Ask) -> None:
    """414 before anything is looked at."""
    check(ask("volume?event=" + "a" * 20_000), 414, None, "16384")


def test_a_store_may_refuse_a_question(ask: Ask) -> None:
    """10,000 hours that begin amid one touch 10,001: only the store counts so closely."""
    path = "volume?bucket=hour&from=2025-10-01T00:30&to=2026-11-21T16:30"

    check(ask(path), 400, "bucket", "10000")


@pytest.mark.parametrize("kind", ["traits", "timeline"])
def test_nobody(ask: Ask, kind: str) -> None:
    """404 for an id that nobody has."""
    check(ask(f"{kind}?id=ghost"), 404, "id", "Nobody")


def test_no_such_question(ask: Ask) -> None:
    """404 that says what there is."""
    check(ask("volumes"), 404, None, "funnel")
    check(ask("a/b"), 404, None, "funnel")


@pytest.mark.parametrize("kind", [*KINDS, "openapi.json"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_questions_are_gets(ask: Ask, app: Flask, kind: str, method: str) -> None:
    """405, with what is allowed."""
    answer = app.test_client().open(f"/analytics/api/{kind}", method=method)

    check(answer, 405, None, "GET")
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_nothing_acceptable(ask: Ask) -> None:
    """406 for who takes neither JSON nor CSV."""
    check(ask("top", headers={"Accept": "image/png"}), 406, "Accept", "text/csv")


def test_without_a_store(ask: Ask, app: Flask) -> None:
    """404 that names the setting."""
    app.extensions["analytics"].store = None

    check(ask("top"), 404, None, "ANALYTICS_STORE")


class Broken(MemoryStore):
    """A store whose disk is gone."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def answer(self, question: Any) -> Any:
        raise self.error


def test_a_store_that_cannot(ask: Ask, app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """503 and a time to come back; what it said stays in the log."""
    broken = Broken(StoreError("/secret/path: disk I/O error"))
    app.extensions["analytics"].store = lambda: broken

    answer = ask("top")

    check(answer, 503, None, "shorter range")
    assert answer.headers["Retry-After"] == "30"
    assert "secret" not in answer.text
    assert "/secret/path" in caplog.text


def test_a_store_that_is_busy(ask: Ask, app: Flask) -> None:
    """503 that is over soon."""
    busy = Broken(run.Busy(5))
    app.extensions["analytics"].store = lambda: busy

    answer = ask("top")

    check(answer, 503, None, "again soon")
    assert answer.headers["Retry-After"] == "5"


def test_a_mistake_of_ours_tells_nothing(ask: Ask, app: Flask, analytics: Analytics) -> None:
    """500 as the application answers it: no text of the exception."""
    wrong = Broken(RuntimeError("the password is 1234"))
    app.extensions["analytics"].store = lambda: wrong
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False

    answer = ask("top")

    assert answer.status_code == 500
    assert "1234" not in answer.text


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_never_for_other_origins(ask: Ask, app: Flask, origin: str) -> None:
    """No CORS header, asked or not."""
    client = app.test_client()
    path = "/analytics/api/top"
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}

    for answer in (client.get(path, headers=headers), client.options(path, headers=headers)):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
