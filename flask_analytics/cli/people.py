"""``flask analytics export-user`` and ``forget``: what a person may ask for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from ..errors import StoreError
from .group import (
    commands,
    json_option,
    nobody,
    plain_errors,
    print_json,
    state,
    store,
    wants_json,
)

if TYPE_CHECKING:
    from ..metrics.person import Person
    from ..store.base import Store


@commands.command("export-user")
@click.argument("id")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, allow_dash=True),
    default="-",
    metavar="FILE",
    help="Default: standard output.",
)
def export_user(id: str, output: str) -> None:
    """Write all that is kept of a person, by any of their ids, as one JSON document: ids, traits,
    every event, what the journal has of them, and dead letters."""
    with plain_errors():
        opened = store() if state().store else None
        person = _person(opened, id)
        if output == "-":
            _document(opened, person, sys.stdout.buffer)
            return
        from ..store.exports.file import written

        try:
            with written(Path(output)) as file:
                _document(opened, person, file)
        except OSError as error:
            raise click.ClickException(
                f"{output} cannot be written: {error.strerror or error}."
            ) from None
    click.echo(f"All about {printable(person.id)} is in {output}", err=True)


def _person(opened: Store | None, id: str) -> Person:
    from ..erasure import find
    from ..metrics import readers

    person = find(state(), opened, readers.identity("id", id))
    if person is None:
        raise nobody(id)
    return person


def _document(opened: Store | None, person: Person, file: BinaryIO) -> None:
    from ..erasure import Traces
    from ..store.exports.person import document

    traces = Traces(state(), person.ids)
    file.writelines(document(opened, person, traces.events(), traces.letters()))
    file.flush()


@commands.command("forget")
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def forget(id: str, yes: bool, is_json: bool) -> None:
    """Erase all events, ids and traits of a person, by any of their ids: in the store, in the
    journal of every process, and in dead letters."""
    from .. import erasure

    with plain_errors():
        opened = store() if state().store else None
        try:
            person = _person(opened, id)
        except click.ClickException:
            erasure.silence(state(), id)  # something may wait in memory
            raise
        if not yes:
            click.confirm(
                f"Erase {printable(person.id)} ({_many(person.ids)}) and all their events, for "
                "good?", abort=True, err=True,
            )  # fmt: skip
        erased = erasure.forget(state(), opened, person)
        fault = None if opened is None else _rewritten(opened)
    remains = _remains()
    if wants_json(is_json):
        print_json({"id": erased.id, "ids": erased.ids, "events": erased.events,
                    "journal": erased.journal, "dead_letters": erased.letters,
                    "rewritten": not fault, "remains": remains})  # fmt: skip
        return
    click.echo(f"{erased.events:,} events of {printable(person.id)} are erased, with "
               f"{_many(person.ids)}; in the journal {erased.journal:,}, "
               f"dead letters {erased.letters:,}.")  # fmt: skip
    click.echo(
        f"They are in no answer any more; the files are rewritten later: {fault}"
        if fault else "No file of this application holds them any more."
    )  # fmt: skip
    for line in remains:
        click.echo(f"Not here: {line}")


def printable(text: str) -> str:
    """An id without what would command a terminal."""
    from ..screen.counters import printable  # loads rich, which no other command needs here

    return printable(text)


def _many(ids: tuple[str, ...]) -> str:
    told = printable(", ".join(ids[:3])) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
    return f"ids {told}" if len(ids) > 1 else f"id {told}"


def _rewritten(opened: Store) -> str | None:
    """Rewrite what is on the disk. Returns why it could not be, if so."""
    try:
        opened.tend()
    except StoreError as error:
        return str(error)
    return None


def _remains() -> list[str]:
    """Where else a person's events may be: forgetting ends at the door."""
    found = state()
    names = sorted(set(_collectors(found)) - {"store"})
    told = []
    if names:
        told.append(f"what was delivered before ({', '.join(names)}): ask there")
    told.append("on other machines that this application runs on, what waits there: run this on "
                "each")  # fmt: skip
    told.append("backups and exported files")
    return told


def _collectors(found: Any) -> list[str]:
    from ..collectors.address import collectors

    return list(collectors(found.settings.collectors))
