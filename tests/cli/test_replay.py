"""``flask analytics replay``: a stored history goes to a configured collector, over loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_analytics import Analytics
from flask_analytics.collectors import WebhookCollector
from flask_analytics.testing import Answer, FakeDestination

from .actors import HERE, PATIENCE, THEN, Terminal, line, on_pty

COUNT, BATCH = 2_000, 50


@pytest.fixture
def terminal(terminal: Terminal, tmp_path: Path, destination: FakeDestination) -> Terminal:
    """The shop with a webhook, and two thousand events in its store."""
    collectors = [f"webhook+{destination.url}?batch_size={BATCH}"]
    app = Flask("shop", instance_path=str(tmp_path))
    app.config.update(
        ANALYTICS_DIR=str(tmp_path / "analytics"),
        ANALYTICS_STORE="memory:",
        ANALYTICS_COLLECTORS=[*collectors, Stamping(destination.url, name="stamps")],
    )
    Analytics(app)
    shelf = terminal.store
    shelf.append([line(minute=n / 60, message_id=f"m-{n:05}").encode() for n in range(COUNT)])
    app.extensions["analytics"].store = lambda: shelf
    terminal.app = app
    terminal.environ["FLASK_ANALYTICS_COLLECTORS"] = json.dumps(collectors)
    return terminal


class Stamping(WebhookCollector):
    """Its destination knows no time but its own."""

    keeps_timestamp = False


def ids(destination: FakeDestination) -> list[str]:
    return [event["message_id"] for event in destination.events]


def test_history_is_sent_once(terminal: Terminal, destination: FakeDestination) -> None:
    """All of it, marked, with its own times; a second time nothing, unless again."""
    first = terminal.ask("replay", "--to", "webhook")
    second = terminal.ask("replay", "--to", "webhook")

    assert first == {
        "to": "webhook", "dry_run": False, "events": COUNT, "before": 0, "passed_over": 0,
        "sent": COUNT, "delivered": COUNT, "rejected": {}, "skipped": {}, "fault": None,
        "first": f"{THEN:%Y-%m-%dT%H:%M:%SZ}", "last": first["last"], "is_done": True,
    }  # fmt: skip
    assert (second["before"], second["delivered"]) == (COUNT, COUNT)
    assert ids(destination) == [f"m-{n:05}" for n in range(COUNT)]
    assert all(event["context"] == {"backfill": True} for event in destination.events)
    terminal.ask("replay", "--to", "webhook", "--again")
    assert len(destination.events) == 2 * COUNT


def test_range_and_filter(terminal: Terminal, destination: FakeDestination) -> None:
    """``--from`` is the first moment, ``--until`` the first that is no part; a dry run sends
    nothing."""
    span = ["--from", f"{THEN:%Y-%m-%dT00:01}", "--until", f"{THEN:%Y-%m-%dT00:02}"]

    dry = terminal.ask("replay", "--to", "webhook", *span, "--dry-run")
    assert (dry["sent"], dry["delivered"], len(destination.requests)) == (60, 0, 0)
    other = terminal.ask("replay", "--to", "webhook", *span, "--filter", "event=other")
    assert (other["sent"], other["passed_over"]) == (0, 60)
    terminal.ask("replay", "--to", "webhook", *span)
    assert ids(destination) == [f"m-{n:05}" for n in range(60, 120)]


def test_rejections_are_told(terminal: Terminal, destination: FakeDestination) -> None:
    """By reason, and the exit status is 1."""
    destination.answers.append(Answer(404))

    report = terminal.ask("replay", "--to", "webhook", status=1)

    assert (report["rejected"], report["delivered"]) == ({"http_404": BATCH}, COUNT - BATCH)


#: An application that dies with an accepted event in its journal.
DIES = """
import os
from shop import app
from flask_analytics import track
with app.app_context():
    track("unsent")
    os._exit(0)
"""


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_journal_stays_as_it_is(terminal: Terminal, destination: FakeDestination) -> None:
    """What an application has accepted and not delivered is its own: a replay neither sends nor
    acknowledges it, and its counters are not moved."""
    subprocess.run(
        [sys.executable, "-c", DIES], env=terminal.environ, cwd=HERE, check=True, timeout=PATIENCE
    )
    journal = terminal.home / "analytics" / "journal"
    before = files(journal)
    assert b"unsent" in b"".join(before.values())

    terminal.process("replay", "--to", "webhook")

    assert files(journal) == before
    assert len(destination.events) == COUNT


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--to", "nobody"], "there is no collector called 'nobody': there are webhook, stamps"),
        (["--to", "store"], "there is no collector called 'store'"),
        (["--to", "stamps"], "stamps stamps events when they arrive"),
        (["--to", "webhook", "--filter", "trait.plan=pro"], "--filter"),
        (["--to", "webhook", "--until", "soon"], "--until"),
        (["--to", "webhook", "--from", "2020-02-02", "--until", "2020-01-01"], "swap from and to"),
        (["--to", "webhook", "--rate", "0"], "--rate"),
    ],
)
def test_wrong_words(
    terminal: Terminal, destination: FakeDestination, words: list[str], says: str
) -> None:
    """Each is told with its cure, and nothing is sent."""
    result = terminal.app.test_cli_runner().invoke(args=["analytics", "replay", *words])

    assert result.exit_code in (1, 2)
    assert says in " ".join(result.output.replace("│", " ").split())
    assert not destination.requests


def wait_for(destination: FakeDestination, count: int, process: subprocess.Popen[bytes]) -> None:
    """Until so many events have arrived."""
    deadline = time.monotonic() + PATIENCE
    while (
        sum(request.body.count(b'"message_id"') for request in list(destination.requests)) < count
    ):
        assert process.poll() is None, "the replay ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
def test_killed_again_and_again(terminal: Terminal, destination: FakeDestination) -> None:
    """Real processes, real SIGKILLs: every event arrives, and no kill makes more than one batch
    arrive twice."""
    kills = 3
    for _ in range(kills):
        process = subprocess.Popen(
            terminal.command("replay", "--to", "webhook", "--rate", 1000),
            env=terminal.environ, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(destination, len(destination.events) + 4 * BATCH, process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    report: dict[str, Any] = json.loads(terminal.process("replay", "--to", "webhook").stdout)

    counts = Counter(ids(destination))
    assert sorted(counts) == [f"m-{n:05}" for n in range(COUNT)]
    assert counts.total() - COUNT <= kills * BATCH
    assert (report["events"], report["delivered"], report["is_done"]) == (COUNT, COUNT, True)
    assert report["before"] >= kills * 3 * BATCH


@pytest.mark.slow
def test_on_a_terminal(terminal: Terminal, destination: FakeDestination) -> None:
    """A table at the end; Ctrl-C in the middle is one line, and the same command goes on."""
    command = terminal.command("replay", "--to", "webhook", "--rate", 500)
    with on_pty(command, terminal.environ) as (process, screen):
        wait_for(destination, 2 * BATCH, process)
        process.send_signal(signal.SIGINT)
        shown = screen.read()
    assert "The same command goes on from there" in " ".join(shown.split())
    assert "Traceback" not in shown

    with on_pty(terminal.command("replay", "--to", "webhook"), terminal.environ) as (_, screen):
        shown = screen.read()
    assert "to webhook" in shown
    assert "delivered" in shown
    assert "2,000" in shown
