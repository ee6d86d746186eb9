"""The dispatcher with its real thread: hand-over, isolation, flush, close, counters."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest

from flask_analytics import Event
from flask_analytics.collectors import BatchCollector, Collector, MemoryCollector
from flask_analytics.collectors.base import Batch, Retry
from flask_analytics.delivery import hub, latch
from flask_analytics.delivery.dispatcher import Dispatcher
from flask_analytics.delivery.journal import SEGMENT_AGE
from flask_analytics.delivery.segment import Segment

Make = Callable[..., Dispatcher]


@pytest.fixture
def make() -> Iterator[Make]:
    """Build dispatchers of collectors by name; all are closed in the end."""
    made: list[Dispatcher] = []

    def build(collectors: dict[str, Collector], **options: Any) -> Dispatcher:
        made.append(Dispatcher(collectors, complete=lambda item: item, **options))
        return made[-1]

    yield build
    for dispatcher in made:
        dispatcher.close(0.1)


def event(name: str) -> Event:
    return Event(event_name=name, message_id=name)


def balance(stats: dict[str, Any]) -> None:
    """The invariant: every accepted event is in exactly one counter."""
    for counts in stats["collectors"].values():
        ended = sum(counts["rejected"].values()) + sum(counts["dropped"].values())
        assert counts["accepted"] == counts["delivered"] + ended + counts["pending"]


def test_events_of_many_threads_arrive_once_each(make: Make) -> None:
    """No hand-over is lost and none is doubled."""
    memory = MemoryCollector(maxlen=100_000)
    dispatcher = make({"memory": memory})

    def work(n: int) -> None:
        for i in range(500):
            dispatcher.put(event(f"{n}-{i}"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert dispatcher.flush(10)
    assert sorted(e.event_name or "" for e in memory.events) == sorted(
        f"{n}-{i}" for n in range(8) for i in range(500)
    )
    balance(dispatcher.stats())


def test_order_is_kept_for_one_thread(make: Make) -> None:
    """A collector sees events in the order of acceptance."""
    memory = MemoryCollector()
    dispatcher = make({"memory": memory})

    for n in range(1000):
        dispatcher.put(event(str(n)))

    assert dispatcher.flush(5)
    assert [e.event_name for e in memory.events] == [str(n) for n in range(1000)]


def test_nothing_starts_before_the_first_event(make: Make) -> None:
    """A dispatcher that is only built has no thread: a server may still fork."""
    before = threading.active_count()
    dispatcher = make({"memory": MemoryCollector()})

    assert dispatcher.stats()["collectors"]["memory"]["accepted"] == 0
    assert dispatcher.flush(1)
    assert dispatcher.close(1)
    assert threading.active_count() == before


def test_all_dispatchers_share_one_thread(make: Make) -> None:
    """One native thread a process, however many applications there are."""
    idents: set[int] = set()

    class Where(Collector):
        blocking = False

        def collect(self, event: Event) -> None:
            idents.add(hub._thread_id())

    for _ in range(20):
        dispatcher = make({"where": Where()})
        dispatcher.put(event("a"))
        assert dispatcher.flush(5)

    assert len(idents) == 1
    assert idents != {hub._thread_id()}


class Raising(Collector):
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def collect(self, event: Event) -> None:
        raise self.error


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("error", [RuntimeError("no"), SystemExit(1), KeyboardInterrupt()])
def test_raising_collector_disturbs_nobody(
    make: Make, error: BaseException, blocking: bool
) -> None:
    """Whatever one collector raises, another gets everything and the process goes on."""
    memory, raising = MemoryCollector(), Raising(error)
    raising.blocking = blocking
    dispatcher = make({"raising": raising, "memory": memory})

    for n in range(5):
        dispatcher.put(event(str(n)))
    dispatcher.flush(0.05)

    assert len(memory.events) == 5
    dispatcher.close(0.2)
    balance(dispatcher.stats())


def test_blocked_collector_disturbs_nobody(make: Make) -> None:
    """A collector that waits for ever in a thread keeps only its own events."""
    memory, gate = MemoryCollector(), threading.Event()

    class Blocked(BatchCollector):
        def send(self, batch: Batch) -> None:
            gate.wait(20)

    dispatcher = make({"blocked": Blocked(batch_size=1), "memory": memory})
    for n in range(5):
        dispatcher.put(event(str(n)))

    assert not dispatcher.flush(0.2)
    assert len(memory.events) == 5
    stats = dispatcher.stats()["collectors"]
    assert (stats["blocked"]["delivered"], stats["blocked"]["pending"]) == (0, 5)
    gate.set()
    assert dispatcher.flush(5)
    assert dispatcher.stats()["collectors"]["blocked"]["delivered"] == 5


def test_collector_that_never_starts_disturbs_nobody(make: Make) -> None:
    """start() that raises keeps the lane's events; other lanes work."""
    memory = MemoryCollector()

    class Broken(MemoryCollector):
        def start(self) -> None:
            raise RuntimeError("no database")

    dispatcher = make({"broken": Broken(), "memory": memory})
    dispatcher.put(event("a"))

    assert not dispatcher.flush(0.2)
    assert len(memory.events) == 1
    dispatcher.close(0.1)
    assert dispatcher.stats()["collectors"]["broken"]["dropped"] == {"shutdown": 1}
    balance(dispatcher.stats())


def test_events_after_close_are_counted(make: Make) -> None:
    """A closed dispatcher takes nothing, raises nothing and says how many it was."""
    memory = MemoryCollector()
    dispatcher = make({"memory": memory})
    dispatcher.put(event("a"))
    assert dispatcher.close(5)

    dispatcher.put(event("b"))
    dispatcher.put(event("c"))

    assert [e.event_name for e in memory.events] == ["a"]
    assert dispatcher.stats()["dropped"] == {"closed": 2}
    assert dispatcher.close(5), "twice is fine"


