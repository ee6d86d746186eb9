"""The reading side: what a question sees while others write, and when something is broken."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from duckdb import DuckDBPyConnection

from flask_analytics.errors import StoreError
from flask_analytics.event import Revenue
from flask_analytics.metrics.active import ActiveUsers
from flask_analytics.metrics.filters import Scope, parse
from flask_analytics.metrics.person import Timeline
from flask_analytics.metrics.summary import Dashboard
from flask_analytics.metrics.top import TopEvents, TopProperties
from flask_analytics.metrics.volume import Volume
from flask_analytics.metrics.window import Range, moment
from flask_analytics.store.embedded import view
from flask_analytics.store.embedded.loaded import Loaded
from flask_analytics.store.embedded.store import EmbeddedStore

from .actors import DAY, SECOND, START, make

SPAN = Range(moment(START - DAY), moment(START + 30 * DAY))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedStore]:
    """An empty store."""
    store = EmbeddedStore(tmp_path / "store")
    yield store
    store.close()


@pytest.fixture
def other(store: EmbeddedStore, tmp_path: Path) -> Iterator[EmbeddedStore]:
    """The same folder, as another process would have it open."""
    other = EmbeddedStore(tmp_path / "store")
    yield other
    other.close()


def count(store: EmbeddedStore, **asked: Any) -> int:
    """Events of the days of this story."""
    return sum(point.count for point in store.answer(Volume(range=SPAN, **asked)))


def files(store: EmbeddedStore, ending: str) -> list[Path]:
    """The files of segments."""
    found = (store._catalog.folder / "segments").glob("*.parquet")
    return sorted(path for path in found if path.name.endswith(".hours.parquet") == (ending == "h"))


def fill(store: EmbeddedStore, segments: int = 2, each: int = 3) -> None:
    """Some segments, each of a day of its own."""
    for day in range(segments):
        store.append([make(f"day-{day}", START + day * DAY + n * SECOND) for n in range(each)])
        store.tend()


# -- the tail


def test_what_is_new_is_seen_at_once(store: EmbeddedStore, other: EmbeddedStore) -> None:
    """Each question sees all that any process has appended, however the tables here grew."""
    for n in range(1, 15):
        store.append([make(properties={f"key-{n}": n})])

        assert count(other) == n

    found = other.answer(TopProperties(range=SPAN, event="seen", property="key-3"))
    assert [(entry.key, entry.count) for entry in found] == [("3", 1)]


def test_sealing_changes_no_answer(store: EmbeddedStore, other: EmbeddedStore) -> None:
    """A row that was loaded as hot and then sealed is counted once; rows loaded later, too."""
    store.append([make("early")])
    assert count(other) == 1

    store.tend()
    store.append([make("late")])

    assert count(other) == 2
    assert {e.key for e in other.answer(TopEvents(range=SPAN))} == {"early", "late"}


def test_who_is_forgotten_is_in_no_memory(store: EmbeddedStore, other: EmbeddedStore) -> None:
    """Rows that a reader has loaded are gone for it, too, also after all is rewritten."""
    store.append([make(user_id="ann"), make(user_id="bob")])
    assert count(other) == 2

    store.forget("ann")
    assert count(other) == 1

    store.tend()
    assert count(other) == 1
    assert other.answer(Timeline(id="ann", range=SPAN)) == ()


def test_whoever_asks_first_after_a_forget_sees_everybody_else(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    """A process that starts later has forgotten nobody yet: it must not take that for an answer."""
    store.append([make(f"a{n}", START + n * SECOND, user_id="ann") for n in range(3)])
    store.append([make("b", START, user_id="bob")])
    assert store.forget("bob") == 1

    later = EmbeddedStore(tmp_path / "store")

    assert [count(later), count(later), count(store)] == [3, 3, 3]
    later.close()


def test_readers_and_a_writer_at_once(store: EmbeddedStore, other: EmbeddedStore) -> None:
    """While events come in and are sealed, no count ever falls, skips or repeats an event."""
    seen: list[int] = []
    faults: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(15):
                other._cache.clear()
                seen.append(count(other))
        except BaseException as fault:  # told to the test
            faults.append(fault)

    reader = Thread(target=read)
    reader.start()
    for n in range(30):
        store.append([make(f"n-{n % 3}", START + n * SECOND)])
        if n % 10 == 9:
            store.tend()
    reader.join()

    assert not faults
    assert seen == sorted(seen)
    assert count(other) == 30


# -- echoes


def test_an_echo_known_late_leaves_the_counts_by_the_hour(store: EmbeddedStore) -> None:
    """A browser's view that is sealed before the server's arrives counts until then, not after."""
    view = {"type": "pageview", "name": None, "view_id": "v1", "user_agent": BROWSER}
    store.append([make(source="browser", **view)])
    store.tend()
    assert count(store) == 1

    store.append([make(source="server", **view)])

    assert count(store) == 1
    assert count(store, scope=Scope(source="browser")) == 1
    store.tend()
    assert count(store) == 1


BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130 Safari"


# -- people


def test_people_are_counted_alike_by_bits_and_by_groups(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are too many for bits they are grouped; who is nobody is in neither count."""
    store.append([make(user_id=who, at=START + n * DAY) for n, who in enumerate("abbcca")])
    store.tend()
    store.append([make(user_id="a"), make()])
    asked = [ActiveUsers(range=SPAN), Dashboard(range=Range(SPAN.start, moment(START + 6 * DAY)))]

    by_bits = [store.answer(question) for question in asked]
    monkeypatch.setattr(view, "MANY", 0)
    store._cache.clear()

    assert [store.answer(question) for question in asked] == by_bits
    assert by_bits[0].people == 3


