"""SIGTERM to servers that die of it at once, with ANALYTICS_SIGTERM and without."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from flask_analytics.delivery import sigterm

from .actors import Destination, Process
from .servers import FLASK_RUN, PLAIN, REQUESTS, WAITRESS, Server, visit

pytestmark = pytest.mark.deploy


@pytest.mark.parametrize(("is_set", "count"), [(True, REQUESTS), (False, 0)])
@pytest.mark.parametrize("server", [FLASK_RUN, WAITRESS], ids=lambda server: server.name)
def test_everything_arrives_before_the_server_ends(
    server: Server, is_set: bool, count: int, destination: Destination, tmp_path: Path
) -> None:
    """Each of 40 requests is one event. Without the setting nothing arrives before the end."""
    environ = {"DESTINATION": destination.url, "FOLDER": str(tmp_path / "data")}
    if is_set:
        environ["SIGTERM"] = "1"
    process, port = server.start(tmp_path / "server.log", **environ)
    with process:
        visit(server, process, port)
        seconds = process.stop(signal.SIGTERM)

        assert len(destination.events()) == count
        assert destination.duplicates() == 0
        assert seconds < 30
        assert "Traceback" not in process.output()


def test_gunicorn_keeps_its_own_handler(destination: Destination, tmp_path: Path) -> None:
    """It ends properly by itself; the setting is told to be of no use, and does no harm."""
    server = PLAIN[0]
    process, port = server.start(tmp_path / "server.log", DESTINATION=destination.url, SIGTERM="1")
    with process:
        visit(server, process, port)
        process.stop(signal.SIGTERM)

        assert len(destination.events()) == REQUESTS
        assert "ANALYTICS_SIGTERM has no effect: something else handles it" in process.output()


def run(script: str, folder: Path) -> tuple[int, str]:
    """Run a script in a process of its own; the answer is its status and all that it said."""
    path = folder / "script.py"
    path.write_text(
        "import atexit, os, signal, sys, threading, time\n"
        "from flask_analytics.delivery import sigterm\n" + textwrap.dedent(script)
    )
    with Process([sys.executable, str(path)], folder / "log") as process:
        try:
            status = process._popen.wait(20)
        except subprocess.TimeoutExpired:
            pytest.fail(process.output())
        return status, process.output()


def test_exit_hooks_run_and_the_status_tells_why(tmp_path: Path) -> None:
    """As a shell reports a process that SIGTERM has ended."""
    status, said = run(
        """
        atexit.register(print, "hook")
        assert sigterm.install()
        assert sigterm.install()  # two applications in one process
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(20)
        """,
        tmp_path,
    )

    assert (status, said) == (143, "hook\n")


def test_second_signal_ends_it_as_ever(tmp_path: Path) -> None:
    """Whoever has no patience with the exit hooks gets what he wants."""
    status, _ = run(
        """
        def slow():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(20)

        atexit.register(slow)
        sigterm.install()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(20)
        """,
        tmp_path,
    )

    assert status == -signal.SIGTERM


@pytest.mark.parametrize("other", ["signal.SIG_IGN", "lambda *_: print('other')"])
def test_handler_of_somebody_else_stays(tmp_path: Path, other: str) -> None:
    """Who set one knows why. The warning names the cure."""
    _, said = run(
        f"""
        other = {other}
        signal.signal(signal.SIGTERM, other)
        assert not sigterm.install()
        assert signal.getsignal(signal.SIGTERM) is other
        """,
        tmp_path,
    )

    assert "RuntimeWarning: ANALYTICS_SIGTERM has no effect: something else handles it" in said
    assert "analytics.close()" in said


def test_in_another_thread_it_warns() -> None:
    """Python takes handlers in the main thread only; set-up must not fail for that."""
    said: list[str] = []

    def install() -> None:
        with pytest.warns(RuntimeWarning, match="in the main one only"):
            said.append(str(sigterm.install()))

    thread = threading.Thread(target=install)
    thread.start()
    thread.join()

    assert said == ["False"]
    assert signal.getsignal(signal.SIGTERM) is not sigterm._leave
