"""Disks that are full, files that are broken, clocks that jump, versions that differ, forks."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from flask_analytics.errors import StoreError
from flask_analytics.store.embedded import keeper as keeping
from flask_analytics.store.embedded import spawn
from flask_analytics.store.embedded.catalog import Catalog
from flask_analytics.store.embedded.keeper import FAULT, Keeper, is_due
from flask_analytics.store.embedded.quarantine import sort_out
from flask_analytics.store.embedded.seal import seal

from .actors import DAY, START, House, id_of, ids_of, make, start


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file may grow beyond a size: what a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_refuses_the_batch_and_keeps_the_rest(house: House) -> None:
    """Nothing half-written; and it goes on when there is room."""
    house.append(first := make())
    batch = [make(properties={"x": "y" * 5_000}) for _ in range(400)]

    with full_disk(1_000_000), pytest.raises(StoreError):
        house.append(*batch)

    assert house.seen() == ids_of([first])
    assert house.append(*batch) == 400


def test_a_seal_on_a_full_disk_leaves_everything_as_it_was(house: House) -> None:
    """The rows stay hot, and the next sweep removes what was begun."""
    batch = [make(at=START + n, properties={"x": os.urandom(50).hex()}) for n in range(2_000)]
    house.append(*batch)

    with full_disk(50_000), pytest.raises((duckdb.Error, StoreError)):
        seal(house.shelf)

    assert sorted(house.seen()) == ids_of(batch)
    house.shelf.sweep()
    assert list(house.shelf.folder.iterdir()) == []
    assert seal(house.shelf) == 2_000


@pytest.mark.parametrize("damage", [b"", b"PAR1 nothing of the kind PAR1", None])
def test_a_broken_segment_is_put_aside_and_the_rest_answers(
    house: House, damage: bytes | None
) -> None:
    """Cut off, overwritten or gone."""
    bodies = [make(at=START), make(at=START + DAY)]
    for body in bodies:
        house.append(body)
        seal(house.shelf)
    broken = Path(house.shelf.segments()[0].path)
    if damage is None:
        broken.unlink()
    else:
        broken.write_bytes(damage)
    before = house.catalog.generation()

    assert sort_out(house.catalog, house.shelf.segments()) == 1

    assert house.seen() == ids_of(bodies[1:])
    assert house.catalog.describe()["quarantined"] == 1
    assert house.catalog.describe()["events"] == 1
    assert house.catalog.generation() > before
    assert (house.folder / "quarantine" / broken.name).exists() == (damage is not None)


def test_a_keeper_puts_aside_what_it_cannot_read(house: House) -> None:
    """And goes on with the others."""
    bodies = [make(at=START + n * DAY) for n in range(6)]
    for body in bodies:
        house.append(body)
        seal(house.shelf)
    Path(house.shelf.segments()[0].path).write_bytes(b"PAR1 broken PAR1")

    Keeper(house.catalog, house.clock).tend()

    assert sorted(house.seen()) == ids_of(bodies[1:])
    assert len(house.shelf.segments()) == 1


def test_nobody_else_may_read_anything(tmp_path: Path) -> None:
    """Whatever the umask, also in a folder that others may enter, and what was open before."""
    folder = tmp_path / "store"
    before = os.umask(0)
    try:
        folder.mkdir(mode=0o755)
        house = House(folder)
        house.append(make())
        seal(house.shelf)
        house.append(make())
        with house.shelf.locked():
            assert {f"{path.name[-3:]}" for path in folder.rglob("*-*")} >= {"wal", "shm"}
        (folder / "store.db").chmod(0o644)
        assert Catalog(folder).generation() > 0
    finally:
        os.umask(before)

    modes = [(path.is_dir(), path.stat().st_mode & 0o777) for path in folder.rglob("*")]

    assert set(modes) == {(True, 0o700), (False, 0o600)}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_belongs_to_the_folders_owner(tmp_path: Path) -> None:
    """A command from root's shell must not lock the workers out."""
    folder = tmp_path / "store"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65_534, 65_534)

    house = House(folder)
    house.append(make())
    seal(house.shelf)
    house.append(make())
    with house.shelf.locked():
        owners = {path.name: path.stat().st_uid for path in folder.rglob("*")}

    assert {"store.db", "store.db-wal", "store.db-shm", "seal.lock", "segments"} <= owners.keys()
    assert set(owners.values()) == {65_534}


def test_a_newer_folder_is_refused_with_the_cure(house: House) -> None:
    """Two versions of the package on one folder."""
    with house.catalog.write() as connection:
        connection.execute("UPDATE meta SET value = 99 WHERE key = 'version'")

    with pytest.raises(StoreError, match=r"has format 99.*upgrade"):
        Catalog(house.folder).generation()


def test_two_that_make_the_tables_at_once_both_succeed(tmp_path: Path) -> None:
    """The first request of every worker."""
    folder = tmp_path / "store"
    writers = [start("writing", folder, tmp_path / f"acks-{n}", 3) for n in range(2)]
    for writer in writers:
        output, _ = writer.communicate(timeout=60)
        assert writer.returncode == 0, output

    assert Catalog(folder).describe()["events"] == 300