def test_second_close_waits_for_the_first(make: Make) -> None:
    """Two threads that close both hear how it really ended."""
    gate, memory = threading.Event(), MemoryCollector()

    class Slow(Collector):
        def collect(self, event: Event) -> None:
            gate.wait(5)
            memory.collect(event)

    dispatcher = make({"slow": Slow()})
    dispatcher.put(event("a"))
    answers: list[bool] = []
    first = threading.Thread(target=lambda: answers.append(dispatcher.close(5)))
    first.start()
    while dispatcher._pump.end is None:
        latch.new().wait(0.001)
    second = threading.Thread(target=lambda: answers.append(dispatcher.close(5)))
    second.start()

    gate.set()
    first.join()
    second.join()

    assert answers == [True, True]
    assert len(memory.events) == 1


def test_flush_from_a_collector_does_not_wait_for_itself(make: Make) -> None:
    """A collector that flushes in the hub's thread would wait for its own end."""
    answers: list[bool] = []

    class Flushing(Collector):
        blocking = False

        def collect(self, event: Event) -> None:
            answers.append(dispatcher.flush(5))

    dispatcher = make({"flushing": Flushing()})
    dispatcher.put(event("a"))

    assert dispatcher.flush(5)
    assert answers == [False]


def test_event_that_cannot_be_written_is_counted(make: Make) -> None:
    """What is no JSON ends here, alone."""
    memory = MemoryCollector()
    dispatcher = make({"memory": memory})

    dispatcher.put(Event(event_name="bad", properties={"x": object()}))
    dispatcher.put(event("good"))

    assert dispatcher.flush(5)
    assert [e.event_name for e in memory.events] == ["good"]
    assert dispatcher.stats()["dropped"] == {"invalid": 1}


def test_full_inbox_drops_the_oldest_and_counts(make: Make) -> None:
    """A thread that cannot keep up costs memory only up to the bound."""
    memory, gate = MemoryCollector(), threading.Event()
    held = threading.Event()

    class Holding(Collector):
        blocking = False

        def collect(self, event: Event) -> None:
            held.set()
            gate.wait(10)  # on purpose not cooperative: the hub itself stands still

    dispatcher = make({"holding": Holding(), "memory": memory}, queue_events=10)
    if latch.is_patched():
        pytest.skip("in a patched process even this wait is cooperative")
    dispatcher.put(event("first"))
    assert held.wait(5)
    for n in range(25):
        dispatcher.put(event(str(n)))
    gate.set()

    assert dispatcher.flush(5)
    assert dispatcher.stats()["dropped"] == {"inbox_full": 15}
    assert [e.event_name for e in memory.events][-1] == "24"


def test_signals_are_sent_off_the_hub(make: Make) -> None:
    """A slow receiver of a delivery signal holds up no collector."""
    gate, heard = threading.Event(), []
    memory = MemoryCollector()

    def send(name: str, **facts: Any) -> None:
        gate.wait(10)
        heard.append((name, facts))

    dispatcher = make({"memory": memory}, send_signal=send, listens=lambda name: True)
    for n in range(3):
        dispatcher.put(event(str(n)))
        assert dispatcher.flush(5)
    assert len(memory.events) == 3
    gate.set()

    deadline = latch.new()
    while len(heard) < 3:
        deadline.wait(0.01)
    assert heard == [("batch_delivered", {"collector": "memory", "count": 1})] * 3


@pytest.mark.leaks("only in a real fork is the old pump's thread gone")
def test_renewed_dispatcher_starts_from_nothing(make: Make) -> None:
    """After a fork what was queued is the parent's."""
    memory = MemoryCollector()
    dispatcher = make({"memory": memory})
    dispatcher.put(event("a"))
    assert dispatcher.flush(5)

    dispatcher.renew()

    assert dispatcher.stats()["collectors"]["memory"]["accepted"] == 0
    dispatcher.put(event("b"))
    assert dispatcher.flush(5)
    assert dispatcher.stats()["collectors"]["memory"]["delivered"] == 1


def test_what_is_left_at_the_end_is_left_in_one_piece(make: Make, tmp_path: Path) -> None:
    """A destination that is down at the end does not turn the whole backlog into single records
    that the next process would have to look for."""

    class Down(BatchCollector):
        blocking = False

        def send(self, batch: Batch) -> Retry:
            gevent.sleep(0.1)  # the end comes meanwhile
            return Retry("busy", 60.0)

    dispatcher = make({"down": Down(batch_size=10)}, folder=tmp_path)
    for n in range(500):
        dispatcher.put(event(str(n)))

    assert not dispatcher.close(1)
    assert dispatcher.stats()["collectors"]["down"]["pending"] == 500
    (path,) = tmp_path.glob("*.j")
    segment = Segment.adopt(path)
    assert segment is not None
    assert len(segment.acks["down"].holes) <= 10
    segment.close()


def test_delivered_events_leave_the_disk_within_the_hour(
    make: Make, tmp_path: Path, clock: Any
) -> None:
    """Though no other event comes that would fill their file, and none ends the process."""
    dispatcher = make({"memory": MemoryCollector()}, folder=tmp_path, clock=clock)
    dispatcher.put(event("delivered"))
    assert dispatcher.flush(20)
    assert [path for path in tmp_path.glob("*.j") if b"delivered" in path.read_bytes()]

    clock.tick(SEGMENT_AGE + 1)
    deadline = time.monotonic() + 60
    while list(tmp_path.glob("*.j")):
        assert time.monotonic() < deadline, "it is still there"
        time.sleep(0.05)
