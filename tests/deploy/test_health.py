"""The sum of real workers, over real HTTP, while they live, die and come back."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from .actors import PATIENCE, Destination, Process, environment, get, wait_until
from .servers import BIN, FLASK_RUN, KINDS, PLAIN, PRELOADING, REQUESTS, Server, visit

pytestmark = pytest.mark.deploy

TOKEN = "a-long-random-token"


def ask(port: int, path: str = "/analytics/health", token: str = TOKEN) -> tuple[int, str]:
    """The status and the body of a health route."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def health(port: int) -> dict[str, Any]:
    """What the health route answers to those who may read."""
    status, body = ask(port)
    assert status == 200, body
    answer: dict[str, Any] = json.loads(body)
    return answer


def accepted(port: int) -> int:
    """Events accepted by all processes, as Prometheus gets it."""
    _, text = ask(port, "/analytics/health/prometheus")
    found = re.search(r'_accepted_total\{collector="webhook"\} (\d+)', text)
    return int(found[1]) if found else 0


def environ(destination: Destination, folder: Path) -> dict[str, str]:
    return {"DESTINATION": destination.url, "FOLDER": str(folder / "data"), "TOKEN": TOKEN}


@pytest.mark.parametrize(
    "server", [*PLAIN, PRELOADING[0], FLASK_RUN], ids=lambda server: server.name
)
def test_one_answer_is_the_sum_of_all_workers(
    server: Server, destination: Destination, tmp_path: Path
) -> None:
    """Whichever worker answers. Health itself is no event, and strangers see nothing."""
    process, port = server.start(tmp_path / "server.log", **environ(destination, tmp_path))
    with process:
        visit(server, process, port)
        # Each process tells within a second; the one that answers, at once.
        wait_until(lambda: accepted(port) == REQUESTS, "the sum is not complete", 5)

        answers = [health(port) for _ in range(6)]

        for answer in answers:
            assert answer["collectors"]["webhook"]["accepted"] == REQUESTS
            assert answer["scope"] == "all processes"
            assert answer["processes"] == server.workers
            rows = answer["each"]
            assert sum(row["collectors"]["webhook"]["accepted"] for row in rows) == REQUESTS
            assert len({row["pid"] for row in rows}) == server.workers
        assert ask(port, token="wrong")[0] == 401
        assert "Traceback" not in process.output()


def test_counters_survive_workers_that_are_killed(destination: Destination, tmp_path: Path) -> None:
    """A worker dies of SIGKILL, gunicorn starts another: no scrape is less than the one before."""
    server = PLAIN[0]
    process, port = server.start(tmp_path / "server.log", **environ(destination, tmp_path))
    with process:
        visit(server, process, port)
        wait_until(lambda: accepted(port) == REQUESTS, "the sum is not complete", 5)
        scrapes = [accepted(port)]
        asked = REQUESTS
        for _ in range(3):
            # What a process counts in the second before SIGKILL nobody sees: docs/health.md.
            wait_until(lambda: is_shown(port, asked, destination), "not shown")  # noqa: B023
            pids = {row["pid"] for row in health(port)["each"]}
            victim = min(pids)
            os.kill(victim, signal.SIGKILL)
            wait_until(lambda: ready(port) - pids, "no new worker came")  # noqa: B023
            scrapes += [accepted(port) for _ in range(10)]
            asked += visit_newcomer(port, pids)

        assert scrapes == sorted(scrapes)
        assert scrapes[0] == REQUESTS
        files = [path.name for path in (tmp_path / "data" / "journal").glob("*.stats*")]
        assert len(files) <= 3
        process.stop(signal.SIGTERM)

    # What was adopted by nobody yet is nobody's; everything else is delivered, and counted once.
    shown = json.loads(flask(tmp_path, destination, "stats", "--json").stdout)
    lane = shown["collectors"]["webhook"]
    assert lane["accepted"] == lane["delivered"] == len(destination.events())
    assert lane["pending"] == 0
    assert destination.duplicates() == 0


def visit_newcomer(port: int, known: set[int]) -> int:
    """Ask for pages until a process answers that is new; tell how many. It adopts what the dead
    one left at its first event; the others look for that only now and then."""
    for number in range(1, 1000):
        if int(get(port, "/page/1").split()[-1]) not in known:
            return number
    raise AssertionError("the new worker answers nothing")


