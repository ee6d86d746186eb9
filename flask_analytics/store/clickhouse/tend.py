"""What keeps it fast and small."""

from __future__ import annotations

from typing import Any

from .client import Client
from .erase import rewrite
from .keeping import merge_doubles, slices

#: Seconds after which nobody reads an old state of the aliases any more, and nothing is on its way
#: in that was begun before.
DAY = 86400

_ECHOES = """SELECT view FROM views
WHERE view IN (SELECT view FROM waiting) GROUP BY view HAVING min(bot) = 0"""

_SIZES = """SELECT table, sum(rows), sum(bytes_on_disk), count() FROM system.parts
WHERE active AND database = currentDatabase() GROUP BY table"""


def tend(client: Client, version: int) -> None:
    """Merge doubles, settle echoes, rewrite what was erased, drop old states of the aliases."""
    merge_doubles(client)
    _settle(client)
    rewrite(client)
    client.run(
        f"DELETE FROM stands WHERE version != {{version:UInt64}} AND at < now() - {DAY}",
        {"version": version},
    )


def _settle(client: Client) -> None:
    """Browser's views whose server's view came later: say so on their rows."""
    views = [view for (view,) in client.rows(_ECHOES)]
    for some in slices(views):
        values = {"views": some}
        pending = "pending IN {views:Array(UInt128)}"
        if client.rows(f"SELECT count() FROM events WHERE {pending}", values)[0][0]:
            client.run(
                f"ALTER TABLE events UPDATE echo_now = 1, pending = 0 WHERE {pending}", values
            )
        old = f"at < now() - {DAY}"
        client.run(f"DELETE FROM waiting WHERE view IN {{views:Array(UInt128)}} AND {old}", values)


def describe(client: Client) -> dict[str, Any]:
    """Counts and sizes."""
    sizes = {table: (rows, size, parts) for table, rows, size, parts in client.rows(_SIZES)}
    first, last, events = client.rows("SELECT min(ts), max(ts), count() FROM events")[0]
    return {
        "events": events,
        "bytes": sum(size for _, size, _ in sizes.values()),
        "parts": sizes.get("events", (0, 0, 0))[2],
        "first_us": first if events else None,
        "last_us": last if events else None,
        "version": client.rows("SELECT version()")[0][0],
    }
