"""Numbered changes of the tables, each made once, in order."""

from __future__ import annotations

from ...errors import StoreError
from .client import Client
from .schema import ACTION, TABLES, TOLD_AT

#: Number -> statements. Each may run again: two processes may start at the same moment, and one
#: may be killed half way. Never change one that was released; add the next.
MIGRATIONS: dict[int, tuple[str, ...]] = {
    1: TABLES,
    2: (ACTION, "ALTER TABLE events MATERIALIZE COLUMN action_name"),
    3: TOLD_AT,
}

_TABLE = """CREATE TABLE IF NOT EXISTS migrations (number UInt32, at DateTime DEFAULT now())
ENGINE = ReplacingMergeTree ORDER BY number"""


def migrate(client: Client) -> int:
    """Bring the database up to date. Returns its number.

    :raises StoreError: a newer version of this package has changed the tables.
    """
    client.run(_TABLE)
    done = {number for (number,) in client.rows("SELECT number FROM migrations")}
    newest = max(MIGRATIONS)
    if done and max(done) > newest:
        raise StoreError(
            f"{client.address.masked} has tables of version {max(done)}, this version of "
            f"flask_analytics knows {newest}: upgrade the package, or name a database of its own"
        )
    for number in sorted(MIGRATIONS.keys() - done):
        for statement in MIGRATIONS[number]:
            client.run(statement)
        client.insert("migrations", [{"number": number}])
    return newest
