"""Several processes, one sum: real files, real processes, real kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.delivery import retired, sheet
from flask_analytics.delivery.board import INTERVAL
from flask_analytics.delivery.census import Census

#: A process that shows the stats it is told, one JSON line each, and answers when it has.
from .workers import ENVIRON, Own, Worker, counts, folder, ledger, names, own, start

__all__ = ["folder", "own", "start"]


def test_sum_of_processes_that_live(own: Own, start: Callable[..., Worker]) -> None:
    """Each with its own row, and all together."""
    start().show(ledger(10, 7))
    start().show(ledger(20, 20))
    own.stats = ledger(3, 1)

    total = own.board.total()

    assert counts(total) == (33, 28, 5)
    assert total.is_shared
    rows = [one.stats.collectors["webhook"].accepted for one in total.sheets]
    assert sorted(rows) == [3, 10, 20]
    assert os.getpid() in [one.pid for one in total.sheets]


def test_a_killed_process_is_folded_once(
    own: Own, folder: Path, start: Callable[..., Worker]
) -> None:
    """What it delivered stays; what it left is not its own any more; its file goes."""
    worker = start()
    worker.show(ledger(10, 7, rejected={}))
    worker.kill()

    assert Census(folder, "shop").fold() == 1

    for _ in range(3):
        assert counts(own.board.total()) == (7, 7, 0)
    assert Census(folder, "shop").fold() == 0
    assert len(names(folder, ".stats")) == 1  # our own


def test_a_process_that_ends_well_is_folded_too(
    own: Own, folder: Path, start: Callable[..., Worker]
) -> None:
    """With its last counts."""
    worker = start()
    worker.show(ledger(10, 7))
    worker.end()

    assert counts(own.board.total()) == (7, 7, 0)
    assert [one.pid for one in own.board.total().sheets] == [os.getpid()]


def test_the_dead_count_before_anybody_has_folded_them(
    folder: Path, start: Callable[..., Worker]
) -> None:
    """A tool that only looks changes no file, and shows the same."""
    worker = start()
    worker.show(ledger(10, 7))
    worker.kill()
    before = names(folder)

    total = Census(folder, "shop").take()

    assert counts(total) == (7, 7, 0)
    assert total.sheets == []
    assert names(folder) == before


def test_counters_never_go_backwards(own: Own, start: Callable[..., Worker]) -> None:
    """While the events of a dead process wait for adoption, nor when they are adopted."""
    first, second = start(), start()
    first.show(ledger(100, 60))
    second.show(ledger(50, 50))
    seen = [own.board.total().most["webhook"]]

    first.kill()
    seen.append(own.board.total().most["webhook"])
    second.show(ledger(90, 50))  # adopts the 40
    seen.append(own.board.total().most["webhook"])
    second.show(ledger(95, 95))
    seen.append(own.board.total().most["webhook"])

    assert seen == [150, 150, 150, 155]
    assert counts(own.board.total()) == (155, 155, 0)


def test_a_process_killed_right_after_it_was_seen_takes_nothing_away(
    folder: Path, clock: Any
) -> None:
    """What a process shows of itself is on disk first, even within the second of a write."""
    own = Own(folder, clock)
    own.stats = ledger(5, 5)
    own.board.write()
    own.stats = ledger(9, 9)

    shown = own.board.total()

    assert counts(shown) == (9, 9, 0)
    assert counts(Census(folder, "shop").take()) == (9, 9, 0)
    own.board.close()


def test_a_folder_that_dies_half_way_counts_nobody_twice(
    folder: Path, start: Callable[..., Worker], clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the sum is written, before the file is gone. No real process can be stopped just
    there, so the unlinking is taken out."""
    worker = start()
    worker.show(ledger(10, 7))
    worker.kill()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        assert Census(folder, "shop", clock=clock).fold() == 1
    assert len(names(folder, ".stats")) == 1

    clock.tick(3 * retired.MEMORY)
    assert counts(Census(folder, "shop").take()) == (7, 7, 0)
    assert Census(folder, "shop", clock=clock).fold() == 0
    assert names(folder, ".stats") == []
    assert counts(Census(folder, "shop").take()) == (7, 7, 0)


