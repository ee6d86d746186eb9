"""Events as rows: a column for each field, property and trait.

Which columns there are is only known when the last event was seen, so rows wait in a file on the
disk until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import msgspec

from ...metrics.rows import event_columns

#: Properties and traits that get a column; those that come later share the column of their group.
MAX_COLUMNS = 500

#: Fields that are a column for each of their keys.
SPREAD = ("properties", "traits")

#: Fields before these; the rest after them.
PLAIN = tuple(
    name for name in event_columns()
    if name not in (*SPREAD, "revenue", "context", "integrations", "consent")
)  # fmt: skip
MONEY = ("revenue.amount", "revenue.currency")
LAST = (*SPREAD, "context", "integrations", "consent")

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


class Spool:
    """Rows on their way.

    :param file: where they wait; the caller's to delete.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        #: Column -> kinds of its values: ``text``, ``number``, ``bool``.
        self.kinds: dict[str, set[str]] = {}
        #: Spelling without capitals -> column: engines do not tell them apart.
        self._spellings: dict[str, str] = {}
        self._seen: set[str] = set()

    def fill(self, bodies: Iterable[bytes]) -> None:
        """Take events in."""
        for body in bodies:
            row = self._row(_decode(body))
            self._seen.update(row)
            self._file.write(_encode(row) + b"\n")
        self._file.flush()

    def columns(self) -> list[str]:
        """All that any row has, in their order; always the name, the time and who."""
        always = {"message_id", "type", "event_name", "timestamp", "user_id", "anonymous_id"}
        known = [name for name in (*PLAIN, *MONEY) if name in self._seen or name in always]
        spread = sorted(name for name in self.kinds if name in self._seen)
        return [*known, *spread, *(name for name in LAST if name in self._seen)]

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows, from the first."""
        self._file.seek(0)
        for line in self._file:
            yield _decode(line)

    def _row(self, event: dict[str, Any]) -> dict[str, Any]:
        row = {name: event[name] for name in PLAIN if name in event}
        if money := event.get("revenue"):
            row["revenue.amount"], row["revenue.currency"] = money["amount"], money["currency"]
        for group in SPREAD:
            rest = {}
            for name, value in event.get(group, {}).items():
                if not self._spread(row, f"{group}.{name}", value):
                    rest[name] = value
            if rest:
                row[group] = text(rest)
        for name in ("context", "integrations", "consent"):
            if value := event.get(name):
                row[name] = text(value)
        return row

    def _spread(self, row: dict[str, Any], column: str, value: Any) -> bool:
        """Whether the value got a column of its own."""
        kind = _KINDS.get(type(value))
        if kind is None or self._spellings.setdefault(column.lower(), column) != column:
            return False
        kinds = self.kinds.get(column)
        if kinds is None:
            if len(self.kinds) >= MAX_COLUMNS:
                return False
            kinds = self.kinds[column] = set()
        kinds.add(kind)
        row[column] = value
        return True


_KINDS: dict[type, str] = {str: "text", int: "number", float: "number", bool: "bool"}


def text(value: Any) -> str:
    """A list or an object as JSON."""
    return _encode(value).decode()
