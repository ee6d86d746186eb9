"""Dead letters, read again and taken back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flask_analytics import Event
from flask_analytics.delivery import letters
from flask_analytics.delivery.dead import DeadLetters
from flask_analytics.event import encode
from flask_analytics.log import QuietLog


def bury(folder: Path, *names: str, collector: str = "webhook") -> None:
    dead = DeadLetters(folder, QuietLog())
    for name in names:
        dead.bury(encode(Event(message_id=name, event_name=name)), collector, "400", 1.5)


def test_newest_come_first(tmp_path: Path) -> None:
    """Of the file that was full, too; what is no letter is passed over."""
    bury(tmp_path, "a", "b")
    (tmp_path / "dead.jsonl").rename(tmp_path / "dead.1.jsonl")
    bury(tmp_path, "c")
    with (tmp_path / "dead.jsonl").open("ab") as file:
        file.write(b'{"collector": "webh')

    found = letters.newest(tmp_path, 2)

    assert [letter.opened().event_name for letter in found] == ["c", "b"]
    assert letters.counts(tmp_path) == {("webhook", "400"): 3}


def test_one_collector_takes_its_own(tmp_path: Path) -> None:
    """Those of the others stay, and none is taken twice."""
    bury(tmp_path, "a", "b")
    bury(tmp_path, "c", collector="other")
    taken: list[Event] = []

    assert letters.take(tmp_path, "webhook", taken.append, QuietLog()) == 2
    assert letters.take(tmp_path, "webhook", taken.append, QuietLog()) == 0

    assert [event.message_id for event in taken] == ["a", "b"]
    assert letters.counts(tmp_path) == {("other", "400"): 1}


def test_a_death_amid_taking_loses_none(tmp_path: Path) -> None:
    """What was put aside is there for the next one."""
    bury(tmp_path, "a", "b")

    def die(event: Event) -> None:
        raise SystemExit

    try:
        letters.take(tmp_path, "webhook", die, QuietLog())
    except SystemExit:
        pass
    taken: list[Event] = []
    letters.take(tmp_path, "webhook", taken.append, QuietLog())

    assert {event.message_id for event in taken} == {"a", "b"}


def test_no_folder_is_no_letters(tmp_path: Path) -> None:
    """Nobody has written yet."""
    assert letters.newest(tmp_path / "none", 5) == []
    assert letters.take(tmp_path / "none", "webhook", print, QuietLog()) == 0


def test_old_letters_go(tmp_path: Path) -> None:
    """Those of before a time; a file without any is not touched."""
    dead = DeadLetters(tmp_path, QuietLog())
    for at in (1.0, 2.0, 3.0):
        dead.bury(encode(Event(message_id=str(at))), "webhook", "400", at)
    before = (tmp_path / "dead.jsonl").stat().st_ino

    assert letters.expire(tmp_path, 1.0, QuietLog()) == 0
    assert (tmp_path / "dead.jsonl").stat().st_ino == before
    assert letters.expire(tmp_path, 2.5, QuietLog()) == 2
    assert [letter.at for letter in letters.newest(tmp_path, 9)] == [3.0]


def test_old_letters_go_from_behind_newer_ones(tmp_path: Path) -> None:
    """Whoever writes the files anew may put old letters behind what came meanwhile."""
    dead = DeadLetters(tmp_path, QuietLog())
    for at in (3.0, 1.0, 4.0):
        dead.bury(encode(Event(message_id=str(at))), "webhook", "400", at)

    assert letters.expire(tmp_path, 2.5, QuietLog()) == 1
    assert [letter.at for letter in letters.newest(tmp_path, 9)] == [4.0, 3.0]


EXPIRE = """
import sys
from pathlib import Path
from flask_analytics.delivery import letters
from flask_analytics.log import QuietLog
print(flush=True)
sys.stdin.read()
print(letters.expire(Path(sys.argv[1]), 2.0, QuietLog()))
"""


def test_processes_that_start_together_keep_each_letter_once(tmp_path: Path) -> None:
    """All workers of a server look for old letters as they start: one of them is enough."""
    bury(tmp_path, *(f"old-{n}" for n in range(1000)))
    dead = DeadLetters(tmp_path, QuietLog())
    for n in range(1000):
        dead.bury(encode(Event(message_id=f"new-{n}")), "webhook", "400", 3.0)
    command, pipe = [sys.executable, "-c", EXPIRE, str(tmp_path)], subprocess.PIPE
    workers = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(4)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "\n"

    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.close()
        worker.stdin = None

    assert sum(int(worker.communicate()[0]) for worker in workers) == 1000
    found = [letter.opened().message_id for letter in letters.newest(tmp_path, 9999)]
    assert sorted(found) == sorted(f"new-{n}" for n in range(1000))
    assert [path.name for path in tmp_path.glob("*.jsonl")] == ["dead.jsonl"]


def test_what_a_dead_process_had_written_anew_is_not_there_twice(tmp_path: Path) -> None:
    """It was killed between two letters: its file lies aside, and half of it is back."""
    bury(tmp_path, "a", "b")
    (tmp_path / "dead.jsonl").rename(tmp_path / "dead.0123abcd.jsonl")
    bury(tmp_path, "a")

    assert letters.expire(tmp_path, 0.0, QuietLog()) == 0
    found = [letter.opened().message_id for letter in letters.newest(tmp_path, 9)]
    assert sorted(found) == ["a", "b"]


def test_full_files_are_looked_through_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first is written anew the second may become the one before."""
    bury(tmp_path, "a")
    size = (tmp_path / "dead.jsonl").stat().st_size
    monkeypatch.setattr("flask_analytics.delivery.dead.MAX_BYTES", 8 * size)
    bury(tmp_path, "b", "c", "x", "d", "e", "x")

    body = encode(Event(message_id="x", event_name="x"))
    assert letters.rewrite(tmp_path, lambda one: None if one == body else one, QuietLog()) == 2
    found = [letter.opened().message_id for letter in letters.newest(tmp_path, 9)]
    assert found == ["e", "d", "c", "b", "a"]


def test_a_persons_letters_are_changed_or_go(tmp_path: Path) -> None:
    """By what stays of their event."""
    bury(tmp_path, "a", "b", "c")
    stays = {encode(Event(message_id=n, event_name=n)): n for n in ("a", "b", "c")}
    new = encode(Event(message_id="b", event_name="other"))

    def rest(body: bytes) -> bytes | None:
        return {"a": None, "b": new, "c": body}[stays[body]]

    assert letters.rewrite(tmp_path, rest, QuietLog()) == 1
    found = letters.newest(tmp_path, 9)
    assert [letter.opened().event_name for letter in found] == ["c", "other"]