def test_the_first_summary_waits_for_no_other_library(store: EmbeddedStore) -> None:
    """numpy and the parser of user agents would double its time in a new process."""
    fill(store)
    store.append([make(user_agent=BROWSER)])
    folder = store._catalog.folder
    script = f"""if True:
        import sys
        from pathlib import Path
        from flask_analytics.metrics.summary import Dashboard
        from flask_analytics.metrics.window import Range, moment
        from flask_analytics.store.embedded.store import EmbeddedStore
        span = Range(moment({START - DAY}), moment({START + 6 * DAY}))
        store = EmbeddedStore(Path({str(folder)!r}), has_children=False)
        assert store.answer(Dashboard(range=span)).total_events == 7
        assert "duckdb" in sys.modules
        print([name for name in ("numpy", "ua_parser", "pandas", "pytz") if name in sys.modules])
    """

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


# -- what is broken


def test_a_segment_that_cannot_be_read_is_put_aside(store: EmbeddedStore) -> None:
    """The rest answers, and the loss is counted."""
    fill(store)
    files(store, "e")[0].write_bytes(b"PAR1 this is none PAR1")

    assert len(list(store.events())) == 3
    assert count(store) == 3
    assert store.describe()["quarantined"] == 1


def test_a_process_without_descriptors_puts_nothing_aside(store: EmbeddedStore) -> None:
    """What it cannot open is not broken: it has no answer now, and the right one later."""
    fill(store)
    count(store)
    last = Scope(filters=(parse("path!=x"),))
    store._cache.clear()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = [os.open(os.devnull, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened[0] + 64, limits[1]))
    try:
        with contextlib.suppress(OSError):
            while True:
                opened.append(os.open(os.devnull, os.O_RDONLY))
        with pytest.raises(StoreError):
            count(store, scope=last)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in opened:
            os.close(descriptor)

    assert store.describe()["quarantined"] == 0
    assert len(list(store.events())) == 6


def test_broken_counts_by_the_hour_cost_time_only(store: EmbeddedStore) -> None:
    """Where only they cannot be read, the events themselves are counted."""
    fill(store)
    files(store, "h")[0].write_bytes(b"PAR1 this is none PAR1")

    assert count(store) == 6
    assert store.describe()["quarantined"] == 0


