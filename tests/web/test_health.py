"""The health routes: what they answer to those who may read. More processes: tests/deploy."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_analytics import Analytics

HEALTH = "/analytics/health"


@pytest.fixture
def reader(analytics: Analytics, client: FlaskClient) -> FlaskClient:
    """A client that may read."""
    analytics.access(lambda: True)
    return client


@pytest.fixture
def told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    """Let the application's counters be these: lanes that are ill need destinations that are,
    and minutes; those stories are told in tests/deploy."""

    now: dict[str, Any] = {}
    monkeypatch.setattr(app.extensions["analytics"].pipeline, "stats", lambda: now)

    def tell(stats: dict[str, Any]) -> None:
        now.clear()
        now.update(stats)

    return tell


def test_summary_of_an_application_that_is_well(reader: FlaskClient) -> None:
    """Counters, the one process there is under TESTING, and nothing to complain of."""
    reader.get("/")

    answer = reader.get(HEALTH)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    health = answer.get_json()
    assert (health["status"], health["problems"]) == ("ok", [])
    assert (health["scope"], health["processes"]) == ("this process", 1)
    lane = health["collectors"]["memory"]
    assert (lane["accepted"], lane["delivered"], lane["pending"]) == (1, 1, 0)
    (row,) = health["each"]
    assert row["pid"] == os.getpid()
    assert row["collectors"]["memory"]["delivered"] == 1


def test_summary_of_one_that_is_not(
    reader: FlaskClient, told: Callable[[dict[str, Any]], None]
) -> None:
    """200 for a program that reads it, 503 for one that only looks at the status."""
    told({"collectors": {"webhook": {"state": "misconfigured", "since": 0, "reason": "http_401"}}})

    answer = reader.get(HEALTH)

    assert answer.status_code == 200
    health = answer.get_json()
    assert health["status"] == "degraded"
    assert "http_401" in health["problems"][0]
    assert health["collectors"]["webhook"]["since"] == "1970-01-01T00:00:00+00:00"
    assert reader.get(f"{HEALTH}?strict=1").status_code == 503
    assert reader.get(f"{HEALTH}?strict=0").status_code == 200
    told({})
    assert reader.get(f"{HEALTH}?strict=1").status_code == 200


def test_prometheus(reader: FlaskClient, told: Callable[[dict[str, Any]], None]) -> None:
    """Under the type that scrapers ask for."""
    told({"collectors": {"webhook": {"accepted": 2, "delivered": 2, "state": "open"}}})

    answer = reader.get(f"{HEALTH}/prometheus")

    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    lines = answer.text.splitlines()
    assert 'flask_analytics_events_accepted_total{collector="webhook"} 2' in lines
    assert 'flask_analytics_lane_state{collector="webhook",state="open"} 1' in lines
    assert "flask_analytics_degraded 1" in lines


def test_routes_follow_the_prefix(make_app: Callable[..., Flask]) -> None:
    """Where the application has put them, and nowhere else."""
    analytics = Analytics()
    analytics.access(lambda: True)
    client = make_app(analytics, ANALYTICS_URL_PREFIX="/internal/stats").test_client()

    assert client.get("/internal/stats/health").status_code == 200
    assert client.get(HEALTH).status_code == 404


def test_under_testing_there_is_no_file(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    """TESTING is often set after the extension; the first look decides."""
    analytics = Analytics()
    analytics.access(lambda: True)
    app = make_app(
        analytics, TESTING=False, ANALYTICS_DIR=str(tmp_path / "a"),
        ANALYTICS_COLLECTORS=["stdout:"],
    )  # fmt: skip
    app.testing = True

    assert app.test_client().get(HEALTH).get_json()["scope"] == "this process"
    assert list(tmp_path.iterdir()) == []


def test_processes_that_ended_count(make_app: Callable[..., Flask], tmp_path: Path) -> None:
    """Their numbers are part of the sum; they are no processes any more."""
    analytics = Analytics()
    analytics.access(lambda: True)
    app = make_app(
        analytics, TESTING=False, ANALYTICS_DIR=str(tmp_path), ANALYTICS_COLLECTORS=["stdout:"]
    )
    left = {"collectors": {"stdout": {"accepted": 5, "delivered": 3, "pending": 2}}}
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "shop-1-ab.stats").write_text(json.dumps({"stats": left}))

    health = app.test_client().get(HEALTH).get_json()

    assert (health["scope"], health["processes"]) == ("all processes", 1)
    assert health["collectors"]["stdout"]["delivered"] == 3
    app.extensions["analytics"].board().close()


def test_a_folder_that_cannot_be_used_is_told(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    """The numbers are this process's alone, and the answer says so."""
    analytics = Analytics()
    analytics.access(lambda: True)
    (tmp_path / "file").write_text("")
    app = make_app(
        analytics, TESTING=False, ANALYTICS_DIR=str(tmp_path / "file"),
        ANALYTICS_COLLECTORS=["stdout:"],
    )  # fmt: skip

    health = app.test_client().get(HEALTH).get_json()

    assert (health["scope"], health["processes"]) == ("this process", 1)
    assert "counters: this process alone" in health["problems"][0]


def test_answer_is_json_that_another_language_reads(reader: FlaskClient) -> None:
    """No NaN, no bytes."""
    assert msgspec.json.decode(reader.get(HEALTH).data)["status"] == "ok"
