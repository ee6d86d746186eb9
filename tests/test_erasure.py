"""Forgetting where the folder is not as it should be; deploy/test_forget.py has the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from flask_analytics import Analytics
from flask_analytics.errors import StoreError
from flask_analytics.testing import Answer, FakeDestination

MakeApp = Callable[..., Flask]


def test_who_is_nowhere_is_nobody(make_app: MakeApp) -> None:
    """Nothing is made for it."""
    analytics = Analytics()
    app = make_app(analytics, ANALYTICS_STORE="memory:")

    with app.app_context():
        assert analytics.forget("stranger") is None

    assert not Path(app.config["ANALYTICS_DIR"]).exists()


def test_what_waits_of_who_is_nowhere_is_not_sent(
    make_app: MakeApp, destination: FakeDestination
) -> None:
    """Seen for the first time while the destination is away, and kept in memory alone."""
    destination.answers.append(Answer(429, {"Retry-After": "2"}))
    analytics = Analytics()
    app = make_app(
        analytics, TESTING=False, ANALYTICS_STORE=None, ANALYTICS_DURABILITY="memory",
        ANALYTICS_COLLECTORS=[f"webhook+{destination.url}?flush_interval=0.05"],
    )  # fmt: skip
    with app.app_context():
        for person in ("ann", "bob"):
            analytics.track("seen", user_id=person)
        analytics.flush(1)

        assert analytics.forget("ann") is None

        assert analytics.flush(20)
        analytics.close(5)
    first, second = [json.loads(request.body) for request in destination.requests]
    assert [event["user_id"] for event in first] == ["ann", "bob"]
    assert [event["user_id"] for event in second] == ["bob"]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_that_cannot_be_written(make_app: MakeApp, tmp_path: Path, is_there: bool) -> None:
    """Loud where files may lie in it; where there can be none, the store forgets all the same."""
    (tmp_path / "file").touch()
    home = tmp_path / "file" / "analytics"
    if is_there:
        home = tmp_path / "analytics"
        home.mkdir()
        home.chmod(0o777)  # anybody may put files into it: refused
    analytics = Analytics()
    app = make_app(analytics, ANALYTICS_STORE="memory:", ANALYTICS_DIR=str(home))

    with app.app_context():
        analytics.track("seen", user_id="ann")
        if is_there:
            with pytest.raises(StoreError, match="run it as the user"):
                analytics.forget("ann")
        else:
            erased = analytics.forget("ann")
            assert erased is not None
            assert erased.events == 1
