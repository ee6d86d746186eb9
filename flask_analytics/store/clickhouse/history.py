"""The events as they came, by time: a day at a time, so that none of it has to fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..sql.engine import BEGINNING, END, Mark
from .client import Client

#: Events that are fetched at once.
PAGE = 5000

_DAYS = """SELECT DISTINCT intDiv(ts, 86400000000) AS day FROM events
WHERE ts >= {{start:Int64}} AND ts < {{end:Int64}}{who} ORDER BY day"""

_PAGE = """SELECT ts, message_id, body FROM events
WHERE intDiv(ts, 86400000000) = {{day:Int64}} AND ts >= {{start:Int64}} AND ts < {{end:Int64}}
AND (ts, message_id) > ({{after:Int64}}, {{message:String}}){who}
ORDER BY ts, message_id LIMIT 1 BY message_id LIMIT {page}"""


_MARKED = """SELECT body FROM events WHERE ts IN {times:Array(Int64)}
AND message_id IN {ids:Array(String)} ORDER BY ts DESC, message_id DESC LIMIT 1 BY message_id"""


def marked(client: Client, marks: Sequence[Mark]) -> list[str]:
    """Events by their marks, the newest first."""
    if not marks:
        return []
    values = {"times": sorted({mark.ts for mark in marks}), "ids": [m.message_id for m in marks]}
    return [body for (body,) in client.rows(_MARKED, values)]


def bodies(
    client: Client, span: tuple[int, int] | None = None, keys: frozenset[int] | None = None
) -> Iterator[bytes]:
    """Events of a span, of some people."""
    start, end = span or (BEGINNING, END)
    values: dict[str, Any] = {"start": start, "end": end}
    who = ""
    if keys is not None:
        who = " AND who IN {keys:Array(UInt128)}"
        values["keys"] = list(keys)
    for (day,) in client.rows(_DAYS.format(who=who), values):
        yield from _of_day(client, _PAGE.format(who=who, page=PAGE), values | {"day": day})


def _of_day(client: Client, sql: str, values: dict[str, Any]) -> Iterator[bytes]:
    after, message = values["start"] - 1, ""
    while True:
        rows = client.rows(sql, values | {"after": after, "message": message})
        yield from (body.encode() for *_, body in rows)
        if len(rows) < PAGE:
            return
        after, message, _ = rows[-1]
