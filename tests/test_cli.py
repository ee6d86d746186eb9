"""``flask analytics ...`` in this process. Beside real servers: tests/deploy/test_health.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask

from flask_analytics import Analytics

MakeApp = Callable[..., Flask]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the workers' files are."""
    path = tmp_path / "journal"
    path.mkdir()
    return path


@pytest.fixture
def shop(make_app: MakeApp, tmp_path: Path) -> Flask:
    """An application as the command line finds it: not testing, nothing counted itself."""
    return make_app(TESTING=False, ANALYTICS_DIR=str(tmp_path), ANALYTICS_COLLECTORS=["stdout:"])


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["analytics", *words])


def leave(folder: Path, **lane: Any) -> None:
    """What a worker has left."""
    stats = {"collectors": {"stdout": lane}}
    (folder / "shop-1-ab.stats").write_text(json.dumps({"pid": 1, "stats": stats}))


def test_stats_of_processes(shop: Flask, folder: Path) -> None:
    """As a table, and as the JSON of the health route."""
    leave(folder, accepted=1234, delivered=1234)

    assert "1,234" in run(shop, "stats").output
    shown = json.loads(run(shop, "stats", "--json").output)
    assert shown["collectors"]["stdout"]["delivered"] == 1234
    assert shown["status"] == "ok"


def test_looking_changes_nothing(shop: Flask, folder: Path) -> None:
    """Root may look; files that only root could read would stop the workers."""
    leave(folder, accepted=1)
    before = sorted(folder.iterdir())

    run(shop, "stats")
    run(shop, "health")

    assert sorted(folder.iterdir()) == before


def test_health_tells_by_its_exit_status(
    shop: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """0 and 1, for cron and for people."""
    answer = run(shop, "health")
    assert (answer.exit_code, "ok" in answer.output) == (0, True)

    (folder / "shop-1-ab.j").write_text("events of a process that is gone")
    answer = run(shop, "health")
    assert answer.exit_code == 1
    assert "a file of processes that ended (32 bytes)" in answer.output


@pytest.mark.parametrize("command", ["stats", "health"])
@pytest.mark.parametrize("more", [{"ANALYTICS_DURABILITY": "memory"}, {"ANALYTICS_COLLECTORS": []}])
def test_without_files_nobody_knows(
    make_app: MakeApp, command: str, more: dict[str, Any], tmp_path: Path
) -> None:
    """And it is said where to ask instead."""
    config = {"ANALYTICS_DIR": str(tmp_path), "ANALYTICS_COLLECTORS": ["stdout:"], **more}

    answer = run(make_app(TESTING=False, **config), command)

    assert answer.exit_code == 2
    assert "/analytics/health" in answer.output


def test_folder_of_another_user(shop: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cure is in the message. Tests may run as root, whom no folder stops; so the system
    call says no itself."""

    def refuse(path: Path) -> list[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.listdir", refuse)

    answer = run(shop, "health")

    assert answer.exit_code == 2
    assert "run this as the user that the application runs as" in " ".join(answer.output.split())


def test_commands_of_the_application_stay(tmp_path: Path) -> None:
    """It may have some of the same name."""
    app = Flask("shop")
    own = click.Group("analytics")
    app.cli.add_command(own)

    Analytics(app)

    assert app.cli.commands["analytics"] is own


def test_watch_needs_a_pause(shop: Flask) -> None:
    """Zero would be a busy loop."""
    assert run(shop, "stats", "--watch", "0").exit_code == 2
