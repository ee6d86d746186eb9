"""A history moves from one store to another, and goes on after a kill."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.errors import ConfigurationError, StoreError
from flask_analytics.event import Event, EventType, Source, encode
from flask_analytics.metrics.person import Traits
from flask_analytics.store import move
from flask_analytics.store.base import Store
from flask_analytics.store.memory import MemoryStore
from flask_analytics.store.move import Move, Moved

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAIR = ("memory:", "chdb:///x")


def event(number: int, when: datetime | None = None, **fields: Any) -> bytes:
    fields = {"source": Source.API, "user_id": f"u{number % 5}"} | fields
    when = when or NOON + timedelta(hours=number)
    return encode(Event(message_id=f"m{number:04}", timestamp=when, **fields))


@pytest.fixture
def source() -> Store:
    """Events of some weeks, years before and after, and many of one moment."""
    store = MemoryStore()
    store.append([event(n) for n in range(500)])
    store.append([event(n, NOON) for n in range(500, 520)])
    store.append([event(520, datetime(1, 1, 1, tzinfo=UTC)), event(521, NOON.replace(year=9999))])
    return store


def test_everything_moves(source: Store, store: Store, tmp_path: Path) -> None:
    """Events, aliases, traits; into a store of any kind; a second time nothing is new."""
    source.append([event(600, type=EventType.ALIAS, previous_id="u0", user_id="new")])
    source.append([event(601, type=EventType.IDENTIFY, user_id="u0", traits={"plan": "pro"})])
    mark = tmp_path / "mark"
    assert Move(source, store, mark).run() == Moved(524, 524)
    assert list(store.events()) == list(source.events())
    assert store.answer(Traits("u0")) == source.answer(Traits("u0"))
    assert not mark.exists()
    assert Move(source, store, mark).run() == Moved(524, 0)


def test_undone_aliases_stay_undone(source: Store, tmp_path: Path) -> None:
    """What was undone is not moved."""
    source.append([event(600, type=EventType.ALIAS, previous_id="u0", user_id="new")])
    source.unalias("u0", "new")
    target = MemoryStore()
    Move(source, target, tmp_path / "mark").run()
    assert target.answer(Traits("u0")).id == "u0"


def test_progress(source: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins at once, never goes back, and ends with all."""
    monkeypatch.setattr(move, "BATCH", 100)
    told: list[tuple[int, int]] = []
    Move(source, MemoryStore(), tmp_path / "mark").run(lambda *now: told.append(now))
    assert told[0] == (0, 522)
    assert told[-1] == (522, 522)
    assert told == sorted(told)
    assert len(told) > 5


class Broken:
    """A store that fails once, before or after it kept a batch."""

    def __init__(self, store: Store, after: int, *, keeps: bool) -> None:
        self._store, self._after, self._keeps = store, after, keeps

    def append(self, bodies: list[bytes]) -> int:
        self._after -= 1
        if self._after != 0:
            return self._store.append(bodies)
        if self._keeps:
            self._store.append(bodies)
        raise StoreError("gone")


@pytest.mark.parametrize(("after", "keeps"), list(itertools.product(range(1, 9), (True, False))))
def test_it_goes_on(
    after: int, keeps: bool, source: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it broke off: each event is there once, and what was done is not done again."""
    monkeypatch.setattr(move, "BATCH", 60)
    target = MemoryStore()
    broken: Any = Broken(target, after, keeps=keeps)
    with pytest.raises(StoreError):
        Move(source, broken, tmp_path / "mark", PAIR).run()
    kept = target.describe()["events"]
    found = Move(source, target, tmp_path / "mark", PAIR).run()
    assert list(target.events()) == list(source.events())
    # The batch in hand, and others of the moment that the mark names, are read twice.
    assert 522 <= found.events <= 522 + 60
    assert found.new <= 522
    assert kept <= 522


def test_the_mark_of_another_move(
    source: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another pair of stores, or a broken file: refused, with the cure."""
    mark = tmp_path / "mark"
    broken: Any = Broken(MemoryStore(), 2, keeps=True)
    monkeypatch.setattr(move, "BATCH", 60)
    with pytest.raises(StoreError):
        Move(source, broken, mark, PAIR).run()
    with pytest.raises(ConfigurationError, match="belongs to a move from memory:"):
        Move(source, MemoryStore(), mark, ("a", "b"))
    mark.write_text("{")
    with pytest.raises(ConfigurationError, match="remove it"):
        Move(source, MemoryStore(), mark, PAIR)


_MOVES = """
import sys
from pathlib import Path
from flask_analytics.store import move
from flask_analytics.store.clickhouse.store import ClickHouseStore
from flask_analytics.store.memory import MemoryStore

move.BATCH = 25
source = MemoryStore()
source.append(Path(sys.argv[1]).read_bytes().splitlines())
target = ClickHouseStore(sys.argv[2])
done = move.Move(source, target, Path(sys.argv[3])).run(lambda *now: print(*now, flush=True))
print("moved", *done, target.describe()["events"], len(set(target.events())), flush=True)
"""


@pytest.mark.slow
def test_killed(source: Store, tmp_path: Path) -> None:
    """SIGKILL at random moments of a real move into a real engine: 0 lost, 0 twice."""
    pytest.importorskip("chdb", reason="there is no chdb")
    (tmp_path / "events").write_bytes(b"\n".join(source.events()))
    for _ in range(4):
        with _mover(tmp_path) as mover:
            for _ in range(random.randint(1, 6)):
                mover.stdout.readline()
            mover.send_signal(signal.SIGKILL)
    with _mover(tmp_path) as mover:
        last = mover.stdout.read().splitlines()[-1].split()
    assert last[-2:] == ["522", "522"]


def _mover(folder: Path) -> Any:
    address = f"chdb:///{folder}/chdb?database=moved"
    arguments = [str(folder / "events"), address, str(folder / "mark")]
    return subprocess.Popen(
        [sys.executable, "-c", _MOVES, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )


def test_an_empty_source(tmp_path: Path) -> None:
    """There is nothing to do."""
    assert Move(MemoryStore(), MemoryStore(), tmp_path / "mark").run() == Moved(0, 0)
