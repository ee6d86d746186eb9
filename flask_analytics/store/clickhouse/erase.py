"""Taking back: a person, an alias, the past."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from ...event import decode, encode
from .client import Client
from .keeping import slices
from .keys import both_keys
from .people import Known
from .schema import PARTITION

#: Days that the ids of erased events are remembered, so that none comes back by a second delivery.
REMEMBERED = 60


def erase_person(client: Client, known: Known, aliases: list[str]) -> int:
    """Erase whatever is kept of somebody. Their events are in no answer from here on."""
    values = {"keys": list(known.keys)}
    keys = "{keys:Array(UInt128)}"
    count = _erase_events(client, f"who IN {keys}", values)
    erase_aliases(client, aliases)
    client.run(f"DELETE FROM links WHERE anon IN {keys} OR first.3 IN {keys}", values)
    client.run(f"DELETE FROM traits WHERE key IN {keys}", values)
    client.run(f"DELETE FROM people WHERE key IN {keys}", values)
    for text in known.ids:
        _take_out(client, text, known.keys)
    return count


def _take_out(client: Client, text: str, keys: Collection[int]) -> None:
    """Take an id out of the events of others: the same device, an alias that mentioned it."""
    user, visitor = both_keys(text)
    if visitor in keys:
        _without_visitor(client, text, visitor)
    there = "SELECT 1 FROM people WHERE key = {key:UInt128} LIMIT 1"
    if user in keys or not client.rows(there, {"key": user}):
        _without_mention(client, text)


def _without_visitor(client: Client, text: str, key: int) -> None:
    """The first such text of a body is the event's own field: no quotes come before it but
    escaped ones."""
    member = f',"anonymous_id":{msgspec.json.encode(text).decode()}'
    values = {"member": member, "key": key}
    if client.rows("SELECT 1 FROM events WHERE anon = {key:UInt128} LIMIT 1", values):
        change = "body = replaceOne(body, {member:String}, ''), anon = 0"
        client.run(f"ALTER TABLE events UPDATE {change} WHERE anon = {{key:UInt128}}", values)


def _without_mention(client: Client, text: str) -> None:
    """Aliases are few: each is written anew."""
    sql = (
        "SELECT DISTINCT message_id, body FROM events WHERE type = 'alias' "
        "AND JSONExtractString(body, 'previous_id') = {text:String}"
    )
    for message, body in client.rows(sql, {"text": text}):
        event = decode(body.encode())
        event.previous_id = None
        change = "ALTER TABLE events UPDATE body = {body:String} WHERE message_id = {id:String}"
        client.run(change, {"body": encode(event).decode(), "id": message})


def erase_aliases(client: Client, messages: list[str]) -> None:
    """Forget that these aliases were made."""
    for some in slices(messages):
        client.run("DELETE FROM aliases WHERE message IN {ids:Array(String)}", {"ids": some})


def unalias(client: Client, previous: str, user: str) -> bool:
    """Undo the aliases of a pair, with their events."""
    pair = {"previous": previous, "user": user}
    sql = "SELECT message FROM aliases WHERE previous = {previous:String} AND user = {user:String}"
    messages = sorted({message for (message,) in client.rows(sql, pair)})
    for some in slices(messages):
        _erase_events(client, "message_id IN {ids:Array(String)}", {"ids": some})
    erase_aliases(client, messages)
    return bool(messages)


def purge(client: Client, before: int) -> int:
    """Erase events from before a time: whole partitions at once, the rest row by row."""
    condition, values = "ts < {before:Int64}", {"before": before}
    count = _remember(client, condition, values)
    sql = f"SELECT DISTINCT partition FROM system.parts WHERE {_OURS}"
    for (partition,) in client.rows(sql):
        if (int(partition) + (int(partition) >= 0)) * PARTITION <= before:
            client.run(f"ALTER TABLE events DROP PARTITION {int(partition)}")
    if count:
        client.run(f"DELETE FROM events WHERE {condition}", values)
    return count


_OURS = "active AND database = currentDatabase() AND table = 'events'"


def _erase_events(client: Client, condition: str, values: dict[str, Any]) -> int:
    """Hide events; the next merges, or ``tend``, take them off the disk."""
    count = _remember(client, condition, values)
    if count:
        client.run(f"DELETE FROM events WHERE {condition}", values)
    return count


def _remember(client: Client, condition: str, values: dict[str, Any]) -> int:
    """Count events, and keep their ids."""
    sql = f"SELECT uniqExact(message_id) FROM events WHERE {condition}"
    count = int(client.rows(sql, values)[0][0])
    if count:
        ids = f"SELECT DISTINCT message_id FROM events WHERE {condition}"
        client.run(f"INSERT INTO gone (message_id) {ids}", values)
    return count


def rewrite(client: Client) -> None:
    """Take off the disk what is only hidden, and ids that were remembered long enough."""
    for table in ("events", "aliases", "links", "traits", "people"):
        if client.rows(_HIDDEN, {"table": table})[0][0]:
            client.run(f"ALTER TABLE {table} APPLY DELETED MASK")
    old = f"at < now() - INTERVAL {REMEMBERED} DAY"
    if client.rows(f"SELECT count() FROM gone WHERE {old}")[0][0]:
        client.run(f"ALTER TABLE gone DELETE WHERE {old}")


_HIDDEN = """SELECT count() FROM system.parts WHERE active AND database = currentDatabase()
AND table = {table:String} AND has_lightweight_delete"""
