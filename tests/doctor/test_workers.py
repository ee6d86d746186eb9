"""The processes that serve, by what runs and by what is configured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flask_analytics.doctor import workers

from ..deploy.actors import Destination
from ..deploy.servers import PLAIN, Server, visit
from .conftest import Admit, ill, told


def test_nothing_that_serves_is_well(admit: Admit) -> None:
    """Nobody has started it yet."""
    assert "No server runs" in told(workers.check, admit())
    assert ill(workers.check, admit()) == []


@pytest.mark.parametrize(
    ("words", "config", "word"),
    [
        ("--workers=4", {"ANALYTICS_STORE": "memory:"}, "each with a store in its own memory"),
        ("-w 4", {"ANALYTICS_DURABILITY": "memory"}, "no journal"),
        ("-k gevent --preload", {}, "patches ssl"),
    ],
)
def test_gunicorn_by_its_environment(
    admit: Admit, words: str, config: dict[str, Any], word: str
) -> None:
    """What does not go together is found; one worker, or the default, is well."""
    environ = {"GUNICORN_CMD_ARGS": words}

    (found,) = ill(workers.check, admit(patient={"environ": environ}, **config))
    assert word in found.text
    assert (
        ill(workers.check, admit(patient={"environ": {"GUNICORN_CMD_ARGS": "-w 1"}}, **config))
        == []
    )


def test_gunicorn_by_its_file(admit: Admit, tmp_path: Path) -> None:
    """Read, not run."""
    file = tmp_path / "gunicorn.conf.py"
    file.write_text(
        "raise SystemExit(1)\nworkers = 3\nworker_class = 'gevent'\npreload_app = True\n"
    )
    patient = admit(ANALYTICS_STORE="memory:")

    texts = [one.text for one in ill(workers.check, patient)]
    assert ["memory" in texts[0], "patches ssl" in texts[1]] == [True, True]

    file.write_text("workers = 3\n")
    assert "gunicorn fits" in told(workers.check, admit())


@pytest.mark.parametrize(
    ("text", "is_ill"),
    [
        ("[uwsgi]\nmodule = shop:app\n", True),
        ("[uwsgi]\nenable-threads = false\n", True),
        ("[uwsgi]\nenable-threads = true\n", False),
        ("[uwsgi]\nthreads = 4\n", False),
    ],
)
def test_uwsgi_without_threads(admit: Admit, tmp_path: Path, text: str, is_ill: bool) -> None:
    """It would deliver nothing."""
    (tmp_path / "uwsgi.ini").write_text(text)

    assert bool(ill(workers.check, admit())) is is_ill


@pytest.mark.deploy
@pytest.mark.parametrize("server", PLAIN[:1], ids=lambda server: server.name)
def test_servers_that_run(server: Server, admit: Admit, tmp_path: Path) -> None:
    """By the command lines of the processes that count."""
    with Destination(tmp_path) as destination:
        process, port = server.start(tmp_path / "log", DESTINATION=destination.url)
        with process:
            visit(server, process, port)
            patient = admit(
                ANALYTICS_DIR=str(tmp_path / "analytics"), ANALYTICS_COLLECTORS=["stdout:"],
                ANALYTICS_STORE="memory:",
            )  # fmt: skip
            patient.app.name = "app_for_servers"
            found = ill(workers.check, patient)
    assert ["in its own memory" in one.text for one in found] == [True]
