"""Who was forgotten is not sent any more, and not in the journal's files: small parts of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from flask_analytics import Event
from flask_analytics.delivery.account import Account
from flask_analytics.delivery.blanks import records, rewrite
from flask_analytics.delivery.buffer import Entry
from flask_analytics.delivery.dead import DeadLetters
from flask_analytics.delivery.forgotten import KEPT, Forgotten, rest
from flask_analytics.delivery.segment import ACK, BLANK, Segment
from flask_analytics.event import decode, encode
from flask_analytics.log import QuietLog

ANN, BOB = "ann-5", "bob-6"


def entry(at: float, **fields: str) -> Entry:
    return Entry(encode(Event(message_id="m", event_name="e", **fields)), at)  # type: ignore[arg-type]


def test_what_came_before_is_not_sent(tmp_path: Path) -> None:
    """By any of their ids; what comes after is a new person's. Another process learns it."""
    writer, reader = Forgotten(tmp_path / "f.json"), Forgotten(tmp_path / "f.json")
    old, new = entry(100.0, user_id=ANN), entry(101.5, user_id=ANN)
    device, other = entry(99.0, anonymous_id="device"), entry(100.0, user_id=BOB)

    assert reader.sift([old]) == ([old], [])
    writer.add([ANN, "device"], 100.5)

    assert reader.sift([old, new, device, other]) == ([new, other], [old, device])


def test_a_mention_is_taken_out(tmp_path: Path) -> None:
    """An event of somebody else on the same device stays, as long as it was, without the id."""
    forgotten = Forgotten(None)
    shared = entry(1.0, user_id=BOB, anonymous_id="device", previous_id=ANN)
    length = len(shared.body)

    forgotten.add([ANN, "device"], 2.0)
    kept, gone = forgotten.sift([shared])

    assert (kept, gone, len(shared.body)) == ([shared], [], length)
    told = json.loads(shared.body)
    assert told["user_id"] == BOB
    assert not {"anonymous_id", "previous_id"} & told.keys()


def test_the_list_tells_nobody_and_ends(tmp_path: Path) -> None:
    """Digests, for their owner only, until nothing can wait any more."""
    path = tmp_path / "f.json"
    forgotten = Forgotten(path)

    forgotten.add([ANN], 1.0)
    first = path.read_bytes()
    forgotten.add([BOB], 1.0 + KEPT + 1)

    assert ANN.encode() not in first
    assert path.stat().st_mode & 0o777 == 0o600
    assert forgotten.sift([entry(0.5, user_id=ANN)])[1] == []
    assert len(forgotten.sift([entry(0.5, user_id=BOB)])[1]) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"people": {"x": "y"}}'])
def test_a_damaged_list_is_none(tmp_path: Path, content: bytes) -> None:
    """Nothing is lost by it, and the next one writes it anew."""
    path = tmp_path / "f.json"
    path.write_bytes(content)
    forgotten = Forgotten(path)

    assert forgotten.sift([entry(1.0, user_id=ANN)])[1] == []
    forgotten.add([ANN], 2.0)

    assert len(forgotten.sift([entry(1.0, user_id=ANN)])[1]) == 1


def filled(folder: Path, *bodies: bytes) -> Segment:
    segment = Segment.create(folder / "app-1-a.j", ["c"])
    for body in bodies:
        segment.append(body, 7)
    return segment


def test_records_change_in_place(tmp_path: Path) -> None:
    """While the owner goes on to append: no other record moves, and the places stay."""
    theirs, mixed, others = b'{"a":"gone"}', b'{"b":"mixed"}', b'{"c":1}'
    owner = filled(tmp_path, theirs, mixed, others)
    places = [(one.start, one.end) for one in owner.read(0, owner.end)]

    changed = {theirs: None, mixed: b'{"b":""}'}
    count = rewrite(tmp_path, lambda body, at: changed.get(body, body))
    owner.append(b"{}", 8)

    found = list(owner.read(0, owner.end))
    assert count == 1
    assert [(one.start, one.end) for one in found[:3]] == places
    assert found[0].body == BLANK * len(theirs)
    assert [one.body.rstrip() for one in found[1:]] == [b'{"b":""}', others, b"{}"]
    assert [one.body.rstrip() for one in records(tmp_path)] == [b'{"b":""}', others, b"{}"]
    assert b"gone" not in owner.path.read_bytes()
    owner.close()


def test_what_does_not_fit_goes(tmp_path: Path) -> None:
    """A record cannot grow."""
    owner = filled(tmp_path, b"{}")

    assert rewrite(tmp_path, lambda body, at: body + b"longer") == 1
    owner.close()


def test_half_a_record_of_the_dead_goes(tmp_path: Path) -> None:
    """What a process wrote when it died is nobody's; what a living one writes is left alone."""
    owner = filled(tmp_path, b"{}")
    with owner.path.open("ab") as file:
        file.write(b"0123456700000007" + ANN.encode())

    rewrite(tmp_path, lambda body, at: body)
    assert ANN.encode() in owner.path.read_bytes()
    owner.close()
    rewrite(tmp_path, lambda body, at: body)

    assert ANN.encode() not in owner.path.read_bytes()
    assert [one.body for one in records(tmp_path)] == [b"{}"]


def test_a_broken_line_goes(tmp_path: Path) -> None:
    """And is counted as broken still by whoever reads the file."""
    owner = filled(tmp_path, b'{"x":"ann-5"}', b"{}")
    content = owner.path.read_bytes()
    owner.path.write_bytes(content.replace(b'"x"', b'"y"'))
    os.utime(owner.path.with_name(owner.path.name + ACK))

    rewrite(tmp_path, lambda body, at: body)

    assert ANN.encode() not in owner.path.read_bytes()
    assert [one.body for one in owner.read(0, owner.end)] == [b"", b"{}"]
    owner.close()


def test_whose_an_event_is() -> None:
    """The user's, else the device's, else nobody's."""
    gone = {ANN, "device"}.__contains__

    assert rest(encode(Event(user_id=ANN, anonymous_id="x")), gone) is None
    assert rest(encode(Event(anonymous_id="device")), gone) is None
    assert decode(rest(encode(Event(user_id=BOB)), gone) or b"").user_id == BOB
    nobodys = encode(Event(event_name="e"))
    assert rest(nobodys, gone) == nobodys


def test_no_letter_is_written_of_who_was_forgotten_meanwhile(tmp_path: Path) -> None:
    """The destination refuses an event whose person was forgotten while it was under way."""
    forgotten, dead = Forgotten(tmp_path / "f.json"), DeadLetters(tmp_path, QuietLog())
    account = Account(
        "webhook", announce=lambda *args, **more: None, log=QuietLog(), dead=dead,
        finish=lambda entries: None, forgotten=forgotten,
    )  # fmt: skip
    forgotten.add([ANN], 100.5)

    for id in (ANN, BOB):
        account.reject(entry(100.0, user_id=id), "http_400")

    (letter,) = [json.loads(line) for line in (tmp_path / "dead.jsonl").read_text().splitlines()]
    assert BOB in json.dumps(letter)
    assert account.ledger.rejected == {"http_400": 2}
