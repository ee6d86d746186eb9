"""What an engine has to offer so that the questions can be asked of it.

The logical relation of events, whose columns are the same for every engine::

    message_id, ts BIGINT (UTC microseconds), name, type, action_name, source TEXT, bot (0 or 1),
    echo TINYINT (0 none, 1 of a view that is no bot, 2 of a bot's view),
    person (NULL: nobody; any type that compares and groups), route, path, method TEXT,
    status INT, duration DOUBLE (seconds), hostname, locale, referrer, origin, medium, campaign,
    browser, os, device, country, group_id TEXT, amount DECIMAL(38, 18), currency TEXT,
    engaged DOUBLE

What is unknown or empty is NULL. ``message_id``, ``ts``, ``name``, ``type``, ``source``, ``bot``
and ``echo`` never are; ``amount`` and ``currency`` are known both or neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol, runtime_checkable

from ...metrics.funnel import Progress
from .dialect import Dialect, Query

#: From, and up to but not including, in UTC microseconds.
Span = tuple[int, int]

#: The start of a span that begins with history: the year 1.
BEGINNING = -62_135_596_800_000_000

#: The end of time: the year 10000.
END = 253_402_300_800_000_000

#: What the relation of hours has beside ``hour`` and ``n``.
HOUR_COLUMNS = frozenset({"name", "type", "source", "bot", "echo"})


class Mark(NamedTuple):
    """What tells an event from all others."""

    #: UTC microseconds.
    ts: int
    message_id: str


class Property(NamedTuple):
    """A property that a question reads: as a column called ``alias``."""

    name: str
    #: A plain identifier of ours: ``p0``, ``p1``.
    alias: str
    #: False: TEXT, what ``facts.text`` makes of the value. True: DOUBLE, what ``filters.number``
    #: makes of that text.
    numeric: bool = False


class Columns(NamedTuple):
    """All that one scan reads. There may be nothing at all (``count(*)``)."""

    names: frozenset[str]
    properties: tuple[Property, ...] = ()


class Passage(NamedTuple):
    """A funnel, ready to be folded.

    :param sql: a SELECT of ``person`` (never NULL), ``ts`` and ``steps``: each counted event in
        the range that serves for any step, bit k of ``steps`` (1 << k) set where it serves for
        step k. In no order. An event that serves for several may be used for one of them only.
    :param length: how many steps.
    :param window: microseconds that t(ek) - t(e0) may be at most, None for no limit.
    :param groups: a SELECT of ``person`` and ``key`` (text, never NULL), each person once at
        most: whose group. None: no breakdown. Both share one query, and DuckDB wants each value of
        a query to be used: join them in one statement.
    """

    sql: str
    length: int
    window: int | None
    groups: str | None = None


class Folded(NamedTuple):
    """How far people got: everybody, and those of each group who got to the first step."""

    overall: Progress
    groups: Mapping[str, Progress]


class Engine(Protocol):
    """Runs SQL, and knows where the events are."""

    @property
    def dialect(self) -> Dialect:
        """How it writes SQL."""

    def rows(self, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
        """Run a statement. ``values[0]`` is for the placeholder of index 1, and so on.

        Integers come as ``int``, text as ``str``, doubles as ``float``, NULL as None.

        :raises StoreError: it took too long, or the engine is gone."""

    def relation(self, query: Query, span: Span, columns: Columns) -> str:
        """What goes after FROM: each event with ``span[0] <= ts < span[1]`` once, no other, and
        none of a person who was forgotten, with at least the columns asked for (more do no harm).

        The bounds are the engine's work: it need not read ``ts`` where it knows that all events
        of a file lie inside, and questions do not add them again. Values go through ``query``.

        ``(SELECT name, "s:plan" AS p0 FROM read_parquet(...) WHERE ts >= 5 AND ts < 9)``;
        ``(SELECT name, ... AS p0 FROM events FINAL WHERE ts >= 5 AND ts < 9)``."""

    def traits(self, query: Query, name: str) -> str:
        """What goes after FROM: columns ``person`` (as in the relation) and ``value``
        (``facts.text`` of the latest), one row for each person who has the trait now."""

    def found(self, query: Query, text: str) -> str:
        """What goes after FROM: the column ``person``, of those with any id that contains the
        text (same capitals)."""

    def ids(self, people: Iterable[Any]) -> Mapping[Any, str]:
        """The ids that stand for people of the relation."""


@runtime_checkable
class Hours(Protocol):
    """An engine that also keeps counts by the hour."""

    def hours(self, query: Query, first: int, last: int) -> str | None:
        """What goes after FROM: columns ``hour`` (whole hours since 1970-01-01 UTC), ``name``,
        ``type``, ``source``, ``bot``, ``echo`` and ``n`` (events), one or more rows for each
        combination, for hours ``first <= hour < last``; all together each event of these hours
        once, as ``Engine.relation`` has them. None: not for these hours, please scan."""


@runtime_checkable
class Sieve(Protocol):
    """An engine that knows which events count without their type, ``bot`` and ``echo``."""

    def counted(self, query: Query, span: Span, columns: Columns, quiet: bool) -> str:
        """As ``Engine.relation``, without what ``counting.counting`` leaves out.

        :param quiet: events of quiet types are there."""


@runtime_checkable
class Numbered(Protocol):
    """An engine whose people are small whole numbers: it counts them without grouping by them."""

    def people(self, condition: str) -> str | None:
        """SQL of an aggregate: how many distinct people the rows are of, 0 of none. ``person`` is
        never NULL. None: there are too many people, please group.

        :param condition: of the rows that it looks at; empty: at all."""


@runtime_checkable
class Funnels(Protocol):
    """An engine that folds funnels its own way."""

    def funnel(self, query: Query, passage: Passage) -> Folded:
        """How far people get, and how fast: see ``Passage``, and ``metrics.chain`` for the rule.
        Without ``passage.groups`` there are no groups."""
