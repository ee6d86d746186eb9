"""Files that nobody should have to import, and what is said about them."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from .actors import Terminal, hit, line
from .test_import import only

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty"),
        (b"\x7fELF\x02\x01\x00\x00\x00\x00 and more", "it is binary"),
        (b"PK\x03\x04 and more", "zip archive that is damaged"),
        (b"\x28\xb5\x2f\xfd and more", "zstdcat"),
        (b"\x1f\x8b and no more", "it cannot be unpacked"),
        (b"Dear reader\nthis is prose\n", "--format"),
    ],
)
def test_no_history(terminal: Terminal, write: Write, content: bytes, says: str) -> None:
    """One line that tells what it is and what to do; no traceback."""
    answer = terminal.run("import", write("thing", content), status=1)

    assert says in " ".join(answer.output.split())
    assert answer.output.startswith("Error: ")


def test_missing_file(terminal: Terminal) -> None:
    """Its name is in the message."""
    assert "nowhere.log cannot be opened" in terminal.run("import", "nowhere.log", status=1).output


def test_line_of_ten_megabytes(terminal: Terminal, write: Write) -> None:
    """It is refused without being held, and the next line is read."""
    content = b"".join(
        [
            line().encode() + b"\n",
            b'{"event_name": "' + b"x" * 10_000_000 + b'"}\n',
            line("after", 1).encode() + b"\n",
        ]
    )

    report = only(terminal.ask("import", write("events.ndjson", content), status=1))

    assert (report["stored"], report["refused"]) == (2, {"the line is longer than 256 KiB": 1})
    assert terminal.names() == ["signup", "after"]


def test_windows_and_byte_order_marks(terminal: Terminal, write: Write) -> None:
    """CRLF and a mark at the start are no part of the text."""
    content = "\ufefftimestamp,event_name\r\n2020-01-01,signup\r\n".encode()

    assert only(terminal.ask("import", write("events.csv", content)))["stored"] == 1
    assert terminal.names() == ["signup"]


def test_wrong_encoding(terminal: Terminal, write: Write) -> None:
    """A row that cannot be read is refused; with the right name it comes in."""
    rows = "timestamp,event_name\n2020-01-01,Käse\n2020-01-02,tea\n".encode("latin-1")
    path = write("events.csv", rows)

    report = only(terminal.ask("import", path, status=1))
    assert report["refused"] == {"event_name: is not utf-8; name the right one with --encoding": 1}

    assert only(terminal.ask("import", path, "--encoding", "latin-1"))["stored"] == 1
    assert terminal.names() == ["Käse", "tea"]


def test_broken_utf8_in_json_and_logs(terminal: Terminal, write: Write) -> None:
    """JSON must be UTF-8; a log has whatever a visitor sent."""
    events = write("events.ndjson", b'{"event_name": "\xff\xfe"}\n' + line().encode() + b"\n")
    assert only(terminal.ask("import", events, status=1))["stored"] == 1

    log = hit("/caf%FF").encode().replace(b"Gecko", b"\xff\xfe")
    assert only(terminal.ask("import", write("access.log", log + b"\n")))["stored"] == 1


def test_gzip_that_breaks_off(terminal: Terminal, write: Write) -> None:
    """What can be unpacked comes in, and that there was more is told; the whole file afterwards
    adds the rest."""
    data = "".join(f"{line(minute=n, properties={'n': n * 7919})}\n" for n in range(900)).encode()
    packed = gzip.compress(data)

    cut = only(terminal.ask("import", write("a.gz", packed[: len(packed) // 2]), status=1))
    whole = only(terminal.ask("import", write("a.gz", packed)))

    assert 0 < cut["stored"] < 900
    assert cut["fault"] == "the gzip is cut off"
    assert (whole["records"], whole["fault"], whole["refused"]) == (900, None, {})
    assert len(terminal.names()) == 900


def test_quote_that_is_never_closed(terminal: Terminal, write: Write) -> None:
    """It must not swallow the rest of the file."""
    rows = ["timestamp,event_name", '2020-01-01,"open', *["2020-01-02,fine"] * 9000]

    report = only(terminal.ask("import", write("events.csv", rows), status=1))

    (reason,) = report["refused"]
    assert reason.startswith("no row of CSV: field larger")
    assert report["stored"] > 4000


def test_deep_json(terminal: Terminal, write: Write) -> None:
    """A line that would overflow a stack is one refusal."""
    deep = '{"event_name": "x", "properties": ' + '{"a":' * 5000 + "1" + "}" * 5001

    report = only(terminal.ask("import", write("events.ndjson", [deep, line()]), status=1))

    assert report["stored"] == 1


def test_endless_reasons_are_counted_together(terminal: Terminal, write: Write) -> None:
    """A file of rubbish must not make an endless report."""
    methods = [f"not an event {n}" for n in range(500)]
    fields = [f'{{"name": "x{n}", "f{n}": 1, "timestamp": "2020-01-01"}}' for n in range(500)]

    report = only(
        terminal.ask("import", write("events.ndjson", [line(), *methods, *fields]), status=1)
    )

    assert len(report["changed"]) <= 201
    assert len(report["refused"]) <= 201
