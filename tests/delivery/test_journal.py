"""The journal with real files: what was accepted is found again, whatever happened to the rest."""

from __future__ import annotations

import os
import re
import resource
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.delivery import folder as shared
from flask_analytics.delivery import journal as module
from flask_analytics.delivery.journal import Journal
from flask_analytics.delivery.segment import Ack, Record, Segment

Make = Callable[..., Journal]


@pytest.fixture
def make(tmp_path: Path, clock: Any) -> Iterator[Make]:
    """Journals of one folder; each stands for a process."""
    made: list[Journal] = []

    def build(owner: str = "shop", **options: Any) -> Journal:
        folder = options.pop("folder", tmp_path / "journal")
        made.append(Journal(folder, owner, ["a", "b"], clock=clock, **options))
        return made[-1]

    yield build
    for journal in made:
        journal.close()


def bodies(segment: Segment) -> list[bytes]:
    return [record.body for record in segment.read(0, segment.end)]


def test_what_is_appended_is_found_again(make: Make) -> None:
    """A second process adopts what the first left, in order, with its times."""
    first = make()
    for n in range(3):
        assert first.append(b'{"n":%d}' % n, 1000 + n) is not None
    first.close()

    (segment,) = make().adopt()

    records = list(segment.read(0, segment.end))
    assert [record.body for record in records] == [b'{"n":0}', b'{"n":1}', b'{"n":2}']
    assert [record.at for record in records] == [1000.0, 1001.0, 1002.0]
    assert records[-1].end == segment.end
    assert set(segment.acks) == {"a", "b"}


def test_a_file_ends_with_its_hour(make: Make, clock: Any) -> None:
    """What was delivered need not lie on the disk until there is enough of it for a file."""
    journal = make()
    journal.append(b"1", 1000)
    journal.renew_if_old()
    first = journal.current
    clock.tick(module.SEGMENT_AGE)

    journal.renew_if_old()

    assert journal.current is None
    assert first in journal.segments  # until every collector is done with it
    journal.append(b"2", 5000)
    assert journal.current not in (None, first)


def test_file_in_use_is_not_adopted(make: Make) -> None:
    """What a living process writes to is its own."""
    first = make()
    first.append(b"{}", 0)

    assert make().adopt() == []


def test_other_application_is_left_alone(make: Make) -> None:
    """Two applications may share a folder, also when one's name begins like the other's."""
    for owner in ("shop", "shop-2", "shop 2"):
        other = make(owner)
        other.append(b"{}", 0)
        other.close()

    assert [segment.path.name.split("-")[0] for segment in make("shop").adopt()] == ["shop"]


def test_only_the_owner_can_look(make: Make) -> None:
    """Events are people's data: folder 0700, files 0600."""
    journal = make()
    journal.append(b"{}", 0)

    assert stat.S_IMODE(journal.folder.stat().st_mode) == 0o700
    for path in journal.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_new_file_after_so_many_bytes(make: Make) -> None:
    """Files stay small, so that what is done can be deleted."""
    journal = make(segment_bytes=100)
    places = [journal.append(b"x" * 60, 0) for _ in range(4)]

    assert len({place[0].path for place in places if place}) == 2
    assert len(journal.segments) == 2


def test_folder_has_a_limit(make: Make) -> None:
    """The oldest file that is full goes when all together are too large; never the newest."""
    journal = make(segment_bytes=100, folder_bytes=250)
    for _ in range(8):
        journal.append(b"x" * 60, 0)
    oldest = journal.segments[0]

    assert journal.surplus() is oldest
    while (surplus := journal.surplus()) is not None:
        journal.remove(surplus)
    assert journal.segments
    assert journal.current in journal.segments


@pytest.mark.parametrize("damage", ["flip", "cut", "zero", "insert"])
def test_damaged_record_costs_itself_only(make: Make, damage: str) -> None:
    """What is torn or corrupt is told, and reading goes on at the next line."""
    journal = make()
    places = [journal.append(b'{"n":%d}' % n, 0) for n in range(3)]
    journal.close()
    path = next(journal.folder.glob("*.j"))
    data = bytearray(path.read_bytes())
    start, end = places[1][1], places[2][1]  # type: ignore[index]
    if damage == "flip":
        data[end - 3] ^= 0xFF
    elif damage == "cut":
        del data[start + 5 : start + 9]
    elif damage == "zero":
        data[start : end - 1] = bytes(end - 1 - start)
    else:
        data[start:start] = b"garbage \xff\x00\n"
    path.write_bytes(bytes(data))

    (segment,) = make().adopt()

    found = bodies(segment)
    good = [body for body in found if body]
    assert found.count(b"") == 1
    assert good == [b'{"n":0}', *([b'{"n":1}'] if damage == "insert" else []), b'{"n":2}']


def test_last_record_may_be_torn(make: Make) -> None:
    """A process that died while it wrote had not accepted that event yet."""
    journal = make()
    journal.append(b'{"n":0}', 0)
    journal.append(b'{"n":1}', 0)
    journal.close()
    path = next(journal.folder.glob("*.j"))
    os.truncate(path, path.stat().st_size - 3)

    (segment,) = make().adopt()

    assert bodies(segment) == [b'{"n":0}', b""]


