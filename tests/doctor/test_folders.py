"""The folder of journal, store and salt, as it lies on a real disk."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Blueprint

from flask_analytics import Analytics
from flask_analytics.doctor import folders
from flask_analytics.doctor.finding import Patient

from .conftest import Admit, ill, told


@pytest.fixture
def used(admit: Admit) -> Patient:
    """A folder in which an application has kept an event."""
    analytics = Analytics()
    patient = admit(analytics, ANALYTICS_STORE="embedded:")
    patient.app.test_client().get("/")
    assert analytics.close(30)
    assert list(patient.home.rglob("*"))
    return patient


def test_what_we_make_is_well(used: Patient, admit: Admit) -> None:
    """Every file of journal, store and salt; and one that is to be made."""
    assert ill(folders.check, used) == []
    assert "private, writable" in told(folders.check, used)


def test_a_folder_that_is_not_there_yet(admit: Admit) -> None:
    """The first event makes it."""
    assert ill(folders.check, admit()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o602])
def test_files_that_others_read(used: Patient, mode: int) -> None:
    """The first is named, and the cure cures it."""
    file = next(path for path in used.home.rglob("*") if path.is_file())
    file.chmod(mode)

    (found,) = ill(folders.check, used)
    assert (found.level, str(file) in found.text) == ("problem", True)
    assert os.system(found.cure) == 0
    assert ill(folders.check, used) == []


def test_a_folder_that_others_enter(used: Patient) -> None:
    """It is 0700."""
    used.home.chmod(0o755)

    assert "755" in told(folders.check, used)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_of_another_user(used: Patient) -> None:
    """What root made in a shell, the application cannot write; the cure cures it."""
    file = next(path for path in used.home.rglob("*") if path.is_file())
    os.chown(file, 65534, 65534)

    (found,) = ill(folders.check, used)
    assert str(file) in found.text
    assert os.system(found.cure) == 0
    assert ill(folders.check, used) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize(("mode", "word"), [(0o755, "read and written"), (0o700, "reached")])
def test_a_folder_of_somebody_else(admit: Admit, mode: int, word: str) -> None:
    """Seen by a process that is nobody's."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(mode)
        (Path(place) / "analytics").mkdir(mode=0o700)
        patient = admit(ANALYTICS_DIR=f"{place}/analytics")
        os.setresuid(65534, 65534, 0)
        try:
            found = told(folders.check, patient)
        finally:
            os.setresuid(0, 0, 0)

    assert word in found


def test_a_folder_that_cannot_be_made(admit: Admit, tmp_path: Path) -> None:
    """A file is in the way."""
    (tmp_path / "file").touch()

    (found,) = ill(folders.check, admit(ANALYTICS_DIR=str(tmp_path / "file")))
    assert "cannot be made" in found.text


@pytest.mark.parametrize("whose", ["application", "blueprint", "link"])
def test_a_folder_that_is_served(admit: Admit, tmp_path: Path, whose: str) -> None:
    """Everybody could download it, also by way of a link."""
    static = tmp_path / "public"
    (static / "data").mkdir(parents=True, mode=0o700)
    (tmp_path / "link").symlink_to(static / "data")
    home = tmp_path / "link" if whose == "link" else static / "data"
    patient = admit(ANALYTICS_DIR=str(home))
    if whose == "blueprint":
        patient.app.register_blueprint(
            Blueprint("files", __name__, static_folder=str(static), static_url_path="/files")
        )
    else:
        patient.app.static_folder = str(static)

    (found,) = ill(folders.check, patient)
    assert (found.level, "everybody can download" in found.text) == ("problem", True)


@pytest.fixture
def memory_disk() -> Iterator[Path]:
    """A folder on a real file system in memory."""
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("there is no /dev/shm")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def test_a_folder_in_memory(admit: Admit, memory_disk: Path) -> None:
    """By what the kernel says of it."""
    mounts = Path("/proc/mounts").read_text()

    patient = admit(ANALYTICS_DIR=str(memory_disk / "a"), patient={"mounts": mounts})
    assert "warning" in told(folders.check, patient)
    assert "in memory (tmpfs)" in told(folders.check, patient)


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_folder_on_the_network(admit: Admit, tmp_path: Path, kind: str) -> None:
    """The innermost mount counts; the kernel writes a blank of a path as an octal number."""
    home = tmp_path / "a b" / "analytics"
    place = str(tmp_path / "a b").replace(" ", "\\040")
    mounts = f"/dev/sda1 / ext4 rw 0 0\nserver:/x {place} {kind} rw 0 0\nproc /proc proc rw 0 0\n"

    (found,) = ill(folders.check, admit(ANALYTICS_DIR=str(home), patient={"mounts": mounts}))
    assert (found.level, kind in found.text) == ("problem", True)
    assert folders.kind_of(tmp_path, mounts) == "ext4"
