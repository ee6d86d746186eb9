"""Dead letters with real files: what is refused can be looked at, and nothing else is touched."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

import pytest

from flask_analytics.delivery import dead
from flask_analytics.delivery.dead import DeadLetters
from flask_analytics.log import QuietLog


def test_link_is_not_followed(tmp_path: Path) -> None:
    """A link by the name of the letters must not lead us to write into a file of ours."""
    precious = tmp_path / "precious"
    precious.write_bytes(b"the application's own")
    (tmp_path / "dead.jsonl").symlink_to(precious)
    letters = DeadLetters(tmp_path, QuietLog())

    letters.bury(b"{}", "a", "http_422", 1.0)

    assert letters.count == 0
    assert precious.read_bytes() == b"the application's own"


def test_letter_that_is_cut_is_not_counted(tmp_path: Path) -> None:
    """A full disk may take half of a letter: who counts the letters must not count that one."""
    letters = DeadLetters(tmp_path, QuietLog())
    letters.bury(b"{}", "a", "http_422", 1.0)
    size = (tmp_path / "dead.jsonl").stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, before[1]))
    try:
        letters.bury(b"{}", "a", "http_422", 1.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert letters.count == 1


def test_letter_after_one_that_was_cut_can_be_read(tmp_path: Path) -> None:
    """Half a letter costs itself only."""
    letters = DeadLetters(tmp_path, QuietLog())
    (tmp_path / "dead.jsonl").write_bytes(b'{"collector":"a","rea')

    letters.bury(b'{"n":1}', "a", "http_422", 1.0)

    *_, last = (tmp_path / "dead.jsonl").read_bytes().splitlines()
    assert json.loads(last)["event"] == {"n": 1}


def test_full_file_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file before stays, and no descriptor does."""
    monkeypatch.setattr(dead, "MAX_BYTES", 200)
    letters = DeadLetters(tmp_path, QuietLog())
    before = len(os.listdir("/dev/fd"))

    for n in range(3):
        letters.bury(b'{"n":%d}' % n, "a", "http_422", 1.0)

    assert sorted(os.listdir(tmp_path)) == ["dead.1.jsonl", "dead.jsonl"]
    assert b'"n":2' in (tmp_path / "dead.jsonl").read_bytes()
    assert len(os.listdir("/dev/fd")) == before
