"""Somebody is forgotten while processes live, and others have died: no byte of them is left.

A unique id, a name and a trait are planted through real processes, then every byte of the folder
is looked at.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.testing import FakeDestination

from .actors import HERE, PATIENCE, environment

pytestmark = pytest.mark.deploy

PERSON = "person-7f3a91"
TOLD = {"name": "Zebedee Quillfeather", "email": "quill-55@example.org"}

#: What must not be found anywhere.
PLANTED = [PERSON, *TOLD.values()]


@pytest.fixture
def receiver() -> Iterator[FakeDestination]:
    """Where events go in the end."""
    with FakeDestination() as server:
        yield server


class Stage:
    """The folder, the destination and whoever plays before them."""

    def __init__(self, home: Path, destination: FakeDestination, **more: str) -> None:
        self.folder = home / "analytics"
        self.destination = destination
        told = {"PERSON": PERSON, "TOLD": json.dumps(TOLD), "FOLDER": str(self.folder)}
        self.environ = environment({**told, "DESTINATION": destination.url, **more})

    @contextmanager
    def player(self) -> Iterator[subprocess.Popen[str]]:
        """A process in which both people were, and which goes on when it is told to."""
        program = [sys.executable, str(HERE / "planted.py")]
        pipe = subprocess.PIPE
        process = subprocess.Popen(program, env=self.environ, stdin=pipe, stdout=pipe, text=True)
        try:
            counts = heard(process)
            assert counts["collectors"]["webhook"]["pending"] == 8
            yield process
        finally:
            process.kill()
            process.communicate()

    def run(self, *words: str) -> Any:
        """What a command prints."""
        command = [sys.executable, "-m", "flask", "--app", str(HERE / "planted.py"), "analytics"]
        done = subprocess.run(
            [*command, *words], env=self.environ, capture_output=True, timeout=5 * PATIENCE
        )
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    def found(self, words: list[str] = PLANTED) -> dict[str, list[str]]:
        """What is found of these, by file."""
        found: dict[str, list[str]] = {}
        for path in self.folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                if there := [word for word in words if word.encode() in content]:
                    found[path.name] = there
        return found


def heard(process: subprocess.Popen[str]) -> Any:
    """The counters that a player tells."""
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def say(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def test_no_byte_is_left(tmp_path: Path, receiver: FakeDestination) -> None:
    """Not in the journal of a process that lives, nor of one that was killed; not in dead letters,
    not among hot events, in SQLite's log, in segments, old ones too, nor in what was put aside."""
    stage = Stage(tmp_path, receiver)
    with stage.player(), stage.player() as living:
        pass_away = stage.run("seal")
        assert pass_away["after"]["sealed"]
        aside = stage.folder / "store" / "quarantine"
        aside.mkdir(mode=0o700)
        (aside / "damaged.parquet").write_bytes(b"PAR1" + PERSON.encode())
        with stage.player():  # killed at the end of its block, with a journal that nobody adopts
            pass
        before = stage.found()
        assert {"dead.jsonl", "damaged.parquet"} < before.keys()
        assert any(name.endswith(".j") for name in before)
        assert any(name.startswith("store.db") for name in before)
        person = stage.run("export-user", PERSON)
        assert person["traits"] == TOLD
        assert {len(person[part]) for part in ("journal", "dead_letters", "events")} == {12}

        erased = stage.run("forget", PERSON, "--yes", "--json")

        assert stage.found() == {}
        assert stage.found([f"device-of-{PERSON}", f"old-{PERSON}"]) == {}
        assert (erased["events"], erased["journal"], erased["dead_letters"]) == (12, 12, 12)
        assert erased["rewritten"]
        assert stage.run("export-user", "other")["traits"] == {"plan": "x"}

        say(living, "go")
        counts = heard(living)
        living.wait(PATIENCE)

    assert counts["collectors"]["webhook"]["dropped"] == {"forgotten": 4}
    assert stage.found() == {}
    told = json.dumps(receiver.events)
    assert not [word for word in PLANTED if word in told]
    assert {event.get("user_id") for event in receiver.events} == {"other", "late"}


def test_without_a_journal_memory_is_reached(tmp_path: Path, receiver: FakeDestination) -> None:
    """What waits in the memory of another process is not sent, either."""
    stage = Stage(tmp_path, receiver, DURABILITY="memory")
    with stage.player() as living:
        assert stage.found()

        stage.run("forget", PERSON, "--yes", "--json")

        assert stage.found() == {}
        say(living, "go")
        counts = heard(living)

    assert counts["collectors"]["webhook"]["dropped"] == {"forgotten": 4}
    assert {event.get("user_id") for event in receiver.events} == {"other", "late"}


def test_the_application_forgets_by_itself(tmp_path: Path, receiver: FakeDestination) -> None:
    """In Python, in the process that has the events; and who comes back is a new person."""
    stage = Stage(tmp_path, receiver)
    with stage.player() as living:
        say(living, "forget")
        assert living.stdout is not None
        assert f"Erased(id='{PERSON}'" in living.stdout.readline()

        assert stage.found() == {}

        say(living, "go")
        counts = heard(living)
        living.wait(PATIENCE)
    assert counts["collectors"]["webhook"]["dropped"] == {"forgotten": 4}
    assert stage.found() == {}


def test_without_a_store(tmp_path: Path, receiver: FakeDestination) -> None:
    """Journal and dead letters are reached all the same."""
    stage = Stage(tmp_path, receiver, FLASK_ANALYTICS_STORE="")
    with stage.player():
        pass
    assert {"dead.jsonl"} < stage.found().keys()

    erased = stage.run("forget", PERSON, "--yes", "--json")

    assert stage.found() == {}
    assert (erased["events"], erased["journal"], erased["dead_letters"]) == (0, 4, 4)
