"""A history as a shop has it: the same events for every engine, from one seed.

People come, stay for about 12 days and do a few things a day; names, paths and prices are as
uneven as in life. Message ids are those that ``flask_analytics.ids`` makes in four processes.
What is not random is a number here (a name is ``event_017``, a person ``user-00000042``), so that
ten million events fit into memory; ``TEXTS`` puts them into words, in SQL.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from times import DAY, DAYS, FIRST

NAMES = 200
PROCESSES = 4

PLANS = ("free", "pro", "team")
COUNTRIES = 60

_BROWSERS = tuple(
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version}.0.0.0 {kind}"
    for system in ("Windows NT 10.0; Win64; x64", "X11; Linux x86_64", "Linux; Android 10; K")
    for version in range(118, 130)
    for kind in ("Safari/537.36", "Mobile Safari/537.36")
)

#: The last is a bot.
AGENTS = (*_BROWSERS, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")

#: The middle of the ids of each process: version, variant and the 42 random bits.
PREFIXES = ("-7a1b-8c2d-3e4f", "-7b2c-9d3e-4f50", "-7c3d-ae4f-5061", "-7d4e-bf50-6172")

#: SQL that makes the text of a number.
TEXTS = {
    "name": "printf('event_%03d', name)",
    "user": "printf('user-%08d', person)",
    "route": "'/shop/' || route || '/<id>'",
    "country": "chr(65 + country % 26) || chr(65 + country // 26)",
    "plan": f"list_value{PLANS}[plan + 1]",
    "path": "'/p/' || path",
    "browser": "'browser-' || browser",
    "referral": "'partner-' || referral",
    "channel": "CASE channel WHEN 0 THEN 'server' ELSE 'browser' END",
}


@dataclass(frozen=True)
class History:
    """Columns of equal length, in the order of time."""

    columns: dict[str, np.ndarray[Any, Any]]

    def __len__(self) -> int:
        return len(self.columns["ts"])

    def event(self, i: int) -> dict[str, Any]:
        """One event as plain data under its wire names."""
        row = {name: values[i].item() for name, values in self.columns.items()}
        return {
            "message_id": message_id(row["ts"], row["process"], row["counter"]),
            "type": "custom",
            "event_name": f"event_{row['name']:03d}",
            "timestamp": datetime.fromtimestamp(row["ts"] // 10**6, UTC)
            .replace(microsecond=row["ts"] % 10**6)
            .isoformat()
            .replace("+00:00", "Z"),
            "source": ("server", "browser")[row["channel"]],
            "user_id": f"user-{row['person']:08d}",
            "matched_pattern": f"/shop/{row['route']}/<id>",
            "status_code": 200,
            "duration_ms": row["duration"],
            "user_agent": AGENTS[row["agent"]],
            "properties": {
                "path": f"/p/{row['path']}",
                "plan": PLANS[row["plan"]],
                "browser": f"browser-{row['browser']}",
                "referral": f"partner-{row['referral']}",
                "price": row["price"],
            },
            "context": {"country": chr(65 + row["country"] % 26) + chr(65 + row["country"] // 26)},
        }


def message_id(ts: int, process: int, counter: int) -> str:
    """As ``flask_analytics.ids.write`` makes it."""
    ms = ts // 1000
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}{PREFIXES[process]}{counter:08x}"


def make(count: int, people: int | None = None) -> History:
    """The history of so many events; the same for the same numbers."""
    people = people or max(count * 3 // 100, 1)
    rng = np.random.default_rng(7)
    columns = _times(rng, count, people) | _choices(rng, count)
    order = np.argsort(columns["ts"], kind="stable")
    columns = {name: values[order] for name, values in columns.items()}
    columns["counter"] = _counters(columns["process"])
    return History(columns)


def _times(rng: np.random.Generator, count: int, people: int) -> dict[str, np.ndarray[Any, Any]]:
    person = (people * rng.random(count) ** 1.7).astype(np.int32)
    came = rng.integers(0, DAYS, people)[person]
    day = came + np.floor(rng.exponential(12, count)).astype(np.int64)
    beyond = day >= DAYS
    day[beyond] = came[beyond] + (rng.random(beyond.sum()) * (DAYS - came[beyond])).astype(int)
    return {"person": person, "ts": FIRST + day * DAY + (rng.beta(3, 2, count) * DAY).astype(int)}


def _choices(rng: np.random.Generator, count: int) -> dict[str, np.ndarray[Any, Any]]:
    few = {"name": (NAMES, 1.0), "path": (1000, 1.1), "referral": (50, 1.2), "browser": (6, 1.0),
           "plan": (3, 0.8), "country": (COUNTRIES, 1.1), "route": (40, 1.0),
           "agent": (len(AGENTS), 0.7)}  # fmt: skip
    found: dict[str, np.ndarray[Any, Any]] = {
        name: _uneven(rng, kinds, slope, count) for name, (kinds, slope) in few.items()
    }
    found["process"] = rng.integers(0, PROCESSES, count, dtype=np.int8)
    found["channel"] = (rng.random(count) < 0.3).astype(np.int8)
    found["price"] = np.round(rng.gamma(2, 20, count), 2)
    found["duration"] = np.round(rng.gamma(2, 30, count), 3)
    return found


def _uneven(rng: np.random.Generator, kinds: int, slope: float, count: int) -> Any:
    """Zipf's law: the first kind is the most frequent."""
    shares = np.cumsum(1 / np.arange(1, kinds + 1) ** slope)
    return np.searchsorted(shares / shares[-1], rng.random(count)).astype(np.int16)


def _counters(process: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    counter = np.empty(len(process), np.int64)
    for one in range(PROCESSES):
        mine = process == one
        counter[mine] = np.arange(1, mine.sum() + 1)
    return counter


def store(history: History, path: Path) -> None:
    """Write the numbers to a Parquet file that every engine is built from."""
    import duckdb

    with duckdb.connect() as connection:
        columns = history.columns
        connection.register("history", columns)
        connection.execute(f"COPY (FROM history) TO '{path}' (FORMAT parquet)")


assert message_id(FIRST, 0, 1) == str(uuid.UUID(message_id(FIRST, 0, 1)))
