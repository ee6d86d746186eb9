"""The keeper's child: one at a time, and nice only where it keeps nobody waiting."""

from __future__ import annotations

import subprocess
import sys

import pytest

from flask_analytics.store.embedded import keeper as keeping
from flask_analytics.store.embedded.keeper import Keeper
from flask_analytics.store.embedded.polite import here

from .actors import ROOT, House, make

_ASK = """
import os, threading
from flask_analytics.store.embedded.polite import NICE, polite
mine = lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
before = mine()
assert polite()(mine) == NICE, polite()(mine)
assert mine() == before
try:
    polite()(lambda: 1 / 0)
except ZeroDivisionError:
    print("told")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the whole process is nice")
def test_long_work_lets_others_go_first_and_short_work_does_not() -> None:
    """What goes wrong in it is told as if it had been done here."""
    command = [sys.executable, "-c", _ASK]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("told\n", "")


def test_one_child_is_called_and_none_while_one_is_at_work(house: House) -> None:
    """However many workers see that it is time."""
    other = House(house.folder)
    with house.shelf.locked():
        assert not other.shelf.is_left(pause=1_000)

    assert house.shelf.is_left(pause=1_000)
    assert not other.shelf.is_left(pause=1_000)
    assert other.shelf.is_left(pause=0)


def test_a_child_that_is_far_behind_takes_its_share(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a busy machine would never see its events sealed."""
    asides: list[object] = []

    def aside(work: object) -> None:
        asides.append(work)

    monkeypatch.setattr(keeping, "HASTE", 1)
    house.append(make(), make())
    keeper = Keeper(house.catalog, house.clock, work=aside)  # type: ignore[arg-type]

    keeper.run()

    assert keeper.shelf.work is here
    assert asides == []
    assert house.catalog.describe()["sealed"] == 2


_PATCHED = """
from gevent import monkey
monkey.patch_all()
import gevent
from flask_analytics.store.embedded import native, spawn
child = gevent.get_hub().threadpool.apply(spawn.spawn, ("this", ()))
assert native.waitpid(child, 0) == (child, 0)
"""


def test_a_patched_server_starts_a_child_from_any_thread() -> None:
    """gevent would watch the child from a loop that only the main thread has."""
    subprocess.run([sys.executable, "-c", _PATCHED], cwd=ROOT, check=True, timeout=100)
