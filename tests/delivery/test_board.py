"""Several processes, one sum: real files, real processes, real kills."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.delivery import retired, sheet
from flask_analytics.delivery.board import INTERVAL, Board
from flask_analytics.delivery.census import Census, Total

#: A process that shows the stats it is told, one JSON line each, and answers when it has.
SCRIPT = """
import itertools, json, sys
from pathlib import Path
from flask_analytics.delivery.board import Board

told = {}
time = itertools.count(1000, 10)
board = Board(Path(sys.argv[1]), sys.argv[2], lambda: told, clock=lambda: next(time))
for line in sys.stdin:
    told = json.loads(line)
    print(board.write(), flush=True)
board.close()
"""

#: Where this process finds its modules, another one does, too.
ENVIRON = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def ledger(accepted: int, delivered: int, **more: Any) -> dict[str, Any]:
    """The stats of a process with one collector."""
    counts = {"accepted": accepted, "delivered": delivered, "pending": accepted - delivered}
    return {"collectors": {"webhook": {**counts, **more}}}


class Worker:
    """Another process of the application."""

    def __init__(self, folder: Path, app: str = "shop") -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(folder), app],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRON,
        )

    def show(self, stats: dict[str, Any]) -> None:
        """Write these stats, and wait until that is done."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.stdin.write(json.dumps(stats) + "\n")
        self._popen.stdin.flush()
        assert self._popen.stdout.readline() == "True\n"

    def kill(self) -> None:
        """As the kernel does when there is no memory left."""
        self._popen.send_signal(signal.SIGKILL)
        self.__exit__()

    def end(self) -> None:
        """In good order."""
        self._popen.communicate()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._popen.kill()
        self._popen.communicate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the journals would be. It does not exist yet."""
    return tmp_path / "analytics" / "journal"


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Worker]]:
    """Start workers that do not outlive the test."""
    with ExitStack() as stack:
        yield lambda app="shop": stack.enter_context(Worker(folder, app))


class Own:
    """This process's board, with counts that a test sets."""

    def __init__(self, folder: Path | None, clock: Callable[[], float], app: str = "shop") -> None:
        self.stats: dict[str, Any] = {}
        self.board = Board(folder, app, lambda: self.stats, clock=clock)


@pytest.fixture
def own(folder: Path, clock: Callable[[], float]) -> Iterator[Own]:
    """This process, among the others."""
    one = Own(folder, clock)
    yield one
    one.board.close()


def counts(total: Total) -> tuple[int, int, int]:
    """Accepted, delivered and pending of the sum."""
    webhook = total.stats.collectors["webhook"]
    return webhook.accepted, webhook.delivered, webhook.pending


def names(folder: Path, ending: str = "") -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(ending))


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


def test_writes_once_a_second_at_most(folder: Path, clock: Any, own: Own) -> None:
    """However often it is asked; and at its end whenever that is."""
    own.stats = ledger(1, 1)
    assert own.board.write()
    own.stats = ledger(2, 2)

    assert not own.board.write()
    assert counts(Census(folder, "shop").take()) == (1, 1, 0)

    clock.tick(INTERVAL)
    assert own.board.write()
    assert counts(Census(folder, "shop").take()) == (2, 2, 0)

    own.stats = ledger(3, 3)
    own.board.close()
    assert counts(Census(folder, "shop").take()) == (3, 3, 0)
    assert not own.board.write()


def test_counts_that_did_not_change_are_not_written_again(
    folder: Path, clock: Any, own: Own
) -> None:
    """An idle process leaves the disk alone, unless somebody took its file away."""
    own.stats = ledger(1, 1)
    own.board.write()
    (path,) = folder.glob("*.stats")
    before = path.stat().st_ino

    clock.tick(INTERVAL)
    assert own.board.write()
    assert path.stat().st_ino == before

    path.unlink()
    clock.tick(INTERVAL)
    assert own.board.write()
    assert path.exists()


def test_clock_that_is_set_back_stops_nothing(folder: Path, clock: Any, own: Own) -> None:
    """Time is corrected; counts go on."""
    own.stats = ledger(1, 1)
    own.board.write()

    clock.tick(-500)
    own.stats = ledger(2, 2)

    assert own.board.write()
    assert counts(Census(folder, "shop").take()) == (2, 2, 0)


