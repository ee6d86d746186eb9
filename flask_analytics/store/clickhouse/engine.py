"""The engine of one question: where its events are, as ClickHouse sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...metrics import facts
from ..sql.dialect import Query
from ..sql.engine import Columns, Folded, Passage, Property, Span
from .client import Client
from .dialect import ClickHouse
from .funnel import folded
from .keys import property_path
from .state import State

#: Columns of the logical relation that are more than a column of the table.
_ECHO = """if(pending = 0, echo_now, multiIf(
    pending IN (SELECT view FROM views WHERE view IN (SELECT view FROM waiting)
        GROUP BY view HAVING min(bot) = 0), 1,
    pending IN (SELECT view FROM views WHERE view IN (SELECT view FROM waiting)), 2, 0))"""


class ClickHouseEngine:
    """See ``sql.engine.Engine``. Lives as long as one question."""

    dialect = ClickHouse()

    def __init__(self, client: Client, state: State) -> None:
        self._client, self._state = client, state

    def rows(self, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
        """Run a statement."""
        # The driver writes a member of a StrEnum by its name.
        plain = (str(value) if isinstance(value, str) else value for value in values)
        named = {f"p{index}": value for index, value in enumerate(plain, 1)}
        return self._client.rows(sql, named)

    def relation(self, query: Query, span: Span, columns: Columns) -> str:
        """The events of a span."""
        is_grouped = "group_id" in columns.names
        people = self._state.people if is_grouped or "person" in columns.names else None
        taken = [self._column(name, people) for name in sorted(columns.names)]
        taken += [_property(each) for each in columns.properties]
        final = " FINAL" if self._state.twice else ""
        joined = f" LEFT ANY JOIN ({people}) AS known ON who = known.key" if people else ""
        if is_grouped:
            joined += f" LEFT ANY JOIN {self._groups(query)} AS own ON {_who(people)} = own.member"
        return (
            f"(SELECT {', '.join(taken) or '1'} FROM events{final}{joined} "
            f"WHERE ts >= {span[0]} AND ts < {span[1]})"
        )

    def _column(self, name: str, people: str | None) -> str:
        if name == "echo":
            return f"{_ECHO if self._state.waiting else 'echo_now'} AS echo"
        if name == "person":
            return f"nullIf({_who(people)}, 0) AS person"
        if name == "group_id":
            return "coalesce(events.group_id, own.belongs) AS group_id"
        return name

    def _groups(self, query: Query) -> str:
        """Who belongs to which group."""
        traits = self.traits(query, facts.GROUP)
        return f"(SELECT person AS member, toNullable(value) AS belongs FROM {traits})"

    def traits(self, query: Query, name: str) -> str:
        """Who has a trait now."""
        where = f"WHERE name = {query.value(name)}"
        sql = self._by_person("traits", where, "max(latest) AS newest")
        return f"(SELECT person, newest.5 AS value FROM ({sql}) WHERE newest.4 = 1)"

    def found(self, query: Query, text: str) -> str:
        """Whose ids contain a text."""
        where = f"WHERE position(id, {query.value(text)}) > 0"
        return f"(SELECT person FROM ({self._by_person(self._ids(), where, '1')}))"

    def _by_person(self, table: str, where: str, what: str) -> str:
        people = self._state.people
        if people is None:
            return f"SELECT key AS person, {what} FROM {table} {where} GROUP BY person"
        whose = "if(known.person != 0, known.person, t.key)"
        return (
            f"SELECT {whose} AS person, {what} FROM {table} AS t LEFT ANY JOIN ({people}) AS known "
            f"ON t.key = known.key {where} GROUP BY {whose}"
        )

    def _ids(self) -> str:
        """Every id, also those that only an alias names."""
        if not self._state.version:
            return "people"
        return (
            "(SELECT key, id FROM people UNION ALL SELECT key, previous FROM aliases "
            "UNION ALL SELECT other, previous FROM aliases)"
        )

    def ids(self, people: Iterable[Any]) -> Mapping[Any, str]:
        """What people are called."""
        keys = list(people)
        rows = self._client.rows(
            "SELECT key, any(id) FROM people WHERE key IN {keys:Array(UInt128)} GROUP BY key",
            {"keys": keys},
        )
        return dict(rows)

    def funnel(self, query: Query, passage: Passage) -> Folded:
        """How far people get, and how fast."""
        return folded(self, query, passage)


def _who(people: str | None) -> str:
    return "if(known.person != 0, known.person, who)" if people else "who"


def _property(each: Property) -> str:
    # Its name has letters, digits and _-~% only, whoever chose it.
    text = f"properties.`{property_path(each.name)}`.:String"
    return f"{ClickHouse().number(text) if each.numeric else text} AS {each.alias}"
