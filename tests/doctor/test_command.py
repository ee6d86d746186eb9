"""``flask analytics doctor``: all checks, in a terminal and for programs."""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from flask import render_template_string

from flask_analytics import Analytics
from flask_analytics.doctor.examination import CHECKS, examine
from flask_analytics.testing import FakeDestination

from .conftest import Admit


def run(admit: Admit, *words: str, analytics: Analytics | None = None, **config: Any) -> Any:
    app = admit(analytics, **config).app
    page = '{% include "flask_analytics/snippet.html" %}'
    app.view_functions["home"] = lambda: render_template_string(page)
    return app.test_cli_runner().invoke(args=["analytics", "doctor", *words])


@pytest.fixture
def well(destination: FakeDestination, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Settings without a fault."""
    monkeypatch.chdir(tmp_path)
    for name in ("KUBERNETES_SERVICE_HOST", "GUNICORN_CMD_ARGS", "DYNO"):
        monkeypatch.delenv(name, raising=False)
    analytics = Analytics()
    analytics.access(lambda: True)
    return {
        "analytics": analytics,
        "SECRET_KEY": secrets.token_hex(),
        "TRUSTED_HOSTS": ["localhost"],
        "ANALYTICS_STORE": "embedded:",
        "ANALYTICS_COLLECTORS": [f"webhook+{destination.url}"],
        "ANALYTICS_READ_TOKENS": {"a": "sha256:" + hashlib.sha256(b"a").hexdigest()},
    }


def test_a_set_up_without_fault(admit: Admit, well: Any, destination: FakeDestination) -> None:
    """Is told so by words and by exit status; where it lies is the machine's own matter."""
    answer = run(admit, "--send", "--json", **well)
    told = json.loads(answer.stdout)

    found = [one for one in told["findings"] if one["level"] != "ok" and one["check"] != "folder"]
    assert found == []
    assert (told["problems"], answer.exit_code) == (0, 0)
    assert {one["check"] for one in told["findings"]} == {name for name, _ in CHECKS}
    assert len(destination.events) == 1


def test_a_problem_is_an_exit_status(admit: Admit, well: Any) -> None:
    """For scripts that deploy; a warning is none."""
    answer = run(admit, **{**well, "SECRET_KEY": "dev"})

    assert answer.exit_code == 1
    assert "✖ problem" in answer.stdout
    assert "→ Make one with" in answer.stdout
    assert "1 problem" in answer.stdout
    assert run(admit, **{**well, "analytics": Analytics()}).exit_code == 0


def test_it_changes_nothing(admit: Admit, well: Any, tmp_path: Path) -> None:
    """Neither a file nor an event."""
    run(admit, **well)

    assert not (tmp_path / "analytics").exists()


def test_pages_can_be_named(admit: Admit, well: Any) -> None:
    """A login has another policy than a page."""
    answer = run(admit, "--page", "/", "--page", "/blog/a", **well)

    assert "/blog/a has no snippet" in " ".join(answer.stdout.split())


def test_a_check_that_fails_is_a_finding(admit: Admit) -> None:
    """The others are made all the same, and no secret is in its words."""

    def broken(patient: Any) -> Any:
        raise LookupError("https://me:planted@host/?token=planted")

    found = list(examine(admit(), [("broken", broken), *CHECKS[:1]]))

    assert (found[0].check, found[0].level) == ("broken", "problem")
    assert "planted" not in found[0].text
    assert found[1].check == "access"
