"""How fast the server answers, and what goes wrong: on the server and in browsers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import QuestionError
from ...metrics.latency import RouteLatency
from .cards import FAULTS
from .desk import Desk
from .events import narrowed
from .series import draw

#: Routes, messages and paths of a list.
ROUTES, MESSAGES, PATHS = 100, 15, 10

#: What routes can be sorted by, the largest first.
SORTS: dict[str, tuple[str, Callable[[RouteLatency], float]]] = {
    "requests": ("Requests", lambda route: route.count),
    "errors": ("Errors", lambda route: route.errors),
    "rate": ("Error rate", lambda route: route.error_rate),
    "p50": ("Median", lambda route: route.p50 or 0),
    "p95": ("95th percentile", lambda route: route.p95 or 0),
}

#: A browser's event of an error that nobody caught.
ERROR = "js_error"


def speed(desk: Desk) -> dict[str, Any]:
    """All that the page shows."""
    sort = desk.report.one("sort") or "requests"
    if sort not in SORTS:
        raise QuestionError("sort", f"{sort!r:.40} is no column: use {', '.join(SORTS)}")
    asked = desk.ask("latency", limit=ROUTES)
    routes = sorted(asked.answer, key=SORTS[sort][1], reverse=True)
    return {
        "routes": [(route, _filter(desk, route.route)) for route in routes],
        "slowest": max((route.p95 or 0.0 for route in routes), default=0.0),
        "sorts": [(key, title, desk.link(sort=key), key == sort) for key, (title, _) in
                  SORTS.items()],
        "csv": asked.csv, "chart": _faults(desk), "messages": _messages(desk),
        "missing": _missing(desk),
    }  # fmt: skip


def _filter(desk: Desk, route: str | None) -> str:
    return narrowed(desk, "route", route) if route else ""


def _faults(desk: Desk) -> Any:
    own = {"filter": desk.report.narrowed(*FAULTS), "bucket": desk.report.bucket}
    asked = desk.ask("volume", **own)
    if not any(point.count for point in asked.answer):
        return None
    title = f"Server errors, {desk.times.range(desk.report.range)}"
    return draw(desk, title, "Errors", asked, asked.answer, kind="bars")


def _messages(desk: Desk) -> dict[str, Any]:
    asked = desk.ask("top", event=ERROR, property="message", limit=MESSAGES)
    rows = [
        {"key": one.key, "count": one.count, "people": None,
         "link": narrowed(desk, "property.message", one.key, page="events", event=ERROR)}
        for one in asked.answer
    ]  # fmt: skip
    return {"name": "messages", "title": "JavaScript errors", "rows": rows, "csv": asked.csv,
            "tabs": [], "hint": "The browser module reports what no script caught."}  # fmt: skip


def _missing(desk: Desk) -> dict[str, Any]:
    own = {"filter": desk.report.narrowed("status=404"), "dimension": "page", "limit": PATHS}
    asked = desk.ask("breakdown", **own)
    rows = [
        {"key": one.key, "count": one.count, "people": one.people,
         "link": narrowed(desk, "path", one.key, page="overview")}
        for one in asked.answer
    ]  # fmt: skip
    return {"name": "missing", "title": "Pages not found", "rows": rows, "csv": asked.csv,
            "tabs": [], "hint": "No visitor met a 404."}  # fmt: skip
