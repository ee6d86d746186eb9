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
    """Write all that the store has of a person, by any of their ids, as one JSON document: ids,
    traits and every event."""
    with plain_errors():
        opened = store()
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


def _person(opened: Store, id: str) -> Person:
    from ..metrics import words
    from ..store.exports.person import is_stranger

    question = words.question("traits", {"id": id}, None)  # type: ignore[arg-type]
    person: Person | None = opened.answer(question)
    if person is None or is_stranger(opened, person):
        raise nobody(id)
    return person


def _document(opened: Store, person: Person, file: BinaryIO) -> None:
    from ..store.exports.person import document

    file.writelines(document(opened, person))
    file.flush()


@commands.command("forget")
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def forget(id: str, yes: bool, is_json: bool) -> None:
    """Erase all events, ids and traits of a person, by any of their ids."""
    with plain_errors():
        opened = store()
        person = _person(opened, id)
        if not yes:
            click.confirm(
                f"Erase {printable(person.id)} ({_many(person.ids)}) and all their events, for "
                "good?", abort=True, err=True,
            )  # fmt: skip
        count = opened.forget(person.id)
        fault = _rewritten(opened)
    remains = _remains()
    if wants_json(is_json):
        print_json({"id": person.id, "ids": person.ids, "events": count, "rewritten": not fault,
                    "remains": remains})  # fmt: skip
        return
    click.echo(f"{count:,} events of {printable(person.id)} are erased, with {_many(person.ids)}.")
    click.echo(
        f"They are in no answer any more; the files are rewritten later: {fault}"
        if fault else "The store's files no longer hold them."
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
    """Where else a person's events may be: forgetting ends at the store's door."""
    found = state()
    names = sorted(set(_collectors(found)) - {"store"})
    told = []
    if names:
        told.append(f"what was delivered before ({', '.join(names)}): ask there")
    told.append("events that still wait in the journal come into the store when delivered: run "
                "this again in a minute")  # fmt: skip
    told.append("backups and exported files")
    return told


def _collectors(found: Any) -> list[str]:
    from ..collectors.address import collectors

    return list(collectors(found.settings.collectors))
