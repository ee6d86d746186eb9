"""``flask analytics seal``, ``purge`` and ``migrate-store``: looking after the store."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import click

from .group import commands, json_option, plain_errors, print_json, store, wants_json


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


def _moment(text: str, tz: str) -> datetime:
    from ..errors import QuestionError
    from ..metrics.window import read, zone

    with plain_errors():
        zone(tz)
        try:  # an end is read without a need for a start before it
            return read(None, text, tz, datetime.now(UTC)).end
        except QuestionError as error:
            raise QuestionError("before", error.detail) from None
