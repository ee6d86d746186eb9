"""``flask analytics export``: events out, whole or not at all."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_analytics.errors import StoreError

from .actors import THEN, Terminal, line

Write = Callable[..., Path]


@pytest.fixture
def full(terminal: Terminal) -> Terminal:
    """Three events of two people."""
    lines = [
        line(properties={"plan": "pro", "n": 1, "ok": True, "tags": ["a"]}),
        line("login", 10, user_id="ben", properties={"plan": "=1+1", "n": 2.5}),
        line("bought", 3000, revenue={"amount": "29.90", "currency": "EUR"}, traits={"n": 1}),
    ]
    keep(terminal, *lines)
    return terminal


def keep(terminal: Terminal, *lines: str) -> None:
    """Put events into the store, as an import does."""
    terminal.run("import", "-", input="".join(f"{one}\n" for one in lines))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_ndjson_is_what_the_store_has(full: Terminal) -> None:
    """Byte by byte, by time, to standard output."""
    assert full.run("export").stdout.encode() == b"".join(
        body + b"\n" for body in full.store.events()
    )


def test_packed_file(full: Terminal) -> None:
    """By its name; only for its owner's eyes."""
    path = full.home / "events.ndjson.gz"

    full.run("export", "-o", path)

    assert len(gzip.decompress(path.read_bytes()).splitlines()) == 3
    assert path.stat().st_mode & 0o777 == 0o600


def test_range_and_person(full: Terminal) -> None:
    """Dates are of --tz; without --from it begins with the first event."""
    day = f"{THEN:%Y-%m-%d}"

    assert len(full.run("export", "--to", f"{THEN.isoformat()}").stdout) == 0
    assert len(full.run("export", "--from", day).stdout.splitlines()) == 3
    assert len(full.run("export", "--person", "ben").stdout.splitlines()) == 1
    assert "'--from'" in full.run("export", "--from", "soon", status=2).output


def test_csv_has_a_column_for_everything(full: Terminal) -> None:
    """Properties, traits and money; what is no single value is JSON."""
    path = full.home / "events.csv"
    full.run("export", "-o", path)

    first, second, third = rows(path)
    assert (first["properties.plan"], first["properties.ok"]) == ("pro", "true")
    assert json.loads(first["properties"]) == {"tags": ["a"]}
    assert (second["user_id"], second["properties.n"]) == ("ben", "2.5")
    assert (third["revenue.amount"], third["traits.n"]) == ("29.90", "1")


def test_csv_is_no_program(full: Terminal) -> None:
    """Values and names of columns from strangers must not become formulas."""
    name = {"=cmd|' /C calc'!A0": "+1+1", "plan": "@SUM(A1)"}
    keep(full, line("-2+3", 20, properties=name))
    path = full.home / "events.csv"
    full.run("export", "-o", path)

    with path.open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any("cmd" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    assert "'-2+3" in cells


def test_parquet_is_typed(full: Terminal) -> None:
    """Numbers are numbers, times are times, amounts are exact; mixed kinds are text."""
    duckdb = pytest.importorskip("duckdb")
    keep(full, line("mixed", 20, properties={"ok": "yes", "OK": 1}))
    path = full.home / "events.parquet"
    full.run("export", "-o", path)

    with duckdb.connect() as engine:
        found = engine.read_parquet(str(path))
        types = dict(zip(found.columns, map(str, found.types), strict=True))
        amounts = [row[0] for row in found.project('"revenue.amount"').fetchall()]
    assert types["timestamp"] == "TIMESTAMP WITH TIME ZONE"
    assert (types["properties.n"], types["properties.ok"]) == ("DOUBLE", "VARCHAR")
    assert sorted(str(amount) for amount in amounts if amount)[0].startswith("29.90")


@pytest.mark.parametrize("words", [("--format", "parquet"), ("-o", "x.parquet.gz")])
def test_parquet_needs_a_file(full: Terminal, words: tuple[str, ...]) -> None:
    """It cannot be streamed."""
    assert "'--output'" in full.run("export", *words, status=2).output


@pytest.mark.parametrize("name", ["events.ndjson", "events.csv", "events.parquet"])
def test_failure_leaves_the_old_file(
    full: Terminal, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither half a file nor a draft stays behind."""
    path = full.home / name
    path.write_text("old")

    def fail(*_: Any) -> Iterator[bytes]:
        yield line("first").encode()
        raise StoreError("a segment is damaged")

    shelf = full.app.extensions["analytics"].store()
    monkeypatch.setattr(shelf, "events", fail)
    answer = full.run("export", "-o", path, status=1)

    assert "a segment is damaged" in answer.output
    assert path.read_text() == "old"
    assert not [file for file in full.home.iterdir() if file.suffix == ".tmp"]


def test_folder_that_is_not_there(full: Terminal) -> None:
    """One line, with the reason."""
    answer = full.run("export", "-o", full.home / "no" / "x.csv", status=1)
    assert "No such file or directory" in answer.output
