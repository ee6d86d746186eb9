"""``flask analytics replay``: stored history, to a destination that is new or was away."""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
from flask import current_app

from ..log import QuietLog
from .group import (
    commands,
    json_option,
    marks,
    plain_errors,
    print_json,
    state,
    store,
    wants_json,
)

if TYPE_CHECKING:
    from ..collectors.base import Collector
    from ..delivery.dispatcher import Dispatcher
    from ..metrics.window import Range
    from ..screen.progress import Bar
    from ..store.base import Store
    from ..store.bookmark import Bookmark, Sent
    from ..store.replays.report import Report

#: Seconds that a collector gets at the end to close what it has open.
FAREWELL = 2.0


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The options of the command, as they were given."""

    to: str
    from_: str | None
    until: str | None
    tz: str
    filters: tuple[str, ...]
    rate: float | None
    dry_run: bool
    again: bool


@commands.command("replay")
@click.option("--to", required=True, metavar="NAME", help="The collector's name.")
@click.option("--from", "from_", metavar="DATE", help="The first moment. Default: the first event.")
@click.option(
    "--until", metavar="DATE", help="The first moment that is no more part of it. Default: now."
)
@click.option("--tz", default="UTC", show_default=True, help="Zone of dates.")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="FILTER",
    help="Only these events, such as event=purchase; the option once for each condition.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Events a second, at most.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be sent.")
@click.option("--again", is_flag=True, help="Begin at the start of what was sent before.")
@json_option
def replay(is_json: bool, **given: Any) -> None:
    """Send stored events to one collector, with their own times and message ids, marked as
    backfill.

    The same command after a kill goes on where the first ended. Exit status 1: something was
    rejected, or the destination takes nothing.
    """
    wish = Wish(**given)
    began = time.monotonic()
    with plain_errors():
        report = Work(wish, _collector(wish.to), store()).run()
    if wants_json(is_json):
        print_json({"to": wish.to, "dry_run": wish.dry_run, **_plain(report)})
    else:
        from ..screen.replays import ReplayScreen

        ReplayScreen(wish.dry_run).show(wish.to, report, time.monotonic() - began)
    if report.rejected or report.fault:
        sys.exit(1)


class Work:
    """Sends from a store to a collector."""

    def __init__(self, wish: Wish, collector: Collector, source: Store) -> None:
        from ..store.replays.choice import Choice, reach

        now = datetime.now(UTC)
        self._wish, self._collector, self._source = wish, collector, source
        self._choice = Choice(wish.filters, reach(wish.to, collector), now)
        self._bookmark = self._marked()
        if wish.again:
            self._bookmark.forget()
        self._span = self._range(now)

    def run(self) -> Report:
        """All of it."""
        from ..screen.progress import Bar
        from ..store.replays.replay import Replay, Stopped
        from ..store.replays.report import Report

        report, wish = Report(), self._wish
        seconds = int((self._span.end - self._span.start).total_seconds())
        with Bar(f"to {wish.to}", seconds) as bar, self._lane() as lane:
            work = Replay(
                self._source,
                self._choice,
                report,
                to=wish.to,
                lane=lane,
                bookmark=self._bookmark,
                batch=self._collector.batch_size,
                rate=wish.rate,
                on_progress=lambda at, told: self._show(bar, at, told or f"{report.sent:,} sent"),
            )
            try:
                return work.run(self._span)
            except Stopped as error:
                report.fault = str(error)
                return report
            except KeyboardInterrupt:
                raise click.ClickException(
                    f"Stopped after {report.sent:,} events. The same command goes on from there; "
                    "the destination may see one batch again."
                ) from None

    def _show(self, bar: Bar, at: datetime, told: str) -> None:
        bar.move(int((at - self._span.start).total_seconds()), told)

    def _marked(self) -> Bookmark[Sent]:
        """Where this replay's mark is: a dry run and a store that ends with us have none."""
        from ..store.bookmark import Bookmark, Sent, key

        place = None
        if not self._wish.dry_run and self._source.scheme != "memory":
            place = marks("replays")
        wish = self._wish
        told = key(
            wish.to, str(wish.from_), str(wish.until), wish.tz, *sorted(wish.filters),
            str(state().settings.store),
        )  # fmt: skip
        return Bookmark(place / f"{told}.json" if place else None, Sent)

    def _range(self, now: datetime) -> Range:
        """From the first event on, unless something else is said; without an end, until the
        moment when it was begun."""
        from ..errors import QuestionError
        from ..metrics.window import Range, read, zone
        from ..store.replays.replay import until_of

        wish = self._wish
        zone(wish.tz)
        try:
            end = read(None, wish.until, wish.tz, now).end if wish.until else until_of(
                self._bookmark
            ) or now  # fmt: skip
        except QuestionError as error:
            raise QuestionError("until", error.detail) from None
        if wish.from_:
            return read(wish.from_, end, wish.tz, now)
        return Range(min(self._first() or end, end), end, wish.tz)

    def _first(self) -> datetime | None:
        from ..event import decode

        body = next(iter(self._source.events()), None)
        return decode(body).timestamp if body is not None else None

    @contextmanager
    def _lane(self) -> Iterator[Dispatcher | None]:
        """A lane of its own, in memory: the application's journal and its lanes know nothing."""
        if self._wish.dry_run:
            yield None
            return
        from ..delivery.dispatcher import Dispatcher

        dispatcher = Dispatcher(
            {self._wish.to: copy.copy(self._collector)},  # what it opens is not the application's
            complete=lambda event: event,
            shutdown_timeout=FAREWELL,
            log=_Log(),
        )
        try:
            yield dispatcher
        finally:
            dispatcher.close(FAREWELL)


class _Log(QuietLog):
    """What is not delivered when a replay stops is not lost: it is in the store."""

    def warning(self, kind: str, message: str, *args: object, error: object = None) -> None:
        if not kind.startswith("drop "):
            super().warning(kind, message, *args, error=error)


def _collector(name: str) -> Collector:
    """A configured collector by its name.

    :raises click.BadParameter: there is none.
    """
    if current_app.testing:
        raise click.ClickException("Under TESTING nothing is sent: unset it for a replay.")
    others = {key: found for key, found in state().collectors.items() if key != "store"}
    if name in others:
        return others[name]
    known = ", ".join(others) or "none besides the store: set ANALYTICS_COLLECTORS"
    raise click.BadParameter(
        f"there is no collector called {name!r}: there are {known}.", param_hint="'--to'"
    )


def _plain(report: Report) -> dict[str, Any]:
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(report)
    return told
