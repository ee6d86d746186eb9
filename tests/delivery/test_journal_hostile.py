"""The journal in a folder where somebody else, or a person in a hurry, has had a hand in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flask_analytics.delivery.journal import Journal
from flask_analytics.delivery.segment import Segment

Leave = Callable[[], Path]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """That of a living process."""
    journal = Journal(tmp_path / "journal", "shop", ["a"])
    yield journal
    journal.close()


@pytest.fixture
def leave(tmp_path: Path) -> Leave:
    """Makes a file that a dead process left, with one event."""

    def leave() -> Path:
        dead = Journal(tmp_path / "journal", "shop", ["a"])
        assert dead.append(b"{}", 0) is not None
        path = dead.segments[0].path
        dead.close()
        return path

    return leave


def ack_of(path: Path) -> Path:
    return path.with_name(path.name + ".ack")


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("change", [to_pipe, to_folder], ids=["pipe", "folder"])
@pytest.mark.parametrize("part", [Path, ack_of], ids=["file", "ack"])
def test_what_is_no_file_costs_itself_only(
    journal: Journal,
    leave: Leave,
    part: Callable[[Path], Path],
    change: Callable[[Path], None],
) -> None:
    """A pipe or a folder by the name of a journal is left alone, and the others are adopted."""
    sound = leave()
    change(part(leave()))
    sound_too = leave()

    adopted = journal.adopt()

    assert {segment.path for segment in adopted} == {sound, sound_too}


@pytest.mark.parametrize("part", [Path, ack_of], ids=["file", "ack"])
def test_link_is_not_followed(
    journal: Journal, leave: Leave, tmp_path: Path, part: Callable[[Path], Path]
) -> None:
    """A link of somebody else's must not lead us to write into a file of ours."""
    precious = tmp_path / "precious"
    precious.write_bytes(b"the application's own")
    odd = part(leave())
    odd.unlink()
    odd.symlink_to(precious)

    assert journal.adopt() == []
    assert precious.read_bytes() == b"the application's own"


def test_no_descriptor_is_left_of_what_is_no_file(journal: Journal, leave: Leave) -> None:
    """Looking every 30 seconds, a process would run out of them."""
    to_pipe(ack_of(leave()))
    before = len(os.listdir("/dev/fd"))

    assert Segment.adopt(next(journal.folder.glob("*.j"))) is None
    assert len(os.listdir("/dev/fd")) == before
