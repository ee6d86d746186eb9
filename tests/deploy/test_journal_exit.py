"""The end of a process with a journal: nothing waits past the deadline, and nothing is lost."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import pytest

from . import journal
from .actors import Destination
from .scripts import TAKE_OVER, delivered, either, run
from .servers import FLASK_RUN, PLAIN, WAITRESS, Server, start_again, visit

pytestmark = pytest.mark.deploy

#: The collector whose destination was away is another address of the same name afterwards.
RECOVERED = """
set_up(WebhookCollector(destination + "/events", name="hanging", flush_interval=60))
take_over()
"""


@either
@pytest.mark.parametrize("path", ["/hang", "/drip", "/500"])
def test_what_a_bad_destination_did_not_take_is_delivered_by_the_next_process(
    destination: Destination, folder: Path, path: str, is_patched: bool
) -> None:
    """The process ends at its deadline; its other collector is served meanwhile."""
    ended = run(
        f"""
        bad = WebhookCollector(destination + {path!r}, name="hanging", flush_interval=0.01)
        analytics = set_up(bad, timeout=1)
        emit("main", 10)
        leave()
        """,
        destination,
        is_patched=is_patched,
    )
    assert ended.is_clean()
    assert ended.left_within(2)
    assert delivered(destination) == {"main": 10}

    assert run(RECOVERED, destination).is_clean()

    numbers = [event["properties"]["number"] for event in destination.events()]
    assert sorted(numbers) == sorted([*range(1, 11), *range(1, 11), 1, 1])
    assert journal.left(folder) == []


def test_what_is_left_counts_as_pending_not_as_dropped(
    destination: Destination, folder: Path
) -> None:
    """It is on disk: nothing says that it was lost."""
    ended = run(
        """
        analytics = set_up(hanging(), timeout=1)
        emit("main", 10)
        analytics.close(0.5)
        tell("stats", analytics.stats())
        leave()
        """,
        destination,
    )

    assert ended.is_clean()
    counts = ended.told("stats")["collectors"]["hanging"]
    assert (counts["accepted"], counts["pending"], counts["delivered"]) == (10, 10, 0)
    assert counts["dropped"] == {}
    assert "lost" not in ended.stdout


def test_a_sigterm_that_ends_the_process_at_once_leaves_the_rest_in_the_journal(
    destination: Destination, folder: Path
) -> None:
    """Python runs nothing at SIGTERM unless somebody asks for it."""
    ended = run(
        "set_up(); emit('main', 10); os.kill(os.getpid(), signal.SIGTERM); time.sleep(5)",
        destination,
    )
    assert (ended.code, ended.stderr) == (-signal.SIGTERM, "")
    assert destination.events() == []

    assert run(TAKE_OVER, destination).is_clean()

    assert delivered(destination) == {"main": 10, "successor": 1}


@either
def test_the_optional_sigterm_handler_ends_through_the_exit_hooks(
    destination: Destination, folder: Path, is_patched: bool
) -> None:
    """The events are delivered, and the exit code tells of the signal as a shell does."""
    ended = run(
        """
        set_up(SIGTERM=True)
        emit("main", 10)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        """,
        destination,
        is_patched=is_patched,
    )

    assert (ended.code, ended.stderr) == (128 + signal.SIGTERM, "")
    assert delivered(destination) == {"main": 10}
    assert journal.left(folder) == []


def test_a_handler_of_the_application_is_left_alone(destination: Destination, folder: Path) -> None:
    """Ours is installed only where nobody else has one."""
    ended = run(
        """
        signal.signal(signal.SIGTERM, lambda *args: os._exit(7))
        set_up(SIGTERM=True)
        emit("main")
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        """,
        destination,
    )

    assert ended.code == 7


@pytest.mark.parametrize("server", [*PLAIN, FLASK_RUN, WAITRESS], ids=lambda server: server.name)
def test_a_server_ended_while_its_destination_hangs_keeps_the_events(
    server: Server, destination: Destination, tmp_path: Path, folder: Path
) -> None:
    """The end comes at the deadline; the next process has the hanging collector's events."""
    environ = {"DESTINATION": destination.url, "FOLDER": str(folder)}
    process, port = server.start(tmp_path / "server.log", **environ, HANG="1", SHUTDOWN_TIMEOUT="1")
    with process:
        paths = visit(server, process, port)
        seconds = process.stop(server.signal)
        assert seconds < 1 + 9

    assert Counter(event["path"] for event in destination.events()) == dict.fromkeys(paths, 1)
    start_again(tmp_path, {**environ, "HANG": "1", "RECOVERED": "1"})
    told = Counter(event.get("path") for event in destination.events())
    assert told == dict.fromkeys(paths, 2) | {None: 2}  # two for what the next process emits
    assert journal.left(folder) == []


@either
def test_flush_waits_in_its_own_thread_only(
    destination: Destination, folder: Path, is_patched: bool
) -> None:
    """Two threads (or greenlets) flush while a destination hangs; the others go on."""
    ended = run(
        """
        analytics = set_up(hanging(), timeout=0.5)
        emit("main", 10)
        ticks = 0
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(analytics.flush(1))) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.01)
            ticks += 1
            emit("meanwhile")
        tell("answers", answers)
        tell("ticks", ticks)
        from stage import _emitted
        tell("emitted", _emitted)
        leave()
        """,
        destination,
        is_patched=is_patched,
    )

    assert ended.is_clean()
    assert ended.told("answers") == [False, False]
    assert ended.told("ticks") > 30
    assert delivered(destination) == ended.told("emitted")


@either
def test_an_exit_that_skips_every_hook_loses_nothing(
    destination: Destination, folder: Path, is_patched: bool
) -> None:
    """os._exit is what some servers and pools end their workers with."""
    ended = run(
        "set_up(); emit('main', 10); sys.stdout.flush(); os._exit(0)",
        destination,
        is_patched=is_patched,
    )
    assert ended.is_clean()
    assert destination.events() == []

    assert run(TAKE_OVER, destination).is_clean()

    assert delivered(destination) == {"main": 10, "successor": 1}
    assert journal.left(folder) == []


def test_a_process_that_gevent_patches_late_still_delivers(
    destination: Destination, folder: Path
) -> None:
    """Events before and after; the event loop's thread was there first. gevent itself warns."""
    ended = run(
        """
        analytics = set_up(WebhookCollector(destination + "/hang", name="hanging"), timeout=1)
        emit("before", 5)
        time.sleep(0.1)
        import warnings
        warnings.simplefilter("ignore")
        from gevent import monkey
        monkey.patch_all()
        emit("after", 5)
        analytics.flush(0.5)
        leave()
        """,
        destination,
    )

    assert ended.code == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.left_within(3)
    assert delivered(destination) == {"before": 5, "after": 5}
