"""The fork matrix with a journal: whoever forked, SIGKILL for all loses nothing that was accepted.

The first collector waits 60 seconds for more events, so what is killed has delivered nothing, and
what arrives comes out of the journal, through the process that is started afterwards.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from . import journal
from .actors import Destination, wait_until
from .scripts import TAKE_OVER, delivered, either, run
from .servers import (
    FLASK_RUN,
    PATCHED_MASTER,
    PLAIN,
    PRELOADING,
    WAITRESS,
    Server,
    start_again,
    visit,
)
from .test_uwsgi import UWSGI, needs_uwsgi, workers_are_idle

pytestmark = pytest.mark.deploy

#: Events that the application emits while a preloading master imports it.
EARLY = 5

PRELOADERS = [*PRELOADING, PATCHED_MASTER]

name = {"ids": lambda server: server.name}


@pytest.mark.parametrize(
    "server",
    [
        *PLAIN,
        *PRELOADERS,
        FLASK_RUN,
        WAITRESS,
        pytest.param(UWSGI, marks=needs_uwsgi),
    ],
    **name,
)
def test_a_server_that_is_killed_loses_nothing(
    server: Server, destination: Destination, tmp_path: Path, folder: Path
) -> None:
    """Each of 40 requests was answered, so its event is on disk, and so are those of a master."""
    early = EARLY if server in PRELOADERS else 0
    environ = {"DESTINATION": destination.url, "FOLDER": str(folder)}

    process, port = server.start(tmp_path / "server.log", **environ, EARLY=str(early))
    with process:
        paths = visit(server, process, port)
        process.kill()
    assert destination.events() == []
    start_again(tmp_path, environ)

    told = Counter(
        event.get("path") or f"early {event['properties']['number']}"
        for event in destination.events()
        if event.get("event_name") != "next"
    )
    assert told == dict.fromkeys(paths | {f"early {number}" for number in range(early)}, 1)
    assert destination.duplicates() == 0
    assert journal.left(folder) == []


@pytest.mark.parametrize(
    "server",
    [*PLAIN, *PRELOADERS, FLASK_RUN, WAITRESS, pytest.param(UWSGI, marks=needs_uwsgi)],
    **name,
)
def test_a_server_that_stops_leaves_an_empty_journal(
    server: Server, destination: Destination, tmp_path: Path, folder: Path
) -> None:
    """The end delivers, once, and takes its files with it."""
    process, port = server.start(
        tmp_path / "server.log", DESTINATION=destination.url, FOLDER=str(folder)
    )
    with process:
        paths = visit(server, process, port)
        if server is UWSGI:
            wait_until(workers_are_idle, "uWSGI runs no exit hooks in a worker that is busy")
        process.stop(server.signal)
        wait_until(lambda: journal.left(folder) == [], "files are left", timeout=3)

    assert Counter(event["path"] for event in destination.events()) == dict.fromkeys(paths, 1)


@either
def test_a_storm_of_forks_survives_the_end_of_all(
    destination: Destination, folder: Path, is_patched: bool
) -> None:
    """Four threads emit while the process forks twelve times; then everybody is killed."""
    ended = run(
        """
        set_up()
        is_over = threading.Event()
        home = os.getpid()

        def emit_on(who):
            while not is_over.is_set():
                if os.getpid() == home:  # greenlets, unlike threads, are copied
                    emit(who)
                time.sleep(0.004)  # fewer than a full batch

        threads = [threading.Thread(target=emit_on, args=(f"thread {n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for number in range(12):
            pid = os.fork()
            if pid == 0:
                emit(f"child {number}")
                die()
            os.waitpid(pid, 0)
            time.sleep(0.02)
        is_over.set()
        for thread in threads:
            thread.join()

        from stage import _emitted
        tell("emitted", _emitted)
        die()
        """,
        destination,
        is_patched=is_patched,
    )
    assert ended.was_killed()
    # Nearly nothing has left: on a busy machine the parent may adopt a dead child before its end.
    assert run(TAKE_OVER, destination).is_clean()

    emitted = ended.told("emitted")
    assert len(emitted) == 4
    children = {f"child {number}": 1 for number in range(12)}
    assert delivered(destination) == emitted | children | {"successor": 1}
    assert journal.left(folder) == []


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_that_are_killed_lose_nothing(
    destination: Destination, folder: Path, method: str
) -> None:
    """A pool's worker is often killed: by its parent, or for the memory it took."""
    program = folder.parent / "pool.py"
    program.write_text(
        f"""
from stage import *
import multiprocessing

analytics = set_up()

def work(who):
    emit(who, 3)
    die()

if __name__ == "__main__":
    emit("parent", 5)
    context = multiprocessing.get_context({method!r})
    children = [context.Process(target=work, args=(f"child {{n}}",)) for n in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == -9, child.exitcode
    die()
"""
    )
    killed = run(
        f"import runpy; runpy.run_path({str(program)!r}, run_name='__main__')"
        if method == "fork"
        else f"os.execv(sys.executable, [sys.executable, {str(program)!r}])",
        destination,
    )
    assert killed.was_killed()

    assert run(TAKE_OVER, destination).is_clean()

    # A child that begins when another is dead already sends what that one left.
    children = {f"child {n}": 3 for n in range(3)}
    arrived = delivered(destination, may_repeat=True)
    assert arrived == {"parent": 5, "successor": 1} | children
    assert journal.left(folder) == []


@either
def test_a_child_that_lives_on_keeps_no_journal_of_its_parent(
    destination: Destination, folder: Path, is_patched: bool
) -> None:
    """A fork copies the open file, and with it the lock; the child has to let go of it."""
    ended = run(
        """
        set_up()
        emit("parent", 20)
        if os.fork() == 0:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 1)  # whoever reads these would wait for us; a patched os.close is late
            os.dup2(nowhere, 2)
            time.sleep(30)
            os._exit(0)
        die()
        """,
        destination,
        is_patched=is_patched,
        then=lambda: run(TAKE_OVER, destination),
    )

    assert ended.was_killed()
    assert ended.after is not None
    assert ended.after.is_clean()
    assert delivered(destination) == {"parent": 20, "successor": 1}


def test_a_forked_child_takes_nothing_of_its_living_parent(
    destination: Destination, folder: Path
) -> None:
    """The child looks for orphans at its first event; the parent is none."""
    ended = run(
        """
        analytics = set_up()
        emit("parent", 20)
        child = os.fork()
        if child == 0:
            emit("child")
            analytics.flush(5)
            tell("adopted", analytics.stats()["journal"]["adopted"])
            sys.exit()
        wait_for_children(child)
        """,
        destination,
    )

    assert ended.is_clean()
    assert ended.told("adopted") == 0
    assert delivered(destination) == {"parent": 20, "child": 1}
    assert journal.left(folder) == []