def test_files_that_vanish_under_a_question(store: EmbeddedStore, other: EmbeddedStore) -> None:
    """Segments replaced and deleted since the last look are no longer looked for."""
    fill(store, segments=5)
    assert count(other, event="day-1") == 3

    store.tend()
    store._keeper.shelf.clock = lambda: 2**40  # long after every grace
    store.tend()

    other._cache.clear()
    assert count(other, event="day-1") == 3


# -- odd values


def test_the_longest_amount_comes_back(store: EmbeddedStore) -> None:
    """36 digits: one such event must not spoil an export."""
    amount = "9" * 18 + "." + "9" * 18
    store.append([make(revenue=Revenue.of(amount, "GBP"))])

    (body,) = store.events()

    assert json.loads(body)["revenue"]["amount"] == amount


# -- limits


def test_a_question_that_takes_too_long_is_interrupted(store: EmbeddedStore) -> None:
    """It ends with an error that says so, and the next one is answered."""
    fill(store)
    store.timeout = 0.05

    def endless(view: Any) -> None:
        view.rows("SELECT count(*) FROM range(1000000000000) AS t(n) WHERE n % 7 = 3", [])

    with pytest.raises(StoreError, match=r"took longer than 0\.05 seconds"):
        store._look(endless)
    store.timeout = 30.0
    assert count(store) == 6


def test_the_time_may_be_over_before_anything_is_asked(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine what is new takes the whole time: it is said in the same words."""
    fill(store)
    store.timeout = 0.05

    def slow(loaded: Loaded, cursor: DuckDBPyConnection) -> Any:
        return cursor.execute("SELECT count(*) FROM range(1000000000000) AS t(n) WHERE n % 7 = 3")

    monkeypatch.setattr(Loaded, "moment", slow)

    with pytest.raises(StoreError, match=r"took longer than 0\.05 seconds"):
        count(store)


def test_it_reads_nothing_but_its_segments(store: EmbeddedStore, tmp_path: Path) -> None:
    """Whatever gets into the SQL, no other file of the machine can be opened."""
    (tmp_path / "secret.csv").write_text("secret")
    fill(store)

    for sql in (f"FROM read_csv('{tmp_path}/secret.csv')", f"COPY (SELECT 1) TO '{tmp_path}/x'",
                "INSTALL httpfs", f"ATTACH '{tmp_path}/x.db'"):  # fmt: skip
        with pytest.raises(StoreError):
            store._look(lambda view, sql=sql: view.rows(sql, []))


# -- processes


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # that is what is tested
def test_a_forked_child_has_a_reader_of_its_own(store: EmbeddedStore) -> None:
    """DuckDB's threads are not in a child; what the parent had loaded is loaded again."""
    fill(store)
    assert count(store) == 6

    child = os.fork()
    if child == 0:
        signal.alarm(60)
        os._exit(count(store, event="day-0"))

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert count(store, event="day-1") == 3


def test_what_killed_processes_spilled_is_removed(store: EmbeddedStore) -> None:
    """It may tell about somebody who was forgotten since."""
    left = store._catalog.folder / "spill" / str(2**22 + 1)
    left.mkdir(parents=True)

    assert count(store) == 0

    assert not left.exists()


# -- the cache


def test_an_answer_is_kept_until_something_changes(store: EmbeddedStore) -> None:
    """The same object comes back; an append by anybody ends that."""
    fill(store)
    question = TopEvents(range=SPAN)

    first = store.answer(question)
    assert store.answer(question) is first
    store.append([make("new")])

    assert len(store.answer(question)) == len(first) + 1


def test_sealing_does_not_cost_the_kept_answers(store: EmbeddedStore) -> None:
    """No answer changes by it."""
    store.append([make()])
    first = store.answer(TopEvents(range=SPAN))

    store.tend()

    assert store.answer(TopEvents(range=SPAN)) is first


def test_a_reader_that_comes_after_an_erasure_sees_the_rest(
    store: EmbeddedStore, other: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first look is not an empty one; nor is the next of one who was there before."""
    monkeypatch.setattr(store._keeper, "start", lambda: None)
    store.append([make(user_id="ann"), make(user_id="bob")])
    assert count(store) == 2

    store.forget("ann")

    assert (count(other), count(store)) == (1, 1)
