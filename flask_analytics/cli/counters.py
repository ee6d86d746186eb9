"""What the workers of an application count. Reads the files that they write, and changes none."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

import click
import msgspec
from flask import current_app

from ..delivery.census import Total
from ..delivery.diagnosis import problems
from ..delivery.summary import describe
from ..errors import StoreError
from .group import Unknown, commands, encode, state


@commands.command("stats")
@click.option("--json", "is_json", is_flag=True, help="Print JSON, as the health route does.")
@click.option(
    "--watch", type=click.FloatRange(min=0.1), metavar="SECONDS",
    help="Look again and again, until Ctrl-C.",
)  # fmt: skip
def stats(is_json: bool, watch: float | None) -> None:
    """Show the counters of all processes, and their sum."""
    from ..screen.counters import Screen  # rich takes 50 ms that no server needs to spend

    screen = Screen(current_app.name)
    if watch is None:
        total = _total()
        if is_json:
            click.echo(_json(total, indent=2))
        else:
            screen.show(total)
            _show_store()
        return
    totals = _totals(watch)
    try:
        if is_json:
            for total in totals:
                click.echo(_json(total))
        screen.watch(totals)
    except KeyboardInterrupt:  # the proper end
        pass


@commands.command("health")
def health() -> None:
    """Tell whether all is well. Exit status: 0 it is, 1 it is not, 2 nobody knows."""
    from ..screen.counters import printable

    total = _total()
    found = problems(total)
    for problem in found:
        click.echo(printable(problem))
    if found:
        sys.exit(1)
    click.echo("ok" if total.sheets else "ok, but no process of this application is counting")


def _total() -> Total:
    found = state()
    census = found.board().census
    if census is None:
        path = found.settings.url_prefix + "/health"
        raise Unknown(
            "Without a journal each process knows its own counts only, and this one has none: ask "
            f"a process that serves, at {path}; or let ANALYTICS_DIR be a folder that they can "
            "write, with a collector in ANALYTICS_COLLECTORS."
        )
    try:
        total: Total = census.take()
    except OSError as error:
        raise Unknown(
            f"{census.folder} cannot be read ({error.strerror}): run this as the user that the "
            "application runs as."
        ) from None
    return total


def _totals(seconds: float) -> Iterator[Total]:
    while True:
        yield _total()
        time.sleep(seconds)


def _json(total: Total, indent: int = -1) -> bytes:
    """One line, unless indented."""
    told = describe(total)
    kept = _store()
    if kept is not None:
        told["store"] = kept
    return msgspec.json.format(encode(told), indent=indent)


def _show_store() -> None:
    from ..screen.store import StoreScreen

    kept = _store()
    if kept is not None:
        StoreScreen().show(kept)


def _store() -> dict[str, Any] | None:
    """What the store tells of itself; None where there is none yet, or only in other processes'
    memory. Looking makes no files."""
    opener: Any = state().store
    if opener is None or getattr(opener, "scheme", "") == "memory":
        return None
    if getattr(opener, "scheme", "") == "embedded" and not opener.place.exists():
        return None
    try:
        told: dict[str, Any] = opener().describe()
    except StoreError as error:
        return {"error": str(error)}
    return told