def is_shown(port: int, requests: int, destination: Destination) -> bool:
    """Whether the sum is up to date: all that was accepted, and all that has arrived."""
    lane = health(port)["collectors"]["webhook"]
    return bool((lane["accepted"], lane["delivered"]) == (requests, len(destination.events())))


def ready(port: int) -> set[int]:
    """The pid of a worker that answers, if one does."""
    try:
        return {int(get(port, "/ready"))}
    except OSError:
        return set()


def flask(
    folder: Path, destination: Destination, *words: str, **more: str
) -> subprocess.CompletedProcess[str]:
    """``flask analytics ...`` as a process of its own, in no terminal."""
    return subprocess.run(
        [str(BIN / "flask"), "--app=app_for_servers", "analytics", *words],
        capture_output=True,
        text=True,
        env=environment({**environ(destination, folder), **more}),
        timeout=PATIENCE,
    )


def test_command_line_shows_what_the_workers_count(
    destination: Destination, tmp_path: Path
) -> None:
    """While gunicorn serves, another process reads the sum, and is none of it."""
    server = PLAIN[0]
    process, port = server.start(tmp_path / "server.log", **environ(destination, tmp_path))
    with process:
        visit(server, process, port)
        wait_until(lambda: accepted(port) == REQUESTS, "the sum is not complete", 5)

        plain = flask(tmp_path, destination, "stats", "--json")
        table = flask(tmp_path, destination, "stats")
        verdict = flask(tmp_path, destination, "health")

        shown = json.loads(plain.stdout)
        assert shown["collectors"] == health(port)["collectors"]
        assert shown["processes"] == 2
        assert "webhook" in table.stdout
        assert str(REQUESTS) in table.stdout
        assert "\x1b" not in table.stdout
        assert (verdict.returncode, verdict.stderr) == (0, "")

        process.stop(signal.SIGTERM)
    after = json.loads(flask(tmp_path, destination, "stats", "--json").stdout)
    assert after["processes"] == 0
    assert after["collectors"]["webhook"]["delivered"] == REQUESTS


def test_a_key_that_is_wrong_is_told_everywhere(destination: Destination, tmp_path: Path) -> None:
    """Which collector, since when, why, what becomes of the events: on every way to look."""
    facts = {**environ(destination, tmp_path), "FORBIDDEN": "1"}
    process, port = FLASK_RUN.start(tmp_path / "server.log", **facts)
    with process:
        visit(FLASK_RUN, process, port)

        def problems() -> list[str]:
            found: list[str] = health(port)["problems"]
            return found

        (problem,) = wait_until(problems, "no problem was found")
        assert re.fullmatch(
            r"forbidden: misconfigured since 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC \(http_401\): .*"
            r"kept until they are 24 hours old.*",
            problem,
        )
        assert ask(port)[0] == 200
        assert ask(port, "/analytics/health?strict=1")[0] == 503
        text = ask(port, "/analytics/health/prometheus")[1]
        assert 'lane_state{collector="forbidden",state="misconfigured"} 1' in text
        assert 'lane_state{collector="webhook",state="ok"} 1' in text
        assert "flask_analytics_degraded 1" in text
        verdict = flask(tmp_path, destination, "health", FORBIDDEN="1")
        assert verdict.returncode == 1
        assert verdict.stdout.strip() == problem


def test_command_line_watches(destination: Destination, tmp_path: Path) -> None:
    """Again and again until Ctrl-C, which is its proper end."""
    command = [str(BIN / "flask"), "--app=app_for_servers", "analytics", "stats", "--watch=0.1"]
    log = tmp_path / "log"
    with Process(command, log, **environ(destination, tmp_path)) as process:
        wait_until(lambda: process.output().count("no process is counting") > 1, "it shows once")
        process.stop(signal.SIGINT)

        assert "Traceback" not in process.output()
        assert process._popen.returncode == 0


def test_python_is_the_one_of_the_tests() -> None:
    """Guards the tests above: the command comes from this environment."""
    assert Path(sys.executable).parent == BIN
    assert set(KINDS) == {"sync", "gthread", "gevent"}
