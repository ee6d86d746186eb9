"""Two releases of an application at work on one folder, as in every rolling deploy."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flask_analytics.delivery.journal import OTHERS_AGE, Journal
from flask_analytics.delivery.segment import Ack, Segment

Make = Callable[..., Journal]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Journals of processes that have these collectors."""
    made: list[Journal] = []

    def build(*names: str, folder_bytes: int = 1_000_000) -> Journal:
        made.append(Journal(tmp_path / "journal", "shop", names, folder_bytes=folder_bytes))
        return made[-1]

    yield build
    for journal in made:
        journal.close()


def leave(journal: Journal) -> Path:
    """A file with an event that nobody has delivered."""
    assert journal.append(b"{}", 0) is not None
    path = journal.segments[0].path
    journal.close()
    return path


def deliver(journal: Journal, name: str) -> Segment:
    """What a lane does with the one file that is left."""
    (segment,) = journal.adopt()
    segment.acknowledge({name: Ack(segment.end)})
    journal.remove(segment)
    return segment


def test_old_release_leaves_the_new_ones_events(make: Make) -> None:
    """It delivers what it can, and the collector that it has not is where it was."""
    path = leave(make("a", "b"))
    old = make("a")

    deliver(old, "a")

    assert path.exists()
    (again,) = make("a", "b").adopt()
    assert again.acks == {"a": Ack(again.end), "b": Ack()}


def test_old_release_does_not_take_them_up_again(make: Make) -> None:
    """It would every 30 seconds; and another process could not."""
    leave(make("a", "b"))
    old = make("a")
    deliver(old, "a")

    assert old.adopt() == []
    assert len(make("b").adopt()) == 1


def test_collector_that_is_new_has_nothing_in_old_files(make: Make) -> None:
    """It gets what comes from now on; what waits for its old name waits for a day."""
    path = leave(make("old name"))
    renamed = make("new name")

    assert renamed.adopt() == []
    assert path.exists()


def test_nobody_comes_for_a_day(make: Make) -> None:
    """Then the collector is gone for good."""
    path = leave(make("old name"))
    long_ago = time.time() - OTHERS_AGE - 60
    os.utime(path, (long_ago, long_ago))

    assert make("new name").adopt() == []
    assert not path.exists()


def test_full_folder_keeps_nothing_for_others(make: Make) -> None:
    """Else it would be full for a day, at the cost of events that can be delivered."""
    path = leave(make("a", "b"))

    deliver(make("a", folder_bytes=1), "a")

    assert not path.exists()


def test_file_that_all_are_done_with_is_deleted(make: Make) -> None:
    """The usual end."""
    path = leave(make("a"))

    deliver(make("a"), "a")

    assert not path.exists()
    assert not path.with_name(path.name + ".ack").exists()
