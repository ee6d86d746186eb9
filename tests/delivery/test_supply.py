"""A lane's supply: memory first, then the journal's files, and what is written down of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.delivery.buffer import Budget, Entry
from flask_analytics.delivery.journal import Journal
from flask_analytics.delivery.segment import Ack, Segment
from flask_analytics.delivery.supply import Supply


class Process:
    """A journal and a lane's supply, as one process has them."""

    def __init__(self, folder: Path, memory: int = 100) -> None:
        self.journal = Journal(folder, "shop", ["lane"])
        self.accepted = 0
        self.poison: list[bytes] = []
        self.supply = Supply(
            Budget(memory, 100_000),
            read=lambda body: None if b"no" in body else body,
            accepted=self._accept,
            poisoned=lambda entry: self.poison.append(entry.body),
        )

    def _accept(self) -> None:
        self.accepted += 1

    def write(self, *bodies: bytes) -> None:
        """Accept events, as the pump does."""
        for body in bodies:
            place = self.journal.append(body, 0)
            assert place is not None
            segment, start = place
            self.supply.offer(Entry(body, 0.0, segment, start, segment.end), b"no" not in body)

    def take(self, most: int = 100) -> list[Entry]:
        return self.supply.take(most, 1_000_000)

    def deliver(self, most: int = 100) -> list[bytes]:
        entries = self.take(most)
        for entry in entries:
            self.supply.finish(entry)
        return [entry.body for entry in entries]

    def ack(self) -> Ack:
        return self.supply.ack(self.segment)

    @property
    def segment(self) -> Segment:
        return self.journal.segments[0]

    def die(self) -> None:
        """Write down how far it is, and let go."""
        for segment in self.journal.segments:
            segment.acknowledge({"lane": self.supply.ack(segment)})
        self.journal.close()

    def adopt(self) -> Segment:
        (segment,) = self.journal.adopt()
        self.supply.resume(segment, segment.acks["lane"])
        segment.acknowledge({"lane": self.supply.ack(segment)})
        return segment


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Any]:
    processes: list[Process] = []

    def make(**options: Any) -> Process:
        processes.append(Process(tmp_path, **options))
        return processes[-1]

    yield make
    for process in processes:
        process.journal.close()


def test_what_is_delivered_is_acknowledged(begin: Any) -> None:
    """The frontier follows the events; what waits is behind it, what flies is a hole."""
    process = begin()
    process.write(b"1", b"2", b"3")
    assert process.ack() == Ack(0, [])

    first, second = process.take(2)
    assert process.ack() == Ack(second.end, [first.start, second.start])
    process.supply.finish(second)
    assert process.ack() == Ack(second.end, [first.start])
    process.supply.finish(first)
    assert process.deliver() == [b"3"]
    assert process.supply.is_done(process.segment)


def test_unwanted_events_are_passed(begin: Any) -> None:
    """An event for others does not keep a file alive."""
    process = begin()
    process.write(b"no", b"1", b"no")

    assert process.deliver() == [b"1"]
    assert process.supply.is_done(process.segment)
    assert process.accepted == 1


def test_full_memory_reads_on_from_the_file(begin: Any) -> None:
    """Nothing is dropped, the order stays, each event comes once and is counted once."""
    process = begin(memory=3)
    bodies = [b"%d" % n for n in range(10)]
    process.write(*bodies[:8], b"no")
    seen = process.deliver(2)
    process.write(*bodies[8:])
    while some := process.deliver(2):
        seen += some

    assert seen == bodies
    assert process.accepted == 10
    assert not process.supply.is_behind
    assert process.supply.is_done(process.segment)
    process.write(b"later")
    assert process.deliver() == [b"later"]


def test_next_process_goes_on(begin: Any) -> None:
    """Holes and what was never taken come again, and nothing else."""
    process = begin()
    process.write(*[b"%d" % n for n in range(6)])
    flying = process.take(4)
    process.supply.finish(flying[0])
    process.supply.finish(flying[2])
    process.die()

    heir = begin()
    segment = heir.adopt()

    assert heir.deliver() == [b"1", b"3", b"4", b"5"]
    assert heir.accepted == 4
    assert heir.supply.is_done(segment)


def test_hole_that_waits_is_still_a_hole(begin: Any) -> None:
    """An heir that dies in its turn leaves what it had only read."""
    process = begin()
    process.write(b"0", b"1", b"2")
    process.supply.finish(process.take()[1])
    process.die()
    heir = begin()
    heir.adopt()
    heir.take(1)
    heir.die()

    last = begin()
    last.adopt()
    assert last.deliver() == [b"0", b"2"]


def test_memory_that_filled_up_leaves_the_rest_to_the_next_process(begin: Any) -> None:
    """What was left in the file is behind the frontier."""
    process = begin(memory=2)
    process.write(*[b"%d" % n for n in range(6)])
    process.deliver(1)
    process.die()

    heir = begin()
    heir.adopt()
    assert heir.deliver() == [b"1", b"2", b"3", b"4", b"5"]


def test_part_that_nobody_has_looked_at(begin: Any) -> None:
    """Where even the inbox was full, events are counted when they are read."""
    process = begin()
    places = [process.journal.append(b"%d" % n, 0) for n in range(3)]
    segment, start = places[0]
    process.supply.fall_behind(segment, start, segment.end)

    assert process.accepted == 0
    assert process.deliver() == [b"0", b"1", b"2"]
    assert process.accepted == 3
    assert process.supply.is_done(segment)


def test_event_that_kills_its_process_is_found(begin: Any) -> None:
    """Three adopters may die while they send; then events go one by one, and the one that kills
    three times more is put aside. Who is killed while nothing is being sent is no proof."""
    process = begin()
    process.write(b"1", b"poison", b"3")
    process.die()
    seen: list[bytes] = []
    deaths = 0
    for _ in range(20):
        heir = begin()
        heir.adopt()
        while entries := heir.take():
            heir.supply.sending(entries, True)
            heir.segment.acknowledge({"lane": heir.ack()})
            if b"poison" in [entry.body for entry in entries]:
                deaths += 1
                heir.journal.close()
                break
            seen += [entry.body for entry in entries]
            for entry in entries:
                heir.supply.finish(entry)
            heir.supply.sending(entries, False)
            heir.segment.acknowledge({"lane": heir.ack()})
        else:
            break

    assert deaths == 6
    assert heir.poison == [b"poison"]
    assert seen == [b"1", b"3"]


def test_who_only_was_near_is_not_condemned(begin: Any) -> None:
    """Processes that are killed for other reasons die while they send this and that; what gets
    through is innocent, and when all who were near did, events go in batches again."""
    process = begin()
    process.write(*[b"%d" % number for number in range(20)])
    process.die()
    seen: list[bytes] = []
    for life in range(12):
        heir = begin()
        heir.adopt()
        entries = heir.take(5)
        heir.supply.sending(entries, True)
        heir.segment.acknowledge({"lane": heir.ack()})
        if life >= 4:
            for entry in entries:
                heir.supply.finish(entry)
            seen += [entry.body for entry in entries]
            heir.segment.acknowledge({"lane": heir.ack()})
        heir.journal.close()

    assert heir.poison == []
    assert len(seen) == len(set(seen)) == 20


def test_file_that_is_given_up_is_counted(begin: Any) -> None:
    """What nobody will read any more is told as a number; what is in memory is not lost."""
    process = begin(memory=2)
    process.write(b"1", b"2", b"3", b"no", b"4")

    assert process.supply.forget(process.segment) == 2
    assert process.deliver() == [b"1", b"2"]
    assert process.accepted == 4
