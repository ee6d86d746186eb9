"""The formats: which one a file is in, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .accesslog import AccessLog, Route, Visitor, looks_like
from .csv import Csv
from .format import Format
from .ndjson import Ndjson
from .refusal import Unreadable


@dataclass(frozen=True, kw_only=True)
class Options:
    """How files are read; each format takes what concerns it.

    :param fixed: field -> value where a record tells none.
    :param columns: CSV: field -> name of its column.
    :param keeps_rest: CSV: columns that are no field are properties.
    :param quiet: logs: patterns of paths that are no pages.
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

    def key(self) -> str:
        """Equal where records are read as the same events."""
        told = (sorted(self.fixed.items()), sorted(self.columns.items()), self.keeps_rest)
        return repr((*told, self.delimiter, self.encoding, self.scheme, self.quiet))

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
}


def guess(head: bytes) -> str:
    """The format's name.

    :param head: the first bytes of the file.
    :raises Unreadable: it could be anything.
    """
    first, _, _ = head.lstrip().partition(b"\n")
    text = first.decode("utf-8", "replace").rstrip("\r")
    if text.startswith("{"):
        return "ndjson"
    if looks_like(text):
        return "log"
    if any(sign in text for sign in ",;\t|"):
        return "csv"
    if not text:
        raise Unreadable("it is empty")
    raise Unreadable(
        "its first line is neither JSON nor names of columns nor a line of an access log: name "
        f"its format with --format, one of {', '.join(FORMATS)}"
    )
