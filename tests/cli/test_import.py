"""``flask analytics import``: what comes in, what does not, and that nothing comes twice."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from .actors import THEN, Terminal, hit, line

Write = Callable[..., Path]


def only(told: dict[str, Any]) -> dict[str, Any]:
    """The report of the one file."""
    (report,) = told["files"]
    return dict(report)


def events(terminal: Terminal) -> list[dict[str, Any]]:
    return [json.loads(body) for body in terminal.store.events()]


def test_history_comes_in_once(terminal: Terminal, write: Write) -> None:
    """The same file twice, also under another name: nothing new."""
    path = write("events.ndjson", [line(minute=n) for n in range(7)])

    first = only(terminal.ask("import", path))
    second = only(terminal.ask("import", path))
    third = only(terminal.ask("import", path.rename(path.with_name("old.ndjson")), "--again"))

    assert (first["format"], first["stored"], first["records"]) == ("ndjson", 7, 7)
    assert (second["before"], second["records"]) == (7, 7)
    assert (third["stored"], third["known"]) == (0, 7)
    assert len(terminal.names()) == 7


def test_equal_lines_are_two_events(terminal: Terminal, write: Write) -> None:
    """Two requests of one second look the same; read again they still are two."""
    path = write("events.ndjson", [line(), line("other"), line(), line()])

    assert only(terminal.ask("import", path))["stored"] == 4
    assert only(terminal.ask("import", path, "--again"))["known"] == 4
    assert sorted(terminal.names()) == ["other", "signup", "signup", "signup"]


def test_ids_of_a_file_stand(terminal: Terminal, write: Write) -> None:
    """What has a message id keeps it, so an export may come back anywhere."""
    path = write("events.ndjson", [line(message_id="m-1"), line(message_id="m-1", minute=2)])

    report = only(terminal.ask("import", path))

    assert (report["stored"], report["known"]) == (1, 1)
    assert [event["message_id"] for event in events(terminal)] == ["m-1"]


def test_file_that_grew_goes_on(terminal: Terminal, write: Write) -> None:
    """A log that is still written, its last line half there."""
    filler = [line(minute=n) for n in range(8)]
    path = write("events.ndjson", filler)
    with path.open("a") as file:
        file.write(line("late")[:40])
    assert only(terminal.ask("import", path, status=1))["refused"]

    write("events.ndjson", [*filler, line("late"), line("later", 30)])
    report = only(terminal.ask("import", path))

    assert (report["before"], report["stored"], report["refused"]) == (8, 10, {})
    assert terminal.names()[-1] == "later"


def test_another_file_that_begins_alike(terminal: Terminal, write: Write) -> None:
    """A bookmark is of contents, not of names and beginnings."""
    same = [line(minute=n) for n in range(20)]
    terminal.ask("import", write("events.ndjson", [*same, line("first", 50), line("second", 51)]))

    report = only(terminal.ask("import", write("events.ndjson", [*same, line("third", 52)])))

    assert (report["stored"], report["known"], report["before"]) == (1, 20, 0)
    assert terminal.names()[-3:] == ["first", "second", "third"]


def test_refusals_are_told(terminal: Terminal, write: Write) -> None:
    """Each with its line, its reason and how it begins; the others come in."""
    late = THEN + timedelta(days=30)
    path = write(
        "events.ndjson",
        [
            line(),
            "{bad",
            '{"event_name": "x"}',
            '{"timestamp": "2020-01-01T00:00:00Z"}',
            line(timestamp=late),
            "[1, 2]",
            "",
            '{"type": "view", "timestamp": "2020-01-01T00:00:00Z"}',
            line(properties={"text": "x" * 8000, "more": ["y" * 8000] * 5}),
            '{"event_name": "x", "timestamp": "2020-01-01T00:00:00Z", "revenue": '
            '{"amount": "1", "currency": "ZZZ"}}',
        ],
    )

    report = only(terminal.ask("import", path, status=1))

    assert report["stored"] == 1
    assert report["refused"] == {
        "no JSON: JSON is malformed: object keys must be strings": 1,
        "timestamp: is missing": 1,
        "event_name: an event of type custom needs it": 1,
        "timestamp: is in the future": 1,
        "no event: Expected `object`, got `array`": 1,
        "type: invalid enum value": 1,
        "the event is larger than 32768 bytes": 1,
        "revenue: revenue currency must be a code of ISO 4217 such as 'EUR'": 1,
    }
    assert report["examples"][0]["line"] == 2
    assert report["examples"][0]["text"] == "{bad"


def test_every_record_is_in_one_count(terminal: Terminal, write: Write) -> None:
    """Nothing disappears between the counts."""
    lines = [hit(), hit("/a.css"), hit(status=404), "rubbish", hit(method="POST"), hit("/blog/x")]

    report = only(terminal.ask("import", write("access.log", lines), status=1))

    ended = report["stored"] + report["known"]
    ended += sum(report["refused"].values()) + sum(report["left_out"].values())
    assert report["records"] == ended == 6


def test_unknown_fields_are_told(terminal: Terminal, write: Write) -> None:
    """A key that nobody reads is perhaps a misspelt one."""
    told = '{"name": "x", "userId": "7", "timestamp": "2020-01-01T00:00:00Z"}'

    report = only(terminal.ask("import", write("events.ndjson", [told])))

    assert report["changed"] == {"field 'userId' left out: no event has one": 1}
    assert report["names"] == {"x": 1}


def test_times_without_a_zone(terminal: Terminal, write: Write) -> None:
    """They are in --tz; those with an offset are not."""
    naive = '{"name": "naive", "timestamp": "2020-07-01T02:00:00"}'
    told = '{"name": "told", "timestamp": "2020-07-01T02:00:00+05:00"}'

    terminal.ask("import", write("events.ndjson", [naive, told]), "--tz", "Europe/Berlin")

    found = {event["event_name"]: event["timestamp"] for event in events(terminal)}
    assert found == {"naive": "2020-07-01T00:00:00Z", "told": "2020-06-30T21:00:00Z"}


def test_dry_run_changes_nothing(terminal: Terminal, write: Write) -> None:
    """It tells the same numbers, and the import after it still has all to do."""
    path = write("events.ndjson", [line(), "{bad"])

    report = only(terminal.ask("import", path, "--dry-run", status=1))

    assert (report["stored"], sum(report["refused"].values())) == (1, 1)
    assert terminal.names() == []
    assert not (terminal.home / "analytics").exists()
    assert only(terminal.ask("import", path, status=1))["stored"] == 1


def test_packed_and_from_standard_input(terminal: Terminal, write: Write) -> None:
    """gzip is seen by its first bytes; both ways read the same events."""
    data = "".join(f"{line(minute=n)}\n" for n in range(3)).encode()
    path = write("events", gzip.compress(data))

    assert only(terminal.ask("import", path))["stored"] == 3
    report = only(terminal.ask("import", "-", "--again", input=data))

    assert (report["stored"], report["known"]) == (0, 3)


def test_values_for_what_a_file_does_not_tell(terminal: Terminal, write: Write) -> None:
    """--set fills what is empty, and nothing else."""
    path = write("events.ndjson", [line(hostname="own.example"), line(minute=1)])

    terminal.ask("import", path, "--set", "hostname=shop.example")

    assert [event["hostname"] for event in events(terminal)] == ["own.example", "shop.example"]


def test_old_events_are_pointed_out(terminal: Terminal, write: Write) -> None:
    """The store would let go of them at its next look."""
    path = write("events.ndjson", [line(timestamp=THEN - timedelta(days=500)), line()])

    assert only(terminal.ask("import", path))["expired"] == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--tz", "Mars/Olympus"], "no time zone"),
        (["--map", "timestamp"], "should be a field"),
        (["--map", "color=Color"], "'color' is no field"),
        (["--encoding", "utf-16"], "is no encoding"),
        (["--delimiter", "abc"], "must be one letter"),
        (["--format", "xml"], "'--format'"),
    ],
)
def test_wrong_options(terminal: Terminal, write: Write, words: list[str], says: str) -> None:
    """A usage error that names the option, before anything is read."""
    path = write("events.csv", ["timestamp,event_name", "2020-01-01,x"])

    answer = terminal.run("import", path, *words, status=2)

    assert says in " ".join(answer.output.split())
    assert words[0] in answer.output


def test_without_a_store(terminal: Terminal, write: Write) -> None:
    """It is said, in one line; a dry run needs none."""
    terminal.app.extensions["analytics"].store = None
    path = write("events.ndjson", [line()])

    answer = terminal.run("import", path, status=1)

    assert (
        answer.output.strip() == "Error: This application keeps no store: ANALYTICS_STORE is None."
    )
    assert only(terminal.ask("import", path, "--dry-run"))["stored"] == 1


def test_examples_stay_out_of_bookmarks(terminal: Terminal, write: Write) -> None:
    """A refused line is somebody's data: it is shown, not kept."""
    path = write("events.ndjson", [line(), '{"event_name": "secret-of-ana"}'])

    terminal.ask("import", path, status=1)

    kept = [file.read_bytes() for file in (terminal.home / "analytics").rglob("*.json")]
    assert kept
    assert not any(b"secret-of-ana" in data for data in kept)


def test_amounts_keep_their_digits(terminal: Terminal, write: Write) -> None:
    """29.9 and 29.90 are equal numbers, and two prices to whoever wrote them."""
    lines = [
        line(name, minute, revenue={"amount": amount, "currency": "EUR"})
        for minute, (name, amount) in enumerate([("a", "29.9"), ("b", "29.90")])
    ]

    terminal.ask("import", write("events.ndjson", lines))

    assert [event["revenue"]["amount"] for event in events(terminal)] == ["29.9", "29.90"]
