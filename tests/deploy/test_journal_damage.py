"""Journals that were damaged, events that kill, clocks that jump, folders that are shared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from . import journal
from .actors import Destination
from .scripts import TAKE_OVER, Ended, delivered, run

pytestmark = pytest.mark.deploy

#: Events of the process that was killed, one frame each.
EVENTS = 300


def killed(destination: Destination, folder: Path, **environ: str) -> Path:
    """The journal of a real process that was killed with everything undelivered."""
    ended = run(f"set_up(); emit('main', {EVENTS}); die()", destination, **environ)
    assert ended.was_killed()
    assert destination.events() == []
    path = journal.only(folder)
    assert len(journal.frames(path)) == EVENTS
    return path


def took_over(destination: Destination, folder: Path) -> tuple[Ended, list[int]]:
    """Run the next process; what arrived of the killed one, by number."""
    after = run(TAKE_OVER, destination)
    assert after.is_clean()
    assert journal.left(folder) == []
    properties = [event["properties"] for event in destination.events()]
    numbers = [each["number"] for each in properties if each["who"] == "main"]
    assert {"who": "successor", "number": 1} in properties
    return after, numbers


def cut_short(lines: list[bytes]) -> None:
    """The end of the last record is missing, as after a loss of power."""
    lines[-1] = lines[-1][: len(lines[-1]) // 2]


def flip_in_body(lines: list[bytes]) -> None:
    """One bit of an event."""
    line = bytearray(lines[99])
    line[len(line) // 2] ^= 0x04
    lines[99] = bytes(line)


def flip_in_header(lines: list[bytes]) -> None:
    """One bit of a checksum, and one that is no number."""
    line = bytearray(lines[99])
    line[0] ^= 0x01
    lines[99] = bytes(line)
    lines[199] = b"?" + lines[199][1:]


def hole(lines: list[bytes]) -> None:
    """Zeros, which file systems leave where a block was never written."""
    lines[99] = bytes(len(lines[99]) - 1) + b"\n"


def garbage(lines: list[bytes]) -> None:
    """Lines that were never a record."""
    lines.insert(99, b"\xff\xfe garbage \x00\n")
    lines.insert(0, b"\n")


@pytest.mark.parametrize(
    ("damage", "lost", "corrupt"),
    [
        (cut_short, [300], 1),
        (flip_in_body, [100], 1),
        (flip_in_header, [100, 200], 2),
        (hole, [100], 1),
        (garbage, [], 2),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_damage_costs_the_damaged_records_only(
    destination: Destination,
    folder: Path,
    damage: Callable[[list[bytes]], None],
    lost: list[int],
    corrupt: int,
) -> None:
    """The rest is delivered, once and in order, and the damage is counted."""
    path = killed(destination, folder)
    lines = journal.frames(path)
    damage(lines)
    path.write_bytes(b"".join(lines))

    after, numbers = took_over(destination, folder)

    assert numbers == [n for n in range(1, EVENTS + 1) if n not in lost]
    assert after.told("stats")["journal"]["corrupt"] == corrupt


def test_a_lost_newline_costs_two_records_at_most(destination: Destination, folder: Path) -> None:
    """The record that it ended and the one that followed."""
    path = killed(destination, folder)
    lines = journal.frames(path)
    lines[99] = lines[99][:-1] + b"x"
    path.write_bytes(b"".join(lines))

    after, numbers = took_over(destination, folder)

    assert set(range(1, EVENTS + 1)) - set(numbers) <= {100, 101}
    assert after.told("stats")["journal"]["corrupt"] >= 1


@pytest.mark.parametrize(
    "content",
    [None, b"", b"\xff\x00 garbage\n", b"[" * 10_000],
    ids=["gone", "empty", "bad", "deep"],
)
def test_a_damaged_acknowledgement_loses_nothing(
    destination: Destination, folder: Path, content: bytes | None
) -> None:
    """Who does not know how far it was begins at the beginning."""
    path = killed(destination, folder)
    ack = path.with_name(path.name + ".ack")
    ack.unlink() if content is None else ack.write_bytes(content)

    _, numbers = took_over(destination, folder)

    assert numbers == list(range(1, EVENTS + 1))


def test_an_empty_journal_is_cleared_away(destination: Destination, folder: Path) -> None:
    """A process may be killed between making its file and its first event."""
    path = killed(destination, folder)
    path.write_bytes(b"")

    _, numbers = took_over(destination, folder)

    assert numbers == []


def test_a_folder_of_two_applications_is_two_journals(
    destination: Destination, folder: Path, tmp_path: Path
) -> None:
    """Nobody adopts the files of an application with another name."""
    killed(destination, folder)
    other = """
    from stage import app
    app.name = "other"
    analytics = set_up()
    emit("other", 5)
    analytics.flush(5)
    time.sleep(0.2)
    tell("stats", analytics.stats()["journal"])
    leave()
    """

    ended = run(other, destination)
    assert ended.is_clean()
    assert ended.told("stats")["adopted"] == 0
    assert delivered(destination) == {"other": 5}

    assert run(TAKE_OVER, destination).is_clean()
    assert delivered(destination) == {"other": 5, "main": EVENTS, "successor": 1}
    assert journal.left(folder) == []


def test_two_applications_of_one_process_have_a_journal_each(
    destination: Destination, folder: Path
) -> None:
    """Both are killed, and each one's events come back in its own successor."""
    two = """
    from flask import Flask
    from stage import Analytics

    set_up()
    emit("main", 5)
    second = Flask("second")
    second.config["ANALYTICS_STORE"] = None
    second.config["ANALYTICS_COLLECTORS"] = [
        WebhookCollector(f"{destination}/events", batch_size=1000, flush_interval=60)
    ]
    second.config["ANALYTICS_DIR"] = os.environ["FOLDER"]
    other = Analytics(second)
    """
    ended = run(
        two
        + """
    for number in range(1, 8):
        other.track("tick", {"who": "second", "number": number})
    die()
    """,
        destination,
    )
    assert ended.was_killed()
    assert destination.events() == []

    after = run(
        two.replace('emit("main", 5)', 'emit("again")')
        + """
    other.track("tick", {"who": "second again", "number": 1})
    take_over()
    """,
        destination,
    )

    assert after.is_clean()
    expected = {"main": 5, "second": 7, "again": 1, "second again": 1, "successor": 1}
    assert delivered(destination) == expected
    assert journal.left(folder) == []


