"""The formats: which one a file is in, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import matomo, plausible, segment, umami
from .accesslog import AccessLog, Route, Visitor, looks_like
from .csv import Csv
from .elements import is_array
from .format import Format
from .matomo import Matomo
from .ndjson import Ndjson
from .plausible import Plausible
from .refusal import Unreadable
from .segment import Segment
from .table import DELIMITERS, header
from .umami import Details, Umami


@dataclass(frozen=True, kw_only=True)
class Options:
    """How files are read; each format takes what concerns it.

    :param fixed: field -> value where a record tells none.
    :param columns: CSV: field -> name of its column.
    :param keeps_rest: CSV: columns that are no field are properties.
    :param scheme: of addresses, where a record tells only their parts.
    :param quiet: logs: patterns of paths that are no pages.
    :param details: Umami: what was told of custom events.
    """

    fixed: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    keeps_rest: bool = False
    delimiter: str | None = None
    encoding: str = "utf-8"
    scheme: str = "https"
    quiet: tuple[str, ...] = ()
    route: Route = lambda path: None
    visitor: Visitor | None = None
    details: Details | None = None

    def key(self) -> str:
        """Equal where records are read as the same events."""
        told = (sorted(self.fixed.items()), sorted(self.columns.items()), self.keeps_rest)
        rest = (
            self.delimiter,
            self.encoding,
            self.scheme,
            self.quiet,
            *[True] * bool(self.details),
        )
        return repr((*told, *rest))

    def salt(self) -> str:
        """What tells equal records of two sources apart: that they were given other values."""
        return repr(sorted(self.fixed.items())) if self.fixed else ""


#: Name -> what reads it; the second argument counts what had to be left out of events.
FORMATS: Mapping[str, Callable[[Options, dict[str, int]], Format]] = {
    "ndjson": lambda options, changed: Ndjson(options.fixed, changed),
    "csv": lambda options, changed: Csv(
        options.fixed,
        options.columns,
        options.keeps_rest,
        options.delimiter,
        options.encoding,
        changed,
    ),
    "log": lambda options, changed: AccessLog(
        options.fixed, options.scheme, options.quiet, options.route, options.visitor
    ),
    "segment": lambda options, changed: Segment(options.fixed),
    "plausible": lambda options, changed: Plausible(options.fixed, options.scheme),
    "umami": lambda options, changed: Umami(options.fixed, options.scheme, options.details),
    "matomo": lambda options, changed: Matomo(options.fixed, options.delimiter, options.encoding),
}


def guess(head: bytes, is_mapped: bool = False) -> str:
    """The format's name.

    :param head: the first bytes of the file.
    :param is_mapped: somebody says what its columns are.
    :raises Unreadable: it could be anything.
    """
    text = head.lstrip().partition(b"\n")[0].decode("utf-8", "replace").rstrip("\r")
    if text.startswith("{") or is_array(head):
        return _of_json(head)
    if looks_like(text):
        return "log"
    if any(sign in text for sign in DELIMITERS):
        return "csv" if is_mapped else _of_table(header(text)[0])
    if not text:
        raise Unreadable("it is empty")
    raise Unreadable(
        "its first line is neither JSON nor names of columns nor a line of an access log: name "
        f"its format with --format, one of {', '.join(FORMATS)}"
    )


def _of_json(head: bytes) -> str:
    if matomo.looks_like(head):
        return "matomo"
    return "segment" if segment.looks_like(head) else "ndjson"


def _of_table(names: list[str]) -> str:
    if matomo.is_table(names):
        return "matomo"
    if umami.looks_like(names):
        return "umami"
    return "plausible" if plausible.looks_like(names) else "csv"
