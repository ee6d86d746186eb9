"""An application to examine, as the command line finds it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_analytics import Analytics
from flask_analytics.doctor.finding import Check, Finding, Patient

MakeApp = Callable[..., Flask]

#: A patient of an application with these settings.
Admit = Callable[..., Patient]


@pytest.fixture
def admit(tmp_path: Path, make_app: MakeApp) -> Admit:
    """Build an application and what checks look at; ``patient`` are fields of that."""

    def make(
        analytics: Analytics | None = None, patient: dict[str, Any] | None = None, **config: Any
    ) -> Patient:
        app = make_app(analytics, TESTING=False, **config)
        own: dict[str, Any] = {"environ": {}, "mounts": "", "folder": tmp_path, "clock": time.time}
        home = Path(app.config["ANALYTICS_DIR"])
        state = app.extensions["analytics"]
        return Patient(app=app, state=state, home=home, **{**own, **(patient or {})})

    return make


def ill(check: Check, patient: Patient) -> list[Finding]:
    """What a check finds that has a cure."""
    found = [finding for finding in check(patient) if finding.level != "ok"]
    assert all(finding.cure for finding in found)
    return found


def told(check: Check, patient: Patient) -> str:
    """All that a check says."""
    return " ".join(f"{one.level}: {one.text} {one.cure}" for one in check(patient))