def test_files_are_private(folder: Path, own: Own, start: Callable[..., Worker]) -> None:
    """Folders 0700, files 0600, whatever the umask says."""
    before = os.umask(0)
    try:
        worker = start()
        worker.show(ledger(1, 1))
        worker.kill()
        own.board.total()
    finally:
        os.umask(before)

    for path in (folder, folder.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700, path
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert len(names(folder)) == 3


def test_applications_that_share_a_folder_are_kept_apart(
    own: Own, start: Callable[..., Worker], folder: Path, clock: Any
) -> None:
    """Also when one's name begins with the other's, or says things that a path may not."""
    start("shop_admin").show(ledger(10, 10))
    start("shop-12").show(ledger(10, 10))
    start("shop.12").show(ledger(10, 10))
    other = Own(folder, clock, "../a b")
    other.stats = ledger(4, 4)
    own.stats = ledger(1, 1)

    assert counts(own.board.total()) == (1, 1, 0)
    assert counts(other.board.total()) == (4, 4, 0)
    assert len(list(folder.glob(".._a_b-*.stats"))) == 1
    other.board.close()


def test_without_a_folder_it_is_this_process_alone(clock: Any) -> None:
    """And says so."""
    own = Own(None, clock)
    own.stats = ledger(3, 1)

    total = own.board.total()

    assert counts(total) == (3, 1, 2)
    assert (total.is_shared, total.fault) == (False, None)
    assert [one.pid for one in total.sheets] == [os.getpid()]
    assert total.most == {"webhook": 3}
    assert not own.board.write()


def test_a_folder_that_cannot_be_made_is_as_none(tmp_path: Path, clock: Any) -> None:
    """Nothing raises, and the reason is there. A file in its place stops root, too."""
    (tmp_path / "file").write_text("")
    own = Own(tmp_path / "file" / "journal", clock)
    own.stats = ledger(3, 1)

    assert not own.board.write()
    total = own.board.total()

    assert counts(total) == (3, 1, 2)
    assert not total.is_shared
    assert total.fault is not None
    assert "file" in total.fault
    own.board.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_keeps_the_last_file(
    folder: Path, own: Own, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short write is no sheet. The kernel's own full device stands in for the disk."""
    own.stats = ledger(1, 1)
    assert own.board.write()
    full = os.open("/dev/full", os.O_WRONLY)
    real = os.write
    own.stats = ledger(2, 2)
    clock.tick(INTERVAL)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, content: real(full, content))
        assert not own.board.write()
        assert own.board.fault is not None
        assert not own.board.total().is_shared
        assert counts(own.board.total()) == (2, 2, 0)
    os.close(full)

    assert names(folder) == [names(folder, ".stats")[0], *names(folder, ".lock")]
    assert counts(Census(folder, "shop").take()) == (1, 1, 0)
    clock.tick(INTERVAL)
    assert own.board.write()
    assert own.board.total().is_shared


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b'{"pid": "x"}'])
def test_a_damaged_file_counts_for_nothing_and_goes(folder: Path, own: Own, content: bytes) -> None:
    """A disk can do that; nobody stumbles over it for ever."""
    own.stats = ledger(1, 1)
    own.board.write()
    (folder / "shop-1-abcd.stats").write_bytes(content)

    assert counts(own.board.total()) == (1, 1, 0)
    assert len(names(folder, ".stats")) == 1


def test_a_damaged_sum_begins_anew(folder: Path, own: Own, start: Callable[..., Worker]) -> None:
    """Counting goes on, from zero."""
    own.stats = ledger(1, 1)
    own.board.write()
    (folder / "shop.retired.json").write_bytes(b"{oops")
    worker = start()
    worker.show(ledger(2, 2))
    worker.kill()

    assert counts(own.board.total()) == (3, 3, 0)
    assert retired.read(folder / "shop.retired.json").most == {"webhook": 3}


def test_half_written_files_of_the_dead_are_swept(folder: Path, own: Own) -> None:
    """Those of the living are not: they are young, or held."""
    own.board.write()
    old, young = folder / "shop-1-aa.stats.new", folder / "shop-1-bb.stats.new"
    other = folder / "notes.stats.new"
    for path in (old, young, other):
        path.write_text("{")
    now = young.stat().st_mtime
    os.utime(old, (now - 100, now - 100))
    os.utime(other, (now - 100, now - 100))

    Census(folder, "shop", clock=lambda: now).fold()

    assert not old.exists()
    assert young.exists()
    assert other.exists()


def test_links_are_not_followed(folder: Path, own: Own, tmp_path: Path) -> None:
    """Who can write into the folder shall not make us read or write elsewhere."""
    own.board.write()
    target = tmp_path / "target"
    target.write_text('{"stats": {"queued": 99}}')
    (folder / "shop-1-aa.stats").symlink_to(target)

    assert own.board.total().stats.queued == 0
    assert target.exists()


def test_journals_that_nobody_holds_are_told(folder: Path, own: Own) -> None:
    """Events of dead processes that wait for adoption; whose are held, or another's, are not."""
    own.board.write()
    (folder / "shop-1-aa.j").write_bytes(b"x" * 70)
    (folder / "shop-1-bb.j").write_bytes(b"x" * 30)
    (folder / "shop-1-aa.j.ack").write_bytes(b"x")
    (folder / "shop_admin-1-aa.j").write_bytes(b"x")
    held = folder / "shop-1-cc.j"
    held.write_bytes(b"x")
    with held.open() as file:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)

        total = own.board.total()

    assert (total.orphans, total.orphan_bytes) == (2, 100)


def test_somebody_else_is_folding(folder: Path, start: Callable[..., Worker], own: Own) -> None:
    """Nobody waits: the sum is right all the same."""
    worker = start()
    worker.show(ledger(10, 7))
    worker.kill()

    with retired.lock(folder / "shop.retired.lock"):
        assert Census(folder, "shop").fold() == 0
        assert counts(own.board.total()) == (7, 7, 0)

    assert Census(folder, "shop").fold() == 1


def test_stats_that_raise_are_a_fault_and_no_more(folder: Path, clock: Any) -> None:
    """The dispatcher's thread must survive everything."""

    def broken() -> dict[str, Any]:
        raise RuntimeError("no")

    board = Board(folder, "shop", broken, clock=clock)

    assert not board.write()
    assert board.fault == "RuntimeError: no"