def test_clocks_may_jump(house: House) -> None:
    """Events from the future and from before the epoch are sealed like others."""
    bodies = [make(at=at) for at in (START, 4_102_444_800_000_000, -1, START - 9000 * DAY)]
    for body in bodies:
        house.append(body)
    house.clock.now -= 10**7
    seal(house.shelf)

    assert sorted(house.seen()) == ids_of(bodies)
    hours = house.shelf.segments()[0].hours_path
    assert duckdb.sql(f"SELECT min(hour), sum(n) FROM '{hours}'").fetchall() == [(-1, 4)]


def test_a_seal_is_due_by_number_by_age_and_after_a_jump() -> None:
    """A clock that was set back must not keep rows hot for ever."""
    assert is_due(keeping.MANY, 0)
    assert not is_due(keeping.SOME, 1)
    assert is_due(keeping.SOME, keeping.AGE + 1)
    assert is_due(keeping.SOME, -keeping.AGE - 1)
    assert not is_due(keeping.SOME - 1, keeping.AGE + 1)
    assert is_due(1, keeping.DAY + 1)
    assert is_due(1, -keeping.DAY - 1)


def test_a_forked_child_has_connections_of_its_own(house: House) -> None:
    """And the parent's go on."""
    house.append(make())
    child = os.fork()
    if child == 0:
        try:
            house.append(make())
            os._exit(0)
        except BaseException:
            os._exit(1)

    _, status = os.waitpid(child, 0)
    house.append(make())

    assert status == 0
    assert len(house.seen()) == 3


def test_the_interpreter_is_found_inside_another_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """In uWSGI ``sys.executable`` is uWSGI."""
    monkeypatch.setattr("sys.executable", "/usr/bin/uwsgi")

    found = spawn.interpreter()

    assert Path(found).name.startswith("python")


def test_a_child_seals_and_is_no_zombie(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The append that sees enough starts it, and does not wait."""
    ended = []
    reap = keeping._reap
    monkeypatch.setattr(keeping.native, "start_thread", lambda f, args: ended.append(args[0]))
    monkeypatch.setattr(keeping, "MANY", 10)
    house.hot._look = Keeper(house.catalog, house.clock).look

    house.append(*(make(at=START + n) for n in range(20)))

    (child,) = ended
    reap(child)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    assert house.catalog.describe()["sealed"] == 20


def test_a_child_drops_what_is_older_than_is_kept(house: House) -> None:
    """Nobody has to run a command for it."""
    house.clock.now = time.time()
    now = int(house.clock.now) * 1_000_000
    old, new = make(at=now - 9 * DAY), make(at=now)
    house.append(old, new)

    keeper = Keeper(house.catalog, house.clock, retention_days=7)
    keeper.shelf.has_dropped = lambda: False  # type: ignore[method-assign]
    keeper.run()

    assert house.seen() == ids_of([new])
    assert keeper._arguments() == [str(house.folder), "7"]


def test_what_went_wrong_in_a_child_is_told_once(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By whoever looks next; nothing is raised."""
    keeper = Keeper(house.catalog, house.clock)
    monkeypatch.setattr(keeping.spawn, "spawn", lambda *_: (_ for _ in ()).throw(StoreError("no")))
    (house.folder / FAULT).write_text("OSError: no space")

    keeper.look(keeping.MANY, house.clock())

    assert "no space" in caplog.text
    assert not (house.folder / FAULT).exists()


def test_a_child_purges_what_is_too_old_once_a_day(house: House) -> None:
    """Of a site with few events, too; the segment at the edge is not rewritten by each child."""
    keeper = Keeper(house.catalog, house.clock, retention_days=30)
    house.clock.now += 40 * 86_400
    old, young = make(at=START), make(at=START + 20 * DAY)
    house.append(old, young)
    keeper._do(is_daily=True)
    assert house.seen() == [id_of(young)]

    house.append(late := make(at=START + DAY))
    keeper._do(is_daily=True)
    assert sorted(house.seen()) == ids_of([young, late])

    house.clock.now += 86_400
    keeper._do(is_daily=True)
    assert house.seen() == [id_of(young)]


def test_a_child_is_told_how_long_events_are_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real one: the events of this story are older than a day."""
    ended = []
    monkeypatch.setattr(keeping.native, "start_thread", lambda f, args: ended.append(args[0]))
    house.append(make())

    Keeper(house.catalog, house.clock, retention_days=1).start()

    give_up = time.monotonic() + 60
    while house.seen() and time.monotonic() < give_up:
        pass  # each look takes a while
    os.kill(ended[0], signal.SIGTERM)  # it would wait for readers of what it has dropped
    keeping._reap(ended[0])
    assert house.seen() == []
    assert not (house.folder / FAULT).exists()


def test_a_keeper_may_spill_before_anybody_has_asked(house: House) -> None:
    """What does not fit into memory goes beside the store, also where no reader was yet."""
    with house.shelf.duck() as duck:
        duck.execute("SET memory_limit = '64MB'")
        duck.execute("CREATE TABLE much AS SELECT hash(range) AS h FROM range(3000000)")

        (count,) = duck.execute(
            "SELECT count(*) FROM (SELECT DISTINCT h FROM much)"
        ).fetchone() or (0,)

    assert count == 3_000_000
