"""Disks that are full, folders that cannot be written: the application notices nothing of it."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from . import journal
from .actors import Destination, allow_interrupt
from .scripts import TAKE_OVER, delivered, run, without_power

pytestmark = pytest.mark.deploy

#: Bytes that the full disk has, for about 250 of the thousand events.
SPACE = 128 * 1024

#: More events than the disk has room for; none of them may raise, none may be lost.
FILL = """
analytics = set_up()
emit("main", 1000)
tell("stats", analytics.stats())
leave()
"""


@pytest.fixture
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own with little space on it: tmpfs, which only root may mount."""
    with mounted(folder, f"size={SPACE}"):
        yield folder


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A tmpfs for the time of a test."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        tried = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if tried.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {tried.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def with_little_space() -> None:
    """For a new process: no file may become larger. Needs no rights, unlike a small disk; the
    error is EFBIG then, not ENOSPC."""
    allow_interrupt()
    resource.setrlimit(resource.RLIMIT_FSIZE, (SPACE, SPACE))


def test_a_full_disk_costs_no_event_while_the_process_lives(
    destination: Destination, small_disk: Path
) -> None:
    """What finds no room is kept in memory, and the state says so (ENOSPC, a real full disk)."""
    ended = run(FILL, destination)

    assert ended.is_clean()
    stats = ended.told("stats")
    assert stats["journal"]["state"] == "memory"
    assert "space" in stats["journal"]["fault"].lower()
    assert stats["dropped"] == {}
    assert delivered(destination) == {"main": 1000}
    assert journal.left(small_disk) == []


def test_a_limit_of_file_sizes_is_a_full_disk(destination: Destination, folder: Path) -> None:
    """EFBIG, which a quota or a limit of the process gives."""
    ended = run(FILL, destination, prepare=with_little_space)

    assert ended.is_clean()
    assert ended.told("stats")["journal"]["state"] == "memory"
    assert delivered(destination) == {"main": 1000}
    assert journal.left(folder) == []


def test_what_was_written_before_the_disk_was_full_survives_a_kill(
    destination: Destination, small_disk: Path
) -> None:
    """No half record is left at the end, however little of the last one had room."""
    ended = run(
        """
        analytics = set_up()
        emit("main", 1000)
        tell("stats", analytics.stats())
        die()
        """,
        destination,
    )
    assert ended.was_killed()
    written = sum(len(journal.frames(p)) for p in journal.files(small_disk) if p.suffix == ".j")
    assert all(
        line.endswith(b"\n")
        for path in journal.files(small_disk)
        if path.suffix == ".j"
        for line in journal.frames(path)
    )

    after = run(TAKE_OVER, destination)

    assert after.is_clean()
    assert 100 < written < 1000
    assert delivered(destination) == {"main": written, "successor": 1}
    assert after.told("stats")["journal"]["corrupt"] == 0
    assert journal.left(small_disk) == []


def test_a_disk_that_has_room_again_is_used_again(
    destination: Destination, small_disk: Path
) -> None:
    """Somebody deletes the file that was in the way; no restart is needed."""
    filler = small_disk / "filler"
    ended = run(
        f"""
        from flask_analytics.delivery import journal

        journal.RETRY_INTERVAL = 0.1  # half a minute otherwise
        analytics = set_up()
        emit("before", 5)
        filler = Path({str(filler)!r})
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(512)):
                    pass
            except OSError:
                pass
        emit("full", 200)
        tell("full", analytics.stats()["journal"])
        filler.unlink()
        deadline = time.monotonic() + 15
        while analytics.stats()["journal"]["state"] != "journal" and time.monotonic() < deadline:
            emit("after")
            time.sleep(0.05)
        tell("after", analytics.stats()["journal"])
        leave()
        """,
        destination,
    )

    assert ended.is_clean()
    assert ended.told("full")["state"] == "memory"
    assert ended.told("after")["state"] == "journal"
    assert ended.told("after")["fault"] is None
    seen = delivered(destination)
    assert (seen["before"], seen["full"]) == (5, 200)
    assert seen["after"] >= 1
    assert journal.left(small_disk) == []


def in_the_way(folder: Path) -> None:
    """A file where the folder should be."""
    folder.write_text("a file")


def forbidden(folder: Path) -> None:
    """A folder that may be read only."""
    folder.mkdir()
    folder.chmod(0o500)


def forbidden_within(folder: Path) -> None:
    """The journal's own folder is there, and may be read only."""
    (folder / "journal").mkdir(parents=True)
    (folder / "journal").chmod(0o500)


UNUSABLE = pytest.mark.parametrize(
    "spoil", [in_the_way, forbidden, forbidden_within], ids=lambda spoil: spoil.__name__
)


@UNUSABLE
def test_a_folder_that_cannot_be_written_means_memory_and_one_warning(
    destination: Destination, folder: Path, spoil: Callable[[Path], None]
) -> None:
    """The application starts and delivers as it would without a folder."""
    spoil(folder)

    ended = run(
        """
        analytics = set_up()
        emit("main", 10)
        analytics.flush(5)
        emit("main", 10)
        tell("stats", analytics.stats()["journal"])
        leave()
        """,
        destination,
        prepare=without_power,
    )

    assert ended.is_clean()
    assert ended.told("stats")["state"] == "memory"
    assert ended.told("stats")["fault"]
    warnings = [line for line in ended.stdout.splitlines() if line.startswith("WARNING")]
    assert len(warnings) == 1, ended.stdout
    assert str(folder) in warnings[0]
    assert delivered(destination) == {"main": 20}


@UNUSABLE
def test_strict_durability_does_not_start_without_its_folder(
    destination: Destination, folder: Path, spoil: Callable[[Path], None]
) -> None:
    """Who insists on the journal is told at once, with the folder in the message."""
    spoil(folder)

    ended = run("set_up(DURABILITY='journal')", destination, prepare=without_power)

    assert ended.code == 1
    assert "ConfigurationError" in ended.stderr
    assert str(folder) in ended.stderr


def test_a_read_only_file_system_means_memory(destination: Destination, folder: Path) -> None:
    """EROFS, as in a container whose root is read-only."""
    with mounted(folder, "ro"):
        ended = run(
            """
            analytics = set_up()
            emit("main", 10)
            tell("stats", analytics.stats()["journal"])
            leave()
            """,
            destination,
        )

        assert ended.is_clean()
        assert ended.told("stats")["state"] == "memory"
        assert delivered(destination) == {"main": 10}


def test_nobody_else_may_read_the_journal(destination: Destination, folder: Path) -> None:
    """0700 for the folder and 0600 for each file, whatever the umask."""
    ended = run("os.umask(0); set_up(); emit('main', 3); die()", destination)

    assert ended.was_killed()
    assert os.stat(folder / "journal").st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in journal.files(folder)} == {0o600}
