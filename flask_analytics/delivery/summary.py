"""The sum over all processes as plain data: what the health route and the command line print."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from .census import Total
from .diagnosis import problems
from .sheet import Sheet


def describe(total: Total) -> dict[str, Any]:
    """The sum as plain data."""
    found = problems(total)
    return {
        "status": "degraded" if found else "ok",
        "problems": found,
        "scope": "all processes" if total.is_shared else "this process",
        "processes": len(total.sheets),
        **_dated(msgspec.to_builtins(total.stats)),
        "orphans": {"journals": total.orphans, "bytes": total.orphan_bytes},
        "each": [_row(sheet) for sheet in total.sheets],
    }


def _row(sheet: Sheet) -> dict[str, Any]:
    """One process: what tells it apart, and how its lanes are."""
    stats = sheet.stats
    return {
        "pid": sheet.pid,
        "started": _iso(sheet.started),
        "changed": _iso(sheet.at),
        "queued": stats.queued,
        "journal": stats.journal.state,
        "collectors": {
            name: {
                "accepted": lane.accepted,
                "delivered": lane.delivered,
                "rejected": sum(lane.rejected.values()),
                "dropped": sum(lane.dropped.values()),
                "pending": lane.pending,
                "state": lane.state,
            }
            for name, lane in stats.collectors.items()
        },
    }


def _dated(stats: dict[str, Any]) -> dict[str, Any]:
    for lane in stats["collectors"].values():
        lane["since"] = None if lane["since"] is None else _iso(lane["since"])
    return stats


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