def test_names_of_folded_files_are_forgotten(
    folder: Path, start: Callable[..., Worker], clock: Any
) -> None:
    """A year of restarts leaves one small file."""
    counted = Census(folder, "shop", clock=clock)
    for _ in range(3):
        worker = start()
        worker.show(ledger(10, 7))
        worker.kill()
        counted.fold()
        clock.tick(retired.MEMORY + 1)

    assert len(retired.read(folder / "shop.retired.json").folded) == 1
    assert names(folder) == ["shop.retired.json", "shop.retired.lock"]
    assert counts(counted.take()) == (21, 21, 0)


def test_many_kills_while_many_fold(folder: Path, start: Callable[..., Worker]) -> None:
    """Eight processes die; four threads fold at the same time; each death counts once."""
    workers = [start() for _ in range(8)]
    for number, worker in enumerate(workers):
        worker.show(ledger(100 + number, 100 + number))
    for worker in workers:
        worker.kill()
    folded: list[int] = []
    threads = [
        threading.Thread(target=lambda: folded.append(Census(folder, "shop").fold()))
        for _ in range(4)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(folded) == 8
    assert counts(Census(folder, "shop").take()) == (828, 828, 0)


def test_a_process_that_writes_is_never_taken_for_dead(folder: Path, clock: Any, own: Own) -> None:
    """Its file is another one at each write; whoever reads meanwhile must not fold the old one."""
    script = """
        import sys, select
        from pathlib import Path
        from flask_analytics.delivery.census import Census
        census, folded, looks = Census(Path(sys.argv[1]), "shop"), 0, 0
        while not select.select([sys.stdin], [], [], 0)[0]:
            folded, looks = folded + census.fold(), looks + 1
            if looks == 1:
                print(flush=True)
        print(folded, looks)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRON,
    ) as folding:  # fmt: skip
        assert folding.stdout is not None
        folding.stdout.readline()
        for number in range(1, 2000):
            own.stats = ledger(number, number)
            clock.tick(INTERVAL)
            assert own.board.write(), own.board.fault
        said, _ = folding.communicate("stop")

    folded, looks = map(int, said.split())
    assert folded == 0
    assert looks > 10
    assert counts(Census(folder, "shop").take()) == (1999, 1999, 0)


@contextmanager
def forked(action: Callable[[], bool]) -> Iterator[None]:
    """A fork that does something, which must succeed, and lives on until the block ends."""
    read_end, write_end = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(write_end, b"y" if action() else b"n")
            signal.pause()
        finally:
            os._exit(1)
    try:
        assert os.read(read_end, 1) == b"y"
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(read_end)
        os.close(write_end)


def test_a_fork_has_a_file_of_its_own(folder: Path, own: Own) -> None:
    """With counts of its own; both are there."""
    own.stats = ledger(5, 5)
    own.board.write()

    def write() -> bool:
        own.stats = ledger(2, 2)
        return own.board.write()

    with forked(write):
        assert counts(own.board.total()) == (7, 7, 0)
        assert len(own.board.total().sheets) == 2
    assert Census(folder, "shop").fold() == 1
    assert counts(own.board.total()) == (7, 7, 0)


@pytest.mark.parametrize("does_write", [True, False])
def test_a_fork_does_not_keep_its_parent_alive(folder: Path, own: Own, does_write: bool) -> None:
    """A copied descriptor would, also in a child that never has an event."""
    own.board.write()
    (name,) = names(folder, ".stats")

    with forked(own.board.write if does_write else lambda: True):
        own.board._let_go()  # as the kernel does when we die

        found = sheet.look(folder / name)

    assert found is not None
    assert found[1] is False


def test_a_fork_that_python_does_not_know_of(folder: Path, tmp_path: Path) -> None:
    """uWSGI forks without hooks: the pid tells. A process of its own, for the fork by libc."""
    script = """
        import ctypes, os, sys
        from pathlib import Path
        from flask_analytics.delivery.board import Board
        folder = Path(sys.argv[1])
        board = Board(folder, "shop", lambda: {"queued": os.getpid()})
        board.write()
        pid = ctypes.CDLL(None).fork()
        if not pid:
            assert board.write(), board.fault
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        print(len(list(folder.glob("*.stats"))))
    """
    code = [sys.executable, "-c", textwrap.dedent(script), str(folder)]

    answer = subprocess.run(code, capture_output=True, text=True, env=ENVIRON)

    assert answer.stdout == "2\n", answer.stderr
