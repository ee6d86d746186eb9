"""A scan: the events of a span, the columns that are read of them, the conditions they pass."""

from __future__ import annotations

from .counting import counting, needed
from .dialect import Query
from .engine import HOUR_COLUMNS, Columns, Engine, Hours, Property, Sieve, Span

#: Microseconds.
HOUR = 3600 * 10**6


class Scan:
    """Collects what one pass over the events needs, and writes it.

    Whoever writes SQL over a column asks for it by ``column``, ``text`` or ``number``: an engine
    reads no others.
    """

    def __init__(self, engine: Engine, query: Query, span: Span) -> None:
        self.engine, self.query, self.span = engine, query, span
        self.dialect = engine.dialect
        self._names: set[str] = set()
        self._properties: dict[tuple[str, bool], Property] = {}
        self._conditions: list[str] = []
        self._quiet: bool | None = None

    def column(self, name: str) -> str:
        """A column of the logical relation."""
        self._names.add(name)
        return name

    def text(self, name: str) -> str:
        """The text of a property (``facts.text``)."""
        return self._property(name, numeric=False)

    def number(self, name: str) -> str:
        """The number that a property's text reads as."""
        return self._property(name, numeric=True)

    def _property(self, name: str, *, numeric: bool) -> str:
        alias = f"p{len(self._properties)}"
        found = self._properties.setdefault((name, numeric), Property(name, alias, numeric))
        return found.alias

    def where(self, *conditions: str) -> None:
        """All of these have to hold too."""
        self._conditions += conditions

    def counted(self, quiet: bool) -> None:
        """Only events that count, see ``counting``."""
        self._quiet = quiet

    def select(self, what: str, tail: str = "") -> str:
        """``SELECT what`` from the events, with what comes after WHERE. Write it last: it reads
        the columns that were asked for until now."""
        if self._quiet is None or not isinstance(self.engine, Sieve):
            relation = self.engine.relation(self.query, self.span, self._columns())
            return f"SELECT {what} FROM {relation}{self._where()} {tail}"
        relation = self.engine.counted(self.query, self.span, self._asked(), self._quiet)
        return f"SELECT {what} FROM {relation}{_where(self._conditions)} {tail}"

    def _asked(self) -> Columns:
        return Columns(frozenset(self._names), tuple(self._properties.values()))

    def _columns(self) -> Columns:
        """Those asked for, and those that tell which events count."""
        asked = self._asked()
        extra = frozenset[str]() if self._quiet is None else needed(self._quiet)
        return asked._replace(names=asked.names | extra)

    def _where(self) -> str:
        usual = () if self._quiet is None else counting(self._quiet)
        return _where([*usual, *self._conditions])

    def tally(self, key: str, hour_key: str | None = None) -> str:
        """A SELECT of ``k`` and ``n``: counts of events by ``key``, from the engine's hours where
        it has any and they know enough.

        :param hour_key: ``key`` written over the relation of hours; None: there is no such."""
        whole = self._whole_hours() if hour_key else None
        if whole is None or not isinstance(self.engine, Hours):
            return self.select(f"{key} AS k, count(*) AS n", "GROUP BY k")
        hours = self.engine.hours(self.query, *whole)
        if hours is None:
            return self.select(f"{key} AS k, count(*) AS n", "GROUP BY k")
        parts = [f"SELECT {hour_key} AS k, sum(n) AS c FROM {hours}{self._where()} GROUP BY k"]
        for edge in _edges(self.span, whole):
            parts.append(self._over(edge).select(f"{key} AS k, count(*) AS c", "GROUP BY k"))
        return f"SELECT k, sum(c) AS n FROM ({' UNION ALL '.join(parts)}) GROUP BY k"

    def _whole_hours(self) -> tuple[int, int] | None:
        if self._properties or not self._names - {"ts"} <= HOUR_COLUMNS:
            return None
        first, last = -(-self.span[0] // HOUR), self.span[1] // HOUR
        return (first, last) if first < last else None

    def _over(self, span: Span) -> Scan:
        other = Scan(self.engine, self.query, span)
        other._names, other._conditions = self._names, self._conditions
        other._quiet = self._quiet
        return other


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _edges(span: Span, hours: tuple[int, int]) -> list[Span]:
    before, after = (span[0], hours[0] * HOUR), (hours[1] * HOUR, span[1])
    return [edge for edge in (before, after) if edge[0] < edge[1]]
