"""An import that is killed, and the same command again: real processes, a real SIGKILL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .actors import PATIENCE, Terminal, line, on_pty

pytestmark = pytest.mark.slow

Write = Callable[..., Path]

#: Records of the file: some seconds of work.
COUNT = 40_000


def wait_for(terminal: Terminal, count: int, process: subprocess.Popen[bytes]) -> None:
    """Until the store has so many events."""
    deadline = time.monotonic() + PATIENCE
    while terminal.store.count() < count:
        assert process.poll() is None, "the import ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_killed_again_and_again(terminal: Terminal, write: Write) -> None:
    """Nothing lost, nothing twice, and what was done is not done again. A tenth of the records
    are equal to others."""
    lines = [line(minute=n % (COUNT * 9 // 10) / 600) for n in range(COUNT)]
    path = write("events.ndjson", lines)

    for share in (0.2, 0.5, 0.7):
        process = subprocess.Popen(
            terminal.command("import", path), env=terminal.environ, stdout=subprocess.DEVNULL
        )
        wait_for(terminal, int(COUNT * share), process)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    answer = terminal.process("import", path)

    (report,) = json.loads(answer.stdout)["files"]
    assert terminal.store.count() == COUNT
    assert report["before"] >= COUNT * 0.6
    assert (report["records"], report["stored"] + report["known"]) == (COUNT, COUNT)


def test_stopped_by_hand(terminal: Terminal, write: Write) -> None:
    """Ctrl-C on a terminal, in the middle of the bar: one line, and the same command goes on."""
    path = write("events.ndjson", [line(minute=n / 600) for n in range(COUNT)])

    with on_pty(terminal.command("import", path), terminal.environ) as (process, screen):
        wait_for(terminal, COUNT // 5, process)
        process.send_signal(signal.SIGINT)
        shown = screen.read()

    assert "Stopped. What is stored stays" in " ".join(shown.split())
    assert "Traceback" not in shown
    terminal.process("import", path)
    assert terminal.store.count() == COUNT


def test_through_pipes(terminal: Terminal) -> None:
    """``zcat | flask analytics import -`` and ``export | head``: JSON alone on standard output."""
    data = "".join(f"{line(minute=n)}\n" for n in range(2000)).encode()

    answer = terminal.process("import", "-", input=data)
    assert json.loads(answer.stdout)["files"][0]["stored"] == 2000

    export = subprocess.Popen(
        terminal.command("export"),
        env=terminal.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert export.stdout is not None
    assert export.stderr is not None
    assert b"signup" in export.stdout.readline()
    export.stdout.close()
    assert b"Traceback" not in export.stderr.read()
    export.stderr.close()
    export.wait(PATIENCE)
