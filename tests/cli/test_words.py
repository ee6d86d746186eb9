"""Options of questions, and the commands that change the store, without a terminal."""

from __future__ import annotations

from typing import Any

import pytest

from flask_analytics.cli.questions import COMMANDS
from flask_analytics.metrics.kinds import KINDS

from .actors import THEN, Terminal, line

DAY = f"{THEN:%Y-%m-%d}"


@pytest.fixture
def full(terminal: Terminal) -> Terminal:
    """Ana as a visitor and as a user, and Ben two days before."""
    lines = [
        line("visit", 1, user_id=None, anonymous_id="v-1"),
        line("signup", 2, anonymous_id="v-1", traits={"name": "Ana"}),
        line("signup", -2000, user_id="ben"),
    ]
    terminal.run("import", "-", input="".join(f"{one}\n" for one in lines))
    return terminal


def test_every_question_is_a_command() -> None:
    """A kind of question that the API answers is not forgotten here."""
    assert set(COMMANDS) == set(KINDS)


def test_options_are_the_parameters(full: Terminal) -> None:
    """All that a query string may say, the command line may say."""
    told = full.ask(
        "volume", "--from", DAY, "--to", "2030-01-01", "--tz", "Europe/Berlin", "--bucket", "month",
        "--event", "signup", "--source", "server", "--bots", "--filter", "property.plan!=pro",
        "--filter", "browser=Firefox",
    )["query"]  # fmt: skip

    assert told == {
        "from": told["from"], "to": "2030-01-01T00:00:00+01:00", "tz": "Europe/Berlin",
        "event": "signup", "bucket": "month", "source": "server", "bots": True,
        "filter": ["property.plan!=pro", "browser=Firefox"],
    }  # fmt: skip
    assert told["from"].startswith(DAY)


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["volume", "--bucket", "year"], "'--bucket'"),
        (["volume", "--from", "soon"], "'--from'"),
        (["volume", "--from", "2026-02-01", "--to", "2026-01-01"], "'--from'"),
        (["volume", "--tz", "Mars"], "'--tz'"),
        (["top", "--limit", "0"], "'--limit'"),
        (["top", "--event", "signup"], "'--property'"),
        (["funnel"], "'--step'"),
        (["funnel", "--step", "a"], "'--step'"),
        (["funnel", "--step", "a", "--step", "b", "--window", "soon"], "'--window'"),
        (["funnel", "--step", "a", "--step", "b", "--step-filter", "9:path=/"], "'--step-filter'"),
        (["retention", "--cohort-days", "x"], "'--cohort-days'"),
        (["top", "--filter", "color=red"], "'--filter'"),
        (["breakdown", "--dimension", "colour"], "'--dimension'"),
        (["purge", "--before", "soon"], "'--before'"),
    ],
)
def test_wrong_words_name_their_option(full: Terminal, words: list[str], option: str) -> None:
    """A usage error, with the cure of the API."""
    answer = full.run(*words, status=2)

    assert f"Invalid value for {option}" in answer.output


def test_store_in_memory_is_pointed_out(terminal: Terminal) -> None:
    """A command would else tell that there is nothing, while the workers hold much."""
    from flask_analytics.store.memory import MemoryStore

    own = MemoryStore()
    terminal.app.extensions["analytics"].store = lambda: own

    answer = terminal.run("volume")

    assert "The store is in memory" in answer.stderr
    assert "store" not in answer.stdout


def test_all_of_a_person(full: Terminal) -> None:
    """By any of their ids: ids, traits, and each event as it is stored."""
    told = full.ask("export-user", "v-1")

    assert (told["id"], told["ids"], told["traits"]) == ("ana", ["ana", "v-1"], {"name": "Ana"})
    assert [event["event_name"] for event in told["events"]] == ["visit", "signup"]

    path = full.home / "ana.json"
    full.run("export-user", "ana", "-o", path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text() == full.run("export-user", "v-1").stdout


@pytest.mark.parametrize("command", ["export-user", "forget", "person"])
def test_nobody(full: Terminal, command: str) -> None:
    """An id that the store does not have is not an empty success."""
    assert "nobody@example" in full.run(command, "nobody@example", status=1).output


def test_forget(full: Terminal) -> None:
    """All of a person, and what this cannot reach is told."""
    told = full.ask("forget", "v-1", "--yes")

    assert (told["id"], told["ids"], told["events"]) == ("ana", ["ana", "v-1"], 2)
    assert any("backups" in place for place in told["remains"])
    assert full.names() == ["signup"]


def test_forget_asks(full: Terminal) -> None:
    """No is the default; nothing happens then."""
    answer = full.run("forget", "ana", input="\n", status=1)

    assert "Erase ana (ids ana, v-1) and all their events, for good?" in answer.output
    assert len(full.names()) == 3


def test_purge(full: Terminal) -> None:
    """What is from before the date, in the zone that is told."""
    full.run("purge", "--before", DAY, input="n\n", status=1)
    assert len(full.names()) == 3

    assert full.ask("purge", "--before", DAY, "--yes")["events"] == 1
    assert full.names() == ["visit", "signup"]


def test_seal(full: Terminal) -> None:
    """Tells what it was, and what it is."""
    told: dict[str, Any] = full.ask("seal")
    assert told == {"before": {"events": 3}, "after": {"events": 3}}
