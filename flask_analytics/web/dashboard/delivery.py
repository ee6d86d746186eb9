"""The ledger of every collector, what is wrong, and the events that no destination took."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from ...collectors.address import collectors
from ...delivery import letters
from ...delivery.chosen import only
from ...delivery.diagnosis import problems
from ...delivery.stats import CollectorStats
from ...errors import QuestionError
from ...event import Event
from ...log import masked
from ...metrics.csv import CONTENT_TYPE, cell
from ...record import State
from .desk import Desk
from .figures import NONE

#: Dead letters that the page shows.
LETTERS = 50

COLUMNS = ("collector", "state", "accepted", "delivered", "rejected", "dropped", "pending")

#: What a state looks like, and what it is called.
_LOOKS = {
    "ok": ("good", "ok"),
    "retrying": ("warn", "trying again"),
    "open": ("bad", "refuses"),
    "misconfigured": ("bad", "misconfigured"),
    "stuck": ("bad", "stuck"),
    "closed": ("muted", "closed"),
}


def delivery(desk: Desk) -> dict[str, Any]:
    """All that the page shows."""
    total = desk.state.board().total()
    place = folder(desk.state)
    found = letters.newest(place, LETTERS) if place else []
    return {
        "problems": [masked(problem) for problem in problems(total)],
        "collectors": [_row(desk, *item) for item in sorted(total.stats.collectors.items())],
        "journal": total.stats.journal,
        "queued": total.stats.queued,
        "lost": sorted(total.stats.dropped.items()),
        "processes": total.sheets,
        "is_shared": total.is_shared,
        "letters": [_letter(letter) for letter in found],
        "dead": _by_collector(letters.counts(place) if place else {}),
        "replayed": desk.report.one("replayed"),
        "has_store": desk.state.store is not None,
    }


def folder(state: State) -> Path | None:
    """Where dead letters are, if they are kept."""
    census = state.board().census
    return None if census is None else census.folder


def _row(desk: Desk, name: str, stats: CollectorStats) -> dict[str, Any]:
    look, word = _LOOKS.get(stats.state, ("muted", stats.state))
    since = "" if stats.since is None else f"since {desk.times.at(stats.since)}"
    return {
        "name": name, "look": look, "state": word, "since": since,
        "reason": masked(stats.reason or ""), "stats": stats,
        "rejected": _told(desk, stats.rejected), "dropped": _told(desk, stats.dropped),
    }  # fmt: skip


def _told(desk: Desk, reasons: Mapping[str, int]) -> tuple[str, str]:
    """The sum, and what it is made of."""
    count = sum(reasons.values())
    parts = (f"{reason} {desk.figures.count(n)}" for reason, n in sorted(reasons.items()))
    return desk.figures.count(count) if count else NONE, ", ".join(parts)


def _letter(letter: letters.Letter) -> dict[str, Any]:
    try:
        event = letter.opened()
        name, id = event.name, event.message_id
    except ValueError:
        name, id = "", ""
    return {"collector": letter.collector, "reason": masked(letter.reason), "at": letter.at,
            "event": name, "id": id}  # fmt: skip


def _by_collector(counts: Mapping[tuple[str, str], int]) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for (collector, _), count in counts.items():
        found[collector] = found.get(collector, 0) + count
    return sorted(found.items())


def ledger(desk: Desk) -> Response:
    """The table as CSV."""
    import csv
    import io

    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for name, stats in sorted(desk.state.board().total().stats.collectors.items()):
        sums = (sum(stats.rejected.values()), sum(stats.dropped.values()))
        row = (name, stats.state, stats.accepted, stats.delivered, *sums, stats.pending)
        writer.writerow([cell(value) for value in row])
    response = Response(out.getvalue(), content_type=CONTENT_TYPE)
    response.headers["Content-Disposition"] = 'attachment; filename="delivery.csv"'
    return response


def replay(desk: Desk) -> AnyResponse:
    """Send a collector's dead letters to it once more: through its lane, to no other.

    :raises QuestionError: there is no such collector.
    """
    name, known = request.form.get("collector", ""), collectors(desk.state.settings.collectors)
    if name not in known:
        raise QuestionError("collector", f"{name!r:.40} is none: there are {', '.join(known)}")
    place = folder(desk.state)
    now = datetime.fromtimestamp(desk.state.pipeline.clock(), UTC)

    def give(event: Event) -> None:
        event.integrations = only(name)
        event.context = {**event.context, "replayed_at": now.isoformat()}
        desk.state.pipeline.sink.put(event)

    count = letters.take(place, name, give, desk.state.pipeline.log) if place else 0
    return redirect(desk.link("delivery", replayed=count), 303)
