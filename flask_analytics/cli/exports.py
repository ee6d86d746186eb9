"""``flask analytics export``: events out of the store, into a file or to whoever reads on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, BinaryIO

import click

from .group import commands, plain_errors, store

if TYPE_CHECKING:
    from ..metrics.window import Range
    from ..screen.progress import Bar

FORMATS = ("ndjson", "csv", "parquet")

_BY_SUFFIX = {".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "ndjson", ".csv": "csv",
              ".parquet": "parquet"}  # fmt: skip

#: Events between two looks at the progress.
TICK = 1000


@commands.command("export")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, allow_dash=True),
    default="-",
    metavar="FILE",
    help="Default: standard output. Packed where it ends in .gz.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="Default: told by the file's name, else ndjson.",
)
@click.option("--from", "from_", metavar="DATE", help="The first moment. Default: the first event.")
@click.option("--to", metavar="DATE", help="The first moment that is no more part of it.")
@click.option("--tz", default="UTC", show_default=True, help="Zone of dates.")
@click.option("--person", metavar="ID", help="Only the events of a person, by any of their ids.")
def export(
    output: str, format_: str | None, from_: str | None, to: str | None, tz: str, person: str | None
) -> None:
    """Write the events to a file, whole or not at all, or to standard output.

    NDJSON is what `import` takes back unchanged; CSV and Parquet have a column for each field,
    property and trait.
    """
    from ..screen.progress import Bar

    format_ = format_ or _format_of(output)
    if format_ == "parquet" and (output == "-" or output.endswith(".gz")):
        raise click.BadParameter(
            "Parquet needs a file, and is packed already: -o events.parquet.",
            param_hint="'--output'",
        )
    with plain_errors():
        span = _span(from_, to, tz)
        opened = store()
        total = opened.describe().get("events") if span is None and person is None else None
        with Bar("export", total) as bar:
            bodies = Counted(opened.events(span, person), bar)
            try:
                count = _write(bodies, format_, output)
            except OSError as error:
                if isinstance(error, BrokenPipeError):
                    raise
                raise click.ClickException(
                    f"{output} cannot be written: {error.strerror or error}. What was there "
                    "before is still there."
                ) from None
    if output != "-":
        click.echo(f"{count:,} events in {output}", err=True)


def _format_of(output: str) -> str:
    name = output.removesuffix(".gz")
    return _BY_SUFFIX.get(Path(name).suffix.lower(), "ndjson")


def _span(from_: str | None, to: str | None, tz: str) -> Range | None:
    """Without either end everything, not the last days as in a question."""
    from ..metrics.window import read, zone

    zone(tz)
    if from_ is None and to is None:
        return None
    return read(from_ or "1970-01-01", to, tz, datetime.now(UTC))


def _write(bodies: Counted, format_: str, output: str) -> int:
    from ..store.exports.file import replaced, written

    path = Path(output)
    if format_ == "parquet":
        with replaced(path) as new:
            _parquet(bodies, new)
    elif output == "-":
        _stream(bodies, format_, sys.stdout.buffer)
    else:
        with written(path) as file:
            _stream(bodies, format_, file)
    return bodies.count


def _stream(bodies: Iterable[bytes], format_: str, file: BinaryIO) -> None:
    if format_ == "ndjson":
        for body in bodies:
            file.write(body + b"\n")
        file.flush()
        return
    from ..store.exports import csv
    from ..store.exports.columns import Spool

    with NamedTemporaryFile(prefix="export-") as waiting:
        spool = Spool(waiting)  # type: ignore[arg-type]
        spool.fill(bodies)
        csv.write(spool, file)


def _parquet(bodies: Iterable[bytes], path: Path) -> None:
    from ..store.exports import parquet
    from ..store.exports.columns import Spool

    with NamedTemporaryFile(prefix="export-", suffix=".json") as waiting:
        spool = Spool(waiting)  # type: ignore[arg-type]
        spool.fill(bodies)
        parquet.write(spool, Path(waiting.name), path)


class Counted:
    """Events, counted as they pass."""

    def __init__(self, bodies: Iterator[bytes], bar: Bar) -> None:
        self._bodies, self._bar = bodies, bar
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        for body in self._bodies:
            self.count += 1
            if self.count % TICK == 0:
                self._bar.move(self.count, f"{self.count:,} events")
            yield body
