"""``flask analytics migrate-store``: a history in another engine, moved by processes of their own,
because chdb stays with its first folder."""

from __future__ import annotations

import importlib.util
import json

import pytest

from .actors import Terminal, line

pytestmark = pytest.mark.slow


@pytest.mark.skipif(importlib.util.find_spec("chdb") is None, reason="there is no chdb")
def test_to_clickhouse(terminal: Terminal) -> None:
    """All of it, and once, however often."""
    lines = [line(minute=n) for n in range(500)]
    terminal.run("import", "-", input="".join(f"{one}\n" for one in lines))
    to = f"chdb:///{terminal.home}/chdb"

    first = terminal.process("migrate-store", to)
    second = terminal.process("migrate-store", to)

    told = json.loads(first.stdout)
    assert (told["to"], told["events"], told["new"]) == (to, 500, 500)
    assert json.loads(second.stdout)["new"] == 0


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("oracle://ana:secret@host/db", "must be embedded:"),
        ("memory:", "ends with this command"),
        ("embedded:", "own store"),
    ],
)
def test_nowhere_to_go(terminal: Terminal, to: str, says: str) -> None:
    """A usage error; a password is never shown."""
    settings = terminal.app.extensions["analytics"].settings
    object.__setattr__(settings, "store", "embedded:")

    answer = terminal.run("migrate-store", to, status=2)

    assert says in " ".join(answer.output.split())
    assert "secret" not in answer.output
