"""Every command on a terminal of 90 columns: tables, bars, and what to do where there is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .actors import THEN, Terminal, line, on_pty

pytestmark = pytest.mark.slow

DAY = f"{THEN:%Y-%m-%d}"


@pytest.fixture
def full(terminal: Terminal) -> Terminal:
    """Two people, three days."""
    lines = [
        line("signup", 1, properties={"plan": "pro"}, type="custom"),
        line("signup", 2, user_id="ben", properties={"plan": "free"}),
        line("buy", 60, revenue={"amount": "29.90", "currency": "EUR"}),
        line("buy", 1500, revenue={"amount": "1000", "currency": "USD"}),
        line("look", 70, type="pageview", event_name=None, matched_pattern="/blog/<slug>",
             path="/blog/\x1b[31mred", status_code=500, duration=0.25, hostname="shop.example"),
        line("who", 80, type="identify", event_name=None, traits={"name": "Ana"}),
    ]  # fmt: skip
    terminal.run("import", "-", input="".join(f"{one}\n" for one in lines))
    return terminal


def shown(terminal: Terminal, *words: Any, width: int = 90) -> str:
    """What a terminal shows, without colours."""
    with on_pty(terminal.command(*words), terminal.environ, width) as (_, screen):
        return screen.read()


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["volume"], ["events", DAY, "█", "all"]),
        (["top"], ["buy", "signup", "█"]),
        (["top", "--people"], ["events", "people", "signup"]),
        (["top", "--event", "signup", "--property", "plan"], ["plan", "free", "pro"]),
        (["breakdown", "--dimension", "browser"], ["browser", "Firefox", "views", "people"]),
        (
            ["funnel", "--step", "signup", "--step", "buy", "--window", "7d",
             "--breakdown", "property.plan"],
            ["within 7 days", "50.0 %", "median time", "59 min", "property.plan", "free", "pro"],
        ),
        (["retention", "--from", DAY, "--grid"], ["first seen", "day 1", "50%", "day 7", "-"]),
        (["active", "--interval", "day", "--rolling", "7"], ["2 people", "people in 7 days"]),
        (["visits"], ["page views", "bounces", "unknown: the browser module tells it"]),
        (["revenue"], ["EUR", "29.9", "1,000", "USD"]),
        (["revenue", "--interval", "day"], ["time", "EUR", "1,000", DAY]),
        (["visits", "--interval", "month"], ["time", "engaged", "unknown", DAY[:7]]),
        (["latency"], ["/blog/<slug>", "1 (100.0%)", "250 ms"]),
        (["dashboard"], ["now", "before", "top events"]),
        (["people"], ["ana", "ben", "last seen"]),
        (["person", "ana"], ["name", "Ana"]),
        (["timeline", "ana"], ["identify", "name=Ana", "29.90 EUR"]),
        (["recent", "--like", "BU"], ["buy", "29.90 EUR"]),
    ],
)  # fmt: skip
def test_tables(full: Terminal, words: list[str], parts: list[str]) -> None:
    """With the application's name above, and nothing cut off."""
    text = shown(full, *words)

    assert text.startswith("shop · ")
    for part in parts:
        assert part in text, text
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [50, 90, 200])
def test_widths(full: Terminal, width: int) -> None:
    """Numbers are whole on a narrow terminal too; bars take what is left."""
    lines = shown(full, "volume", width=width).splitlines()

    assert max(map(len, lines)) <= width
    assert any(line.split()[-1] == "5" for line in lines if line.startswith("all"))


def test_nothing_yet(terminal: Terminal) -> None:
    """A new application learns how the first event is made."""
    assert "The store has no events yet" in shown(terminal, "volume")


def test_nothing_found(full: Terminal) -> None:
    """What is asked for may be misspelt, too new, or a bot."""
    text = " ".join(shown(full, "volume", "--event", "nope").split())

    assert "only nope" in text
    assert "The store has 6 events; try an earlier --from" in text
    assert "flask analytics top" in text


def test_pipes_get_json(full: Terminal) -> None:
    """The same object as the read API's; --json on a terminal, too."""
    piped = json.loads(full.process("top").stdout)
    asked = json.loads(shown(full, "top", "--json"))

    assert piped["results"] == [
        {"key": "buy", "count": 2}, {"key": "signup", "count": 2}, {"key": "pageview", "count": 1}
    ]  # fmt: skip
    assert piped["results"] == asked["results"]
    assert piped["query"]["bots"] is False


def test_report_of_an_import(terminal: Terminal) -> None:
    """What came in, what did not, and examples: a line's own commands do not reach the terminal."""
    path = terminal.home / "events.ndjson"
    path.write_text(f"{line()}\n{{bad \x1b]0;title\n")

    text = shown(terminal, "import", path)

    for part in ("stored", "signup 1", "refused", "no JSON", "{bad ?]0;title"):
        assert part in text, text


def test_stats_tell_of_the_store(full: Terminal) -> None:
    """Beside the counters of the processes."""
    assert json.loads(full.process("stats", "--json").stdout)["store"] == {"events": 6}
    assert "store · 6 events" in shown(full, "stats")