def test_acks_are_kept(make: Make) -> None:
    """How far each collector is survives; the last word counts, also when it is shorter."""
    journal = make()
    journal.append(b"{}", 0)
    (segment,) = journal.segments
    segment.acknowledge({"a": Ack(100_000, [1, 2, 3]), "b": Ack(7)})
    segment.acknowledge({"a": Ack(5), "b": Ack(7, [], 2, True)})
    journal.close()

    (adopted,) = make().adopt()

    assert adopted.acks == {"a": Ack(5), "b": Ack(7, [], 2, True)}


@pytest.mark.parametrize("ack", [b"", b"rubbish", b"0000000000000000{}\n"])
def test_lost_ack_means_again_from_the_start(make: Make, ack: bytes) -> None:
    """At worst events are delivered twice, under the same ids."""
    journal = make()
    journal.append(b"{}", 0)
    journal.close()
    next(journal.folder.glob("*.ack")).write_bytes(ack)

    (segment,) = make().adopt()

    assert segment.acks == {}


def test_folder_that_cannot_be_made_means_memory(
    make: Make, tmp_path: Path, clock: Any, caplog: Any
) -> None:
    """The application goes on, one line says what to do, and later it is tried again."""
    (tmp_path / "file").write_text("")
    journal = make(folder=tmp_path / "file" / "journal")

    assert journal.append(b"{}", 0) is None
    assert journal.append(b"{}", 0) is None
    assert journal.stats()["state"] == "memory"
    assert len(caplog.records) == 1
    assert "ANALYTICS_DIR" in caplog.text

    (tmp_path / "file").unlink()
    assert journal.append(b"{}", 0) is None
    clock.tick(module.RETRY_INTERVAL)
    assert journal.append(b"{}", 0) is not None
    assert journal.stats()["state"] == "journal"


def test_rubbish_of_killed_processes_is_cleaned_up(make: Make) -> None:
    """A process may die between two steps of making or deleting a file."""
    journal = make()
    journal.append(b"{}", 0)
    old, young = journal.folder / "shop-1-aa.j.ack", journal.folder / "shop-2-bb.j.new"
    for path in (old, young):
        path.write_text("")
    os.utime(old, (0, 0))

    journal.adopt()

    assert not old.exists()
    assert young.exists()
    assert journal.segments[0].path.with_name(journal.segments[0].path.name + ".ack").exists()


def test_large_file_is_read_in_pieces(make: Make) -> None:
    """Records larger than one read, and many of them, come out as they went in."""
    journal = make()
    written = [b'"%s"' % (b"x" * size) for size in (10, 300_000, 5, 262_144, 1)]
    for body in written:
        journal.append(body, 0)

    assert bodies(journal.segments[0]) == written


def test_reading_from_the_middle(make: Make) -> None:
    """A record's start is enough to find it."""
    journal = make()
    places = [journal.append(b"%d" % n, 0) for n in range(5)]
    segment, start = places[3]  # type: ignore[misc]

    assert [record.body for record in segment.read(start, segment.end)] == [b"3", b"4"]
    assert next(segment.read(start, segment.end)) == Record(b"3", 0.0, start, start + 18)


def test_file_that_somebody_deleted_is_replaced(make: Make) -> None:
    """Events after that are on disk again."""
    journal = make()
    journal.append(b"{}", 0)
    journal.segments[0].path.unlink()

    journal.renew_if_deleted()

    assert journal.append(b"{}", 0) is not None
    assert journal.current is not None
    assert journal.current.path.exists()


def test_many_files_are_adopted_by_and_by(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of workers that restarted while a destination was down leave hundreds of files: who
    takes all of them at once has no descriptor left for a connection."""
    left = {leave(make(), n) for n in range(5)}
    monkeypatch.setattr(shared, "most_files", lambda: 6)
    living = make()

    first = living.adopt()
    again = living.adopt()
    for segment in first:
        living.remove(segment)
    rest = living.adopt()

    assert (len(first), len(again), len(rest)) == (3, 0, 2)
    assert {segment.path for segment in first + rest} == left


def leave(journal: Journal, n: int) -> Path:
    """A file of a process that has ended."""
    journal.append(b'{"n":%d}' % n, n)
    path = journal.segments[0].path
    journal.close()
    return path


def test_most_of_the_descriptors_are_for_the_application() -> None:
    """However many the system gives."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (800, hard))
        assert shared.most_files() == 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("one", "other"),
    [("shop-admin", "shop_admin"), ("магазин", "каталог"), ("a" * 60, "a" * 61), ("", "app")],
)
def test_applications_of_other_names_have_other_files(one: str, other: str) -> None:
    """Else one would deliver the other's events to its own destinations."""
    names = {shared.file_prefix(one), shared.file_prefix(other)}

    assert len(names) == 2
    assert all(re.fullmatch(r"[A-Za-z0-9_.]{1,50}", name) for name in names)
