"""The simplest engine there is: the logical relation as one table of a real DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import duckdb

from flask_analytics.metrics import facts
from flask_analytics.metrics.chain import times
from flask_analytics.metrics.filters import FIELDS, number
from flask_analytics.metrics.funnel import progress
from flask_analytics.store.sql.dialect import Query
from flask_analytics.store.sql.duckdb import DuckDB
from flask_analytics.store.sql.engine import Columns, Folded, Passage, Property, Span

COLUMNS = {
    "message_id": "VARCHAR",
    "ts": "BIGINT",
    "name": "VARCHAR",
    "type": "VARCHAR",
    "source": "VARCHAR",
    "bot": "BOOLEAN",
    "echo": "TINYINT",
    "person": "VARCHAR",
    "status": "INTEGER",
    "duration": "DOUBLE",
    "amount": "DECIMAL(38, 18)",
    "engaged": "DOUBLE",
    "group_id": "VARCHAR",
    "currency": "VARCHAR",
    "action_name": "VARCHAR",
} | {
    field: "VARCHAR"
    for field in FIELDS
    if field not in ("event", "action", "source", "status", "group")
}

#: Microseconds.
HOUR = 3600 * 10**6

#: What an event is unless its story says else.
USUAL = {"type": "custom", "source": "server", "bot": False, "echo": 0, "person": "ann"}


class PlainEngine:
    """Events, traits and ids as they are given. Remembers which columns it was asked for."""

    dialect = DuckDB()

    def __init__(
        self,
        events: Iterable[Mapping[str, Any]] = (),
        traits: Mapping[str, Mapping[str, Any]] | None = None,
        ids: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.connection = duckdb.connect()
        self.asked: list[Columns] = []
        self._traits = traits or {}
        self._ids = ids or {}
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        self.connection.execute(f"CREATE TABLE events (row INTEGER, {columns})")
        kept = [_whole(n, event) for n, event in enumerate(events)]
        self._properties = [event.get("properties", {}) for event in kept]
        self._keep(kept)

    def _keep(self, events: list[dict[str, Any]]) -> None:
        lists, values = [], []
        for name, kind in {"row": "INTEGER", **COLUMNS}.items():
            found = [event.get(name) for event in events]
            # A list of Decimals would take the scale of its first one.
            values.append([str(it) if isinstance(it, Decimal) else it for it in found])
            lists.append(f"unnest(${len(values)}::{kind}[])")
        self.connection.execute(f"INSERT INTO events SELECT {', '.join(lists)}", values)

    def rows(self, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, values).fetchall()

    def relation(self, query: Query, span: Span, columns: Columns) -> str:
        self.asked.append(columns)
        names = ["row", *sorted(columns.names)]
        source = f"SELECT {', '.join(names)} FROM events WHERE ts >= {span[0]} AND ts < {span[1]}"
        for each in columns.properties:
            source = f"SELECT * FROM ({source}) LEFT JOIN {self._property(query, each)} USING (row)"
        return f"({source})"

    def _property(self, query: Query, asked: Property) -> str:
        texts = [facts.text(properties.get(asked.name)) for properties in self._properties]
        values = [number(text or "") for text in texts] if asked.numeric else texts
        kind = "DOUBLE" if asked.numeric else "VARCHAR"
        numbers = query.value(list(range(len(values))))
        return (
            f"(SELECT unnest({numbers}::INTEGER[]) AS row, "
            f"unnest({query.value(values)}::{kind}[]) AS {asked.alias})"
        )

    def traits(self, query: Query, name: str) -> str:
        found = {who: facts.text(told.get(name)) for who, told in self._traits.items()}
        known = {who: value for who, value in found.items() if value is not None}
        return (
            f"(SELECT unnest({query.value(list(known))}::VARCHAR[]) AS person, "
            f"unnest({query.value(list(known.values()))}::VARCHAR[]) AS value)"
        )

    def found(self, query: Query, text: str) -> str:
        people = [who for who, ids in self._ids.items() if any(text in each for each in ids)]
        return f"(SELECT unnest({query.value(people)}::VARCHAR[]) AS person)"

    def ids(self, people: Iterable[Any]) -> Mapping[Any, str]:
        return {who: self._ids.get(who, (who,))[0] for who in people}

    def close(self) -> None:
        self.connection.close()


def _whole(number: int, event: Mapping[str, Any]) -> dict[str, Any]:
    given = {"row": number, "message_id": f"m{number:04}", "name": event.get("type", "custom")}
    return USUAL | given | dict(event)


class FunnelEngine(PlainEngine):
    """Also folds funnels, by the exact law in Python."""

    def funnel(self, query: Query, passage: Passage) -> Folded:
        people: dict[str, list[tuple[int, set[int]]]] = {}
        whose: dict[str, str | None] = {}
        for person, ts, steps, key in self.rows(_joined(passage), query.values):
            bits = {bit for bit in range(passage.length) if steps >> bit & 1}
            people.setdefault(person, []).append((ts, bits))
            whose[person] = key
        groups: dict[str, list[tuple[int, ...]]] = {}
        everybody = []
        for person, touches in people.items():
            if attempt := times(touches, passage.length, passage.window):
                everybody.append(attempt)
                if (key := whose[person]) is not None:
                    groups.setdefault(key, []).append(attempt)
        length = passage.length
        return Folded(
            progress(everybody, length),
            {key: progress(of, length) for key, of in groups.items()},
        )


def _joined(passage: Passage) -> str:
    if passage.groups is None:
        return f"SELECT person, ts, steps, NULL FROM ({passage.sql}) ORDER BY ts"
    return (
        f"SELECT e.person, ts, steps, key FROM ({passage.sql}) AS e "
        f"LEFT JOIN ({passage.groups}) AS g ON e.person = g.person ORDER BY ts"
    )


class HourEngine(PlainEngine):
    """Also keeps counts by the hour."""

    def hours(self, query: Query, first: int, last: int) -> str | None:
        return (
            "(SELECT ts // 3600000000 AS hour, name, type, source, bot, echo, count(*) AS n "
            f"FROM events WHERE ts >= {first * HOUR} AND ts < {last * HOUR} GROUP BY ALL)"
        )
