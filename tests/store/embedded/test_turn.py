"""Writers call each other; nothing depends on it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flask_analytics.store.embedded.catalog import Catalog
from flask_analytics.store.embedded.turn import Turn


def test_a_call_is_heard_once(tmp_path: Path) -> None:
    """Whoever waits takes all calls, so that no old one wakes the next for nothing."""
    caller, waiter = Turn(tmp_path / "turn"), Turn(tmp_path / "turn")
    caller.end()
    caller.end()
    waiter.wait()
    pipe = os.open(tmp_path / "turn", os.O_RDWR | os.O_NONBLOCK)
    with pytest.raises(BlockingIOError):
        os.read(pipe, 1)
    os.close(pipe)
    caller.close()
    waiter.close()


def test_calls_that_nobody_hears_do_no_harm(tmp_path: Path) -> None:
    """A store with one writer fills the pipe and writes on."""
    turn = Turn(tmp_path / "turn")
    for _ in range(70_000):
        turn.end()
    turn.wait()
    turn.end()
    turn.close()


def test_a_file_in_the_place_of_the_pipe_is_left_alone(tmp_path: Path) -> None:
    """A backup may have made one of it: the store works without being called."""
    (tmp_path / "store.turn").write_bytes(b"x")
    catalog = Catalog(tmp_path)
    with catalog.write() as connection:
        connection.execute("UPDATE meta SET value = 7 WHERE key = 'hot_since'")
    Turn(tmp_path / "store.turn").wait()
    assert (tmp_path / "store.turn").read_bytes() == b"x"
    catalog.close()
