"""The files of the board: when they are written, whose they are, and what damages them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.delivery import retired
from flask_analytics.delivery.board import INTERVAL, Board
from flask_analytics.delivery.census import Census

#: A process that shows the stats it is told, one JSON line each, and answers when it has.
from .workers import Own, Worker, counts, folder, ledger, names, own, start

__all__ = ["folder", "own", "start"]


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
    assert len(list(folder.glob(".._a_b_*-*.stats"))) == 1
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
