"""``flask analytics seal``, ``purge`` and ``migrate-store``: looking after the store."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from .group import (
    commands,
    folder,
    json_option,
    plain_errors,
    print_json,
    state,
    store,
    wants_json,
)

if TYPE_CHECKING:
    from ..store.base import Store


@commands.command("seal")
@json_option
def seal(is_json: bool) -> None:
    """Do at once what the store does by itself in time: pack new events, drop old ones."""
    with plain_errors():
        opened = store()
        before, began = opened.describe(), time.monotonic()
        opened.tend()
        after = opened.describe()
    if wants_json(is_json):
        print_json({"before": before, "after": after})
        return
    from ..screen.store import StoreScreen

    StoreScreen().change(before, after, time.monotonic() - began)


@commands.command("purge")
@click.option("--before", required=True, metavar="DATE", help="Events from before this are erased.")
@click.option("--tz", default="UTC", show_default=True, help="Zone of a date.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def purge(before: str, tz: str, yes: bool, is_json: bool) -> None:
    """Erase the events of everybody from before a date."""
    moment = _moment(before, tz)
    with plain_errors():
        opened = store()
        if not yes:
            total = opened.describe().get("events", 0)
            click.confirm(
                f"Erase all events from before {moment:%Y-%m-%d %H:%M} UTC, for good? The store "
                f"has {total:,} in all.",
                abort=True, err=True,
            )  # fmt: skip
        from ..metrics.window import micros

        count = opened.purge(micros(moment))
        opened.tend()
    if wants_json(is_json):
        print_json({"before": moment.isoformat(), "events": count})
    else:
        click.echo(f"{count:,} events from before {moment:%Y-%m-%d %H:%M} UTC are erased.")


@commands.command("migrate-store")
@click.argument("to")
@json_option
def migrate_store(to: str, is_json: bool) -> None:
    """Copy the history into another store, such as clickhouse://user@host/database.

    The application's store is only read, and may be in use. After a kill the same command goes
    on; run it again for what came in meanwhile.
    """
    from ..delivery.folder import make
    from ..screen.progress import Bar
    from ..store.move import Move

    with plain_errors():
        source, target = store(), _other(to)
        pair = (_public(str(state().settings.store)), _public(to))
        with Bar(f"to {target.scheme}", None) as bar:
            make(folder())
            mark = folder() / "migrate.json"
            moved = Move(source, target, mark, pair).run(
                lambda done, total: bar.move(done, f"{done:,} of {total:,} events", total)
            )
        target.close()
    if wants_json(is_json):
        print_json({"from": pair[0], "to": pair[1], "events": moved.events, "new": moved.new})
        return
    click.echo(
        f"{moved.events:,} events are in {pair[1]}, {moved.new:,} of them new there. Set "
        "ANALYTICS_STORE to it, restart the application, and run this once more for what came in "
        "meanwhile."
    )


def _other(to: str) -> Store:
    """The store to move to, open.

    :raises click.BadParameter: it is none, or the one that there is.
    """
    from ..config import TABLE
    from ..log import QuietLog
    from ..store.address import Opener

    settings = state().settings
    try:
        address = TABLE["store"].check(to)
        if address is None or address == settings.store:
            raise ValueError("is the application's own store: name another")
        if address == "memory:":
            raise ValueError("ends with this command: name one that stays")
    except ValueError as error:
        raise click.BadParameter(f"{_public(to)!r} {error}.", param_hint="'TO'") from None
    opener = Opener(
        address, folder(), is_testing=lambda: False, retention_days=settings.retention_days,
        log=QuietLog(),
    )  # fmt: skip
    return opener()


def _public(address: str) -> str:
    """An address without its password, for people to read."""
    scheme, sign, rest = address.partition("://")
    return f"{scheme}{sign}{rest.rpartition('@')[2]}"


def _moment(text: str, tz: str) -> datetime:
    from ..errors import QuestionError
    from ..metrics.window import read, zone

    with plain_errors():
        zone(tz)
        try:  # an end is read without a need for a start before it
            return read(None, text, tz, datetime.now(UTC)).end
        except QuestionError as error:
            raise QuestionError("before", error.detail) from None
