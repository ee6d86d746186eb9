"""Who appears in these tests: a folder, events, and somebody who looks what is really in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask_analytics import ids
from flask_analytics.event import Event, EventType, Source, encode
from flask_analytics.store.embedded import engine, files, row
from flask_analytics.store.embedded.catalog import Catalog
from flask_analytics.store.embedded.hot import Hot
from flask_analytics.store.embedded.shelf import GRACE, Shelf

ROOT = Path(__file__).parents[3]

#: When these stories begin: 2026-06-01, in microseconds.
START = 1_780_272_000_000_000

SECOND = 1_000_000
DAY = 86_400 * SECOND

_ids = ids.Ids()


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.now = START / SECOND

    def __call__(self) -> float:
        return self.now

    def pass_grace(self) -> None:
        """Until replaced files may go."""
        self.now += GRACE + 1


class House:
    """A store's writing side, with everything at hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.catalog = Catalog(folder)
        self.hot = Hot(self.catalog, clock=self.clock)
        self.shelf = Shelf(self.catalog, self.clock)

    def append(self, *bodies: bytes) -> int:
        """See ``Hot``."""
        return self.hot.append(bodies)

    def seen(self) -> list[str]:
        """The message ids that a reader finds now, hidden people left out, in no order."""
        return look(self.catalog)

    def rows(self, columns: str) -> list[Any]:
        """Columns of all sealed rows, in order of time."""
        paths = [segment.path for segment in self.shelf.segments()]
        if not paths:
            return []
        with engine.connect() as duck:
            return duck.execute(f"SELECT {columns} FROM {files.read(paths)} ORDER BY ts").fetchall()

    def count(self, table: str) -> int:
        """Rows of a table of ``store.db``."""
        with self.catalog.read() as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def holds(self, text: str) -> list[str]:
        """The files of the folder that have these bytes anywhere, also within Parquet's pages."""
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        found = [path.name for path in paths if text.encode() in path.read_bytes()]
        return found + [path.name for path in paths if _unpacked_holds(path, text)]


def _unpacked_holds(path: Path, text: str) -> bool:
    if not path.name.endswith(".parquet"):
        return False
    with engine.connect() as duck:
        sql = f"SELECT count(*) FROM '{path}' AS row WHERE contains(CAST(row AS VARCHAR), ?)"
        return bool((duck.execute(sql, [text]).fetchone() or (0,))[0])


def look(catalog: Catalog) -> list[str]:
    """What a reader sees of one moment. A file that is missing is an error here."""
    moment = catalog.snapshot()
    hot = [
        json.loads(one.body)["message_id"]
        for one in moment.hot
        if one.who not in moment.hidden.people
    ]
    if not moment.segments:
        return hot
    source = files.read([segment.path for segment in moment.segments])
    shown = " AND ".join(moment.hidden.shown) or "true"
    sql = f"SELECT {row.LOGICAL['message_id']} FROM {source} WHERE {shown}"
    with engine.connect() as duck:
        return hot + [found for (found,) in duck.execute(sql).fetchall()]


def make(
    name: str | None = "seen", at: int = START, message_id: str | None = None, **fields: Any
) -> bytes:
    """An event as a store gets it.

    :param at: microseconds since the epoch.
    """
    moment = datetime.fromtimestamp(at // SECOND, UTC).replace(microsecond=at % SECOND)
    given: dict[str, Any] = {"type": EventType.CUSTOM, "source": Source.API, "event_name": name}
    id = message_id or _ids.write(_ids.draw(), at / SECOND)
    return encode(Event(message_id=id, timestamp=moment, **(given | fields)))


def id_of(body: bytes) -> str:
    """Its message id."""
    return str(json.loads(body)["message_id"])


def ids_of(bodies: Iterable[bytes]) -> list[str]:
    """Their message ids, sorted."""
    return sorted(map(id_of, bodies))


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A script of this folder in a process of its own."""
    path = Path(__file__).parent / f"{script}.py"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.store.embedded.{path.stem}", *map(str, arguments)],
        cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
