"""The journal in a folder where somebody else, or a person in a hurry, has had a hand in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import gevent
import pytest

from flask_analytics.delivery import latch
from flask_analytics.delivery.journal import Journal
from flask_analytics.delivery.segment import Ack, Segment

from ..leaks import open_files

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
    before = opened(journal.folder)

    assert Segment.adopt(next(journal.folder.glob("*.j"))) is None
    if latch.is_patched():  # there pipes are closed by the event loop, a moment later
        gevent.sleep(0.05)
    assert opened(journal.folder) == before


def opened(folder: Path) -> list[str]:
    """What this process has open in a folder; other threads open other things meanwhile."""
    targets = (path for _, path in open_files())
    return sorted(path for path in targets if path.startswith(str(folder)))


def test_file_that_was_cut_is_read_to_its_end(journal: Journal, leave: Leave) -> None:
    """``: > shop-1-ab.j`` to free a full disk: what is gone is one damaged record, and a reader
    that waited for it would stop the event loop."""
    path = leave()
    (segment,) = journal.adopt()
    path.write_bytes(b"")

    assert [(r.body, r.start, r.end) for r in segment.read(0, segment.end)] == [
        (b"", 0, segment.end)
    ]


@pytest.mark.parametrize("frontier", [-1, 10_000, 2**80])
def test_ack_that_does_not_fit_means_again_from_the_start(
    journal: Journal, leave: Leave, frontier: int
) -> None:
    """The file was cut while its process wrote on, or somebody has made the ack up."""
    rewrite_ack(leave(), Ack(frontier, [-7]))

    (segment,) = journal.adopt()

    assert segment.acks == {"a": Ack()}


def test_hole_that_does_not_fit_is_left_out(journal: Journal, leave: Leave) -> None:
    """Only records before the frontier can be holes in it."""
    path = leave()
    rewrite_ack(path, Ack(path.stat().st_size, [-7, 0, 10_000]))

    (segment,) = journal.adopt()

    assert segment.acks["a"].holes == [0]


def rewrite_ack(path: Path, ack: Ack) -> None:
    segment = Segment.adopt(path)
    assert segment is not None
    segment.acknowledge({"a": ack})
    segment.close()


def test_emptied_file_gets_no_further_events(journal: Journal) -> None:
    """What is appended to it would stand elsewhere than the acks say."""
    assert journal.append(b"{}", 0) is not None
    first = journal.segments[0]
    first.path.write_bytes(b"")

    journal.renew_if_deleted()
    place = journal.append(b"{}", 0)

    assert place is not None
    assert place[0] is not first


def test_whole_file_is_kept(journal: Journal) -> None:
    """Looking after it costs no new file each second."""
    first = journal.append(b"{}", 0)
    journal.renew_if_deleted()
    second = journal.append(b"{}", 0)

    assert first is not None
    assert second is not None
    assert first[0] is second[0]


def test_folder_that_anybody_may_write_is_not_used(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    """Others could delete, forge and read what is in it: events wait in memory, and a line says
    what to do."""
    journal.folder.mkdir()
    journal.folder.chmod(0o777)

    assert journal.append(b"{}", 0) is None
    assert "chmod 700" in caplog.text


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")


@needs_root
@pytest.mark.parametrize(("owner", "is_refused"), [(65533, True), (65534, False), (0, False)])
def test_folder_of_somebody_else_is_not_used(owner: int, is_refused: bool) -> None:
    """Who made it first may do anything with it, although this process may write it."""
    with TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        folder = Path(place) / "journal"
        folder.mkdir()
        os.chown(folder, owner, 0)
        folder.chmod(0o770)
        journal = Journal(folder, "shop", ["a"])

        assert as_user(65534, lambda: (journal.append(b"{}", 0) is None) == is_refused)


@needs_root
def test_what_root_leaves_can_be_adopted(journal: Journal, leave: Leave) -> None:
    """A command that somebody ran as root, or a master that had not become somebody else yet."""
    journal.folder.mkdir(mode=0o700)
    os.chown(journal.folder, 65534, 65534)
    path = leave()

    assert {path.stat().st_uid, ack_of(path).stat().st_uid} == {65534}


def as_user(uid: int, question: Callable[[], bool]) -> bool:
    """The answer of a process of somebody else's."""
    child = os.fork()
    if not child:
        os.setgid(0)
        os.setuid(uid)
        os._exit(0 if question() else 1)
    return os.waitpid(child, 0)[1] == 0
