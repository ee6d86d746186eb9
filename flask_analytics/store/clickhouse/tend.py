"""What keeps it fast and small."""

from __future__ import annotations

from typing import Any

from .client import Client
from .erase import rewrite
from .keeping import merge_doubles

_ECHOES = """SELECT DISTINCT view FROM views
WHERE view IN (SELECT view FROM waiting) GROUP BY view HAVING min(bot) = 0"""

_SIZES = """SELECT table, sum(rows), sum(bytes_on_disk), count() FROM system.parts
WHERE active AND database = currentDatabase() GROUP BY table"""


def tend(client: Client, version: int) -> None:
    """Merge doubles, settle echoes, rewrite what was erased, drop old states of the aliases."""
    merge_doubles(client)
    _settle(client)
    rewrite(client)
    client.run("DELETE FROM stands WHERE version != {version:UInt64}", {"version": version})


def _settle(client: Client) -> None:
    """Browser's views whose server's view came later: say so on their rows."""
    if not client.rows(f"SELECT count() FROM ({_ECHOES})")[0][0]:
        return
    client.run(
        f"ALTER TABLE events UPDATE echo_now = 1, pending = 0 WHERE pending IN ({_ECHOES})"
    )
    client.run(f"DELETE FROM waiting WHERE view IN ({_ECHOES})")


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
