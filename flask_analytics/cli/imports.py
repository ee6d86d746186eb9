"""``flask analytics import``: a history from files, into the store."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from flask import current_app

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
from .sources import STDIN, Source, sources
from .wishes import FORMATS, Wish, options

if TYPE_CHECKING:
    from ..screen.progress import Bar
    from ..store.base import Store
    from ..store.imports.formats import Options
    from ..store.imports.lines import Lines
    from ..store.imports.report import Report

#: Umami's table of events, and the one beside it that has what was told of them.
UMAMI, UMAMI_DETAILS = "website_event.csv", "event_data.csv"


@commands.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="Default: told by how the file begins.",
)
@click.option("--tz", default="UTC", show_default=True, help="Zone of times that name none.")
@click.option(
    "--set",
    "fixed",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A value for events that have none, such as hostname=shop.example.",
)
@click.option(
    "--map",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help='CSV: which column a field is in, such as timestamp="Created at".',
)
@click.option("--rest", is_flag=True, help="CSV: columns that are no field become properties.")
@click.option("--delimiter", help="CSV: what stands between cells. Default: told by the header.")
@click.option("--encoding", default="utf-8", show_default=True, help="CSV: of its text.")
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="Log: paths that are no pages, with * and ?, besides ANALYTICS_EXCLUDE.",
)
@click.option(
    "--visitors/--no-visitors",
    default=True,
    help="Log: whether visitors get an anonymous id, a new one each day.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what would be stored.")
@click.option("--again", is_flag=True, help="Begin at the start of a file that was read before.")
@json_option
def import_(files: tuple[str, ...], is_json: bool, **given: Any) -> None:
    """Bring events in from NDJSON, CSV, combined access logs, and the exports of Segment,
    Plausible, Umami and Matomo, packed with gzip or zip or not; - is standard input.

    Each record is stored once: the same command after a kill, or a second time, goes on where
    the first ended. Exit status 1: something was refused.
    """
    from ..screen.imports import ImportScreen

    wish = Wish(**given)
    screen = ImportScreen(current_app.name, wish.dry_run)
    work = Work(wish, options(wish), None if wish.dry_run else store())
    reports = []
    for source in sources(files):
        if work.knows(source):
            continue
        began = time.monotonic()
        report, format_ = work.take(source, screen.bar)
        reports.append({"file": source.name, "format": format_, **_plain(report)})
        if not wants_json(is_json):
            screen.show(source.name, format_, report, time.monotonic() - began)
    if wants_json(is_json):
        print_json({"dry_run": wish.dry_run, "files": reports})
    if any(report["refused"] or report["fault"] for report in reports):
        sys.exit(1)


class Work:
    """Takes files into a store; None: into nothing."""

    def __init__(self, wish: Wish, options: Options, shelf: Store | None) -> None:
        self._wish, self._options, self._shelf = wish, options, shelf

    def knows(self, source: Source) -> bool:
        """Whether it only adds to another part of its archive, which takes it in."""
        is_part = source.archive is not None and source.part.endswith(UMAMI_DETAILS)
        return is_part and source.beside(UMAMI) is not None

    def take(self, source: Source, bar: Callable[[str, int | None], Bar]) -> tuple[Report, str]:
        """One file; the report, and the format it is in."""
        from ..store.imports.importer import Changed
        from ..store.imports.refusal import Unreadable

        try:
            return self._run(source, bar, is_anew=self._wish.again)
        except Changed:
            if source.name == STDIN:
                raise click.ClickException(
                    "What comes in begins like something that was imported before, but is "
                    "another: give it again, with --again."
                ) from None
            return self._run(source, bar, is_anew=True)
        except Unreadable as error:
            raise click.ClickException(f"{source.name} cannot be read: {error}.") from None
        except KeyboardInterrupt:
            raise click.ClickException(
                "Stopped. What is stored stays; the same command goes on from there."
            ) from None

    def _run(
        self, source: Source, bar: Callable[[str, int | None], Bar], is_anew: bool
    ) -> tuple[Report, str]:
        from ..store.imports import formats, importer, intake, lineid
        from ..store.imports.lines import Lines
        from ..store.imports.report import Report

        wish, report = self._wish, Report()
        now = datetime.now(UTC)
        with source.open() as (raw, size):
            lines = Lines(raw)
            format_ = wish.format_ or formats.guess(lines.preview, is_mapped=bool(wish.columns))
            options = self._with_details(source, format_)
            bookmark = self._bookmark(lines, format_, options)
            if is_anew:
                bookmark.forget()
            with bar(source.name, size) as progress, plain_errors():
                return importer.Importer(
                    formats.FORMATS[format_](options, report.changed),
                    intake.Intake(_zone(wish.tz), now, report.changed, state().callbacks.redact),
                    report,
                    shelf=self._shelf,
                    bookmark=bookmark,
                    twins=lineid.Twins(options.salt()),
                    keep_from=now - timedelta(state().settings.retention_days),
                    file=source.name,
                    on_progress=lambda: progress.move(lines.position, f"{report.stored:,} stored"),
                ).run(lines), format_

    def _with_details(self, source: Source, format_: str) -> Options:
        """What Umami told of custom events is in a table of its own."""
        other = source.beside(UMAMI_DETAILS) if format_ == "umami" else None
        if other is None:
            return self._options
        from ..store.imports.lines import Lines
        from ..store.imports.umami import details

        with other.open() as (raw, _):
            return replace(self._options, details=details(Lines(raw)))

    def _bookmark(self, lines: Lines, format_: str, options: Options) -> Any:
        """Where this file's mark is: a dry run and a store that ends with us have none."""
        from ..store.bookmark import Bookmark, Mark, key

        if self._shelf is None or self._shelf.scheme == "memory":
            return Bookmark(None, Mark)
        place = marks("imports")
        told = key(lines.head, format_, self._wish.tz, options.key(), _address())
        return Bookmark(place / f"{told}.json" if place else None, Mark)


def _address() -> str:
    """Which store: what is in one is not in another."""
    return str(state().settings.store)


def _zone(name: str) -> Any:
    from ..metrics.window import zone

    with plain_errors():
        return zone(name)


def _plain(report: Report) -> dict[str, Any]:
    import msgspec

    told: dict[str, Any] = msgspec.to_builtins(report)
    return told
