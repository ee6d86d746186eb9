"""Counters on a terminal, drawn into text."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from flask_analytics.delivery.census import Total
from flask_analytics.delivery.sheet import Sheet
from flask_analytics.delivery.stats import STATES, Stats, read
from flask_analytics.screen import Screen


def total(*each: dict[str, Any], **more: Any) -> Total:
    """The sum of processes with these stats, which began 90 s ago."""
    sheets = [Sheet(pid, 910.0, 998.0, read(one)) for pid, one in enumerate(each, 71)]
    stats = Stats()
    for sheet in sheets:
        stats.add(sheet.stats)
    return Total(stats, sheets, {}, **more)


def lane(name: str = "webhook", **facts: Any) -> dict[str, Any]:
    return {"collectors": {name: facts}}


def draw(shown: Total, clock: Any, width: int = 80, **options: Any) -> list[str]:
    """The lines of a screen, without the blanks at their ends."""
    file = io.StringIO()
    Screen("shop", Console(file=file, width=width, highlight=False, **options), clock).show(shown)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_table_of_one_process(clock: Any) -> None:
    """Every counter in its column; no table of processes where there is one."""
    stats = lane(accepted=12345, delivered=12000, rejected={"http_400": 5}, pending=340)

    lines = draw(total(stats), clock)

    assert lines[0] == "shop · 1 process · no journal"
    assert lines[2].split() == [
        "collector",
        "state",
        "accepted",
        "delivered",
        "rejected",
        "dropped",
        "pending",
    ]
    assert lines[3].split() == ["webhook", "●", "ok", "12,345", "12,000", "5", "0", "340"]
    assert "webhook        rejected  http_400       5" in lines
    assert not any(line.startswith("process") for line in lines)


def test_every_state_fits_into_a_narrow_terminal(clock: Any) -> None:
    """80 columns, millions of events: nothing is cut off."""
    lanes = {
        state: {"accepted": 123_456_789, "delivered": 123_456_789, "state": state}
        for state in STATES
    }

    lines = draw(total({"collectors": lanes}, {"collectors": lanes}), clock)

    text = "\n".join(lines)
    assert "…" not in text
    assert all(f" {state} " in text for state in STATES)
    assert text.count("246,913,578") == 2 * len(STATES)


def test_several_processes_have_a_row_each(clock: Any) -> None:
    """With the state of theirs that needs a look first."""
    lines = draw(total(lane(accepted=1), lane(accepted=2, state="open")), clock)

    assert lines[0].startswith("shop · 2 processes")
    rows = [line.split() for line in lines if line.startswith("7")]
    assert rows == [
        ["71", "2", "min", "2", "s", "ago", "1", "0", "0", "●", "ok"],
        ["72", "2", "min", "2", "s", "ago", "2", "0", "0", "○", "open"],
    ]


def test_problems_are_told(clock: Any) -> None:
    """In the words of the health route, beneath the numbers."""
    lines = draw(total(lane(state="misconfigured", reason="http_401")), clock, width=200)

    assert lines[-2].startswith("✖ webhook: misconfigured (http_401): check its address")


def test_journal_is_told(clock: Any) -> None:
    """Its size, what is damaged, and what dead processes left."""
    stats = {"journal": {"state": "journal", "bytes": 3 << 20, "corrupt": 1, "dead": 2}}

    lines = draw(total(stats, orphans=1, orphan_bytes=512), clock, width=200)

    assert lines[0] == (
        "shop · 1 process · journal 3.0 MiB, 1 damaged record, 2 dead letters · "
        "1 journal of dead processes (512 bytes)"
    )
    assert draw(total({"journal": {"state": "memory"}}), clock)[0].endswith("wait in memory")


def test_nobody_is_counting(clock: Any) -> None:
    """One line is enough."""
    assert draw(total(), clock) == ["shop · no process is counting", ""]


def test_strange_names_command_no_terminal(clock: Any) -> None:
    """Neither rich's markup nor escape sequences."""
    stats = lane("[/red]", rejected={"\x1b[2J[bold]boo": 1}, state="open", reason="\x1b]0;x\x07")

    text = "\n".join(draw(total(stats), clock, force_terminal=True, no_color=True))

    assert "[/red]" in text
    assert "?[2J[bold]boo" in text
    assert "\x1b[2J" not in text
    assert "\x1b]0" not in text


def test_terminal_without_unicode(clock: Any) -> None:
    """Signs become stars."""
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    console = Console(file=file, width=80)

    Screen("shop", console, clock).show(total(lane(state="open")))
    file.flush()

    assert b"* open" in raw.getvalue()


def test_watching_shows_what_a_second_brings(clock: Any) -> None:
    """From the second look on; without a terminal each look stands beneath the one before."""
    file = io.StringIO()
    screen = Screen("shop", Console(file=file, width=100), clock)

    def looks() -> Any:
        yield total(lane(accepted=100, delivered=100))
        clock.tick(4)
        yield total(lane(accepted=110, delivered=110))

    screen.watch(looks())

    rows = [line.split() for line in file.getvalue().splitlines() if line.startswith("webhook")]
    assert [row[-1] for row in rows] == ["0", "2.5"]


def test_watching_in_a_terminal_draws_in_place(clock: Any) -> None:
    """It goes back up to the line where it began."""
    file = io.StringIO()
    screen = Screen("shop", Console(file=file, width=100, force_terminal=True), clock)

    screen.watch([total(lane()), total(lane())])

    assert "\x1b[1A" in file.getvalue()