@pytest.mark.parametrize("seconds", [86_400, -86_400 * 30], ids=["a day on", "a month back"])
def test_a_wall_clock_that_jumps_changes_nothing_in_a_process(
    destination: Destination, folder: Path, seconds: int
) -> None:
    """Intervals and ages are measured with a clock that cannot jump. (The clock is a stand-in:
    no test may set the machine's own.)"""
    ended = run(
        f"""
        prompt = WebhookCollector(destination + "/events", name="prompt", flush_interval=0.2)
        analytics = set_up(prompt)
        emit("before", 20)
        jump({seconds})
        emit("after", 20)
        deadline = time.monotonic() + 5
        while analytics.stats()["collectors"]["prompt"]["delivered"] < 40:
            assert time.monotonic() < deadline, analytics.stats()
            time.sleep(0.02)
        tell("stats", analytics.stats())
        leave()
        """,
        destination,
        CLOCK_JUMPS="1",
    )

    assert ended.is_clean()
    assert ended.left_within(3)
    events = destination.events()
    assert len(events) == 80  # two collectors, one destination
    assert len({event["message_id"] for event in events}) == 40


@pytest.mark.parametrize("seconds", [3600, -86_400 * 30], ids=["an hour on", "a month back"])
def test_a_wall_clock_that_jumped_between_processes_loses_nothing(
    destination: Destination, folder: Path, seconds: int
) -> None:
    """Ages of adopted events come from the wall clock; one from the future is not old."""
    killed(destination, folder, CLOCK_JUMPS="1")

    after = run(f"jump({seconds}); set_up(); take_over()", destination, CLOCK_JUMPS="1")

    assert after.is_clean()
    assert delivered(destination) == {"main": EVENTS, "successor": 1}
    assert journal.left(folder) == []


@pytest.mark.parametrize(
    "how", ["os._exit(1)", "__import__('ctypes').string_at(0)"], ids=["exit", "crash"]
)
def test_an_event_that_kills_its_process_ends_as_a_dead_letter(
    destination: Destination, folder: Path, tmp_path: Path, how: str
) -> None:
    """A few processes die of it; then it lies in dead.jsonl and all others are delivered."""
    taken = tmp_path / "taken"
    life = f"""
    class Fragile(Collector):
        name = "fragile"
        flush_interval = 0.05

        def collect(self, event):
            if event.event_name == "poison":
                {how}
            with open({str(taken)!r}, "a") as file:
                print(event.properties["number"], file=file)

    import stage
    analytics = set_up(Fragile())
    """
    first = """
    for number in range(10):
        analytics.track("poison" if number == 5 else "tick", {"who": "all", "number": number})
    time.sleep(10)
    """

    deaths = 0
    ended = run(life + first, destination)
    while ended.code and deaths < 12:
        deaths += 1
        ended = run(life + "take_over()", destination)

    assert ended.is_clean()
    assert 2 <= deaths <= 8
    assert set(taken.read_text().split()) >= {str(n) for n in range(10) if n != 5}
    (letter,) = journal.dead(folder)
    assert (letter["collector"], letter["reason"]) == ("fragile", "poison")
    assert letter["event"]["event_name"] == "poison"
    quiet = {
        e["properties"]["number"] for e in destination.events() if e["properties"]["who"] == "all"
    }
    assert quiet == set(range(10))
    assert journal.left(folder) == []


def test_a_refused_event_of_a_killed_process_is_in_the_dead_letters(
    destination: Destination, folder: Path
) -> None:
    """The reason and the collector are written beside the event."""
    ended = run(
        """
        from flask_analytics.errors import Refused

        class Picky(Collector):
            name = "picky"

            def collect(self, event):
                raise Refused("too blue")

        analytics = set_up(Picky())
        emit("main", 3)
        while analytics.stats()["journal"]["dead"] < 3:
            time.sleep(0.01)
        die()
        """,
        destination,
    )

    assert ended.was_killed()
    letters = journal.dead(folder)
    assert [letter["event"]["properties"]["number"] for letter in letters] == [1, 2, 3]
    assert {letter["collector"] for letter in letters} == {"picky"}
    assert json.dumps(letters[0]["reason"])
