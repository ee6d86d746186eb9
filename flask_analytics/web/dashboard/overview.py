"""The first page: how it goes, compared with the period before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ...errors import QuestionError
from ...metrics.active import ActiveUsers
from ...metrics.filters import Scope
from ...metrics.volume import Point
from ...metrics.window import Bucket, Range
from .desk import Asked, Desk
from .events import narrowed
from .figures import NONE
from .series import Drawn, draw

#: Rows of a list.
ROWS = 9

#: Minutes that count as now.
NOW = 5

#: Local days that a point of the visitors' series looks back, so that it is those of its bucket.
_ROLLING = {Bucket.HOUR: 1, Bucket.DAY: 1, Bucket.WEEK: 7, Bucket.MONTH: 30}

#: Actions, also those that ``set_event_name`` gave a name of their own.
ACTION = "action~"

#: Statuses that are the server's fault.
FAULTS = ("source=server", "status>499")

#: Lists: their word in the URL -> title and what they can show, as (dimension, its title).
LISTS = {
    "pages": ("Pages", (("route", "Routes"), ("page", "Paths"))),
    "sources": (
        "Sources",
        (("origin", "Sources"), ("referrer", "Referrers"), ("campaign", "Campaigns"),
         ("medium", "Media")),
    ),
    "devices": (
        "Devices",
        (("device", "Devices"), ("browser", "Browsers"), ("os", "Systems")),
    ),
    "places": ("Places", (("country", "Countries"), ("locale", "Languages"))),
}  # fmt: skip

#: A dimension -> the filter field of the same thing, where it has another name.
FIELD = {"page": "path"}


#: What each figure counts.
HELP = {
    "visitors": "People with any event in the range, each once.",
    "pageviews": "Pages that were shown; one that server and browser both saw counts once.",
    "actions": "Requests that change something (POST, PUT, PATCH, DELETE), also those that "
    "set_event_name gave a name of their own.",
    "revenue": "The exact sum, refunds taken off; currencies are never added up.",
    "engaged": "How long somebody was looking, for each visit; told by the browser module.",
    "errors": "The share of the server's answers with a status of 500 or more.",
}


@dataclass(frozen=True)
class Card:
    """One figure."""

    name: str
    title: str
    value: str
    change: str = ""
    #: ``good``, ``bad`` or nothing.
    mood: str = ""
    points: Sequence[Point] = ()
    before: Sequence[Point] | None = None
    asked: Asked | None = None
    #: What the series counts, where that differs from the title.
    series: str = ""
    unit: str = ""

    @property
    def help(self) -> str:
        """What it counts, in a sentence."""
        return HELP[self.name]


@dataclass(frozen=True)
class Row:
    """One row of a list."""

    key: str
    count: int
    people: int | None
    link: str


@dataclass(frozen=True)
class Listing:
    """A list with its tabs."""

    name: str
    title: str
    tabs: list[tuple[str, str, bool]]
    rows: list[Row]
    csv: str
    #: What to do where it is empty.
    hint: str = ""


def overview(desk: Desk) -> dict[str, Any]:
    """All that the page shows."""
    cards = [build(desk) for build in _CARDS]
    shown = _shown(desk, cards)
    return {
        "cards": cards,
        "shown": shown,
        "chart": _chart(desk, shown),
        "lists": [*(_list(desk, name) for name in LISTS), _events(desk)],
        "live": _live(desk),
        "is_empty": cards[1].value == "0" and cards[0].value == "0",
    }


def _shown(desk: Desk, cards: Sequence[Card]) -> Card:
    """The card of which the chart is; another one where it has no series, as errors of browsers."""
    wanted = desk.report.one("show") or cards[0].name
    found = {card.name: card for card in cards}
    if wanted not in found:
        raise QuestionError("show", f"{wanted!r:.40} is no figure: use {', '.join(found)}")
    return found[wanted] if found[wanted].points else cards[0]


def _chart(desk: Desk, card: Card) -> Drawn:
    assert card.asked is not None
    title = f"{card.title}, {desk.times.range(desk.report.range)}"
    return draw(desk, title, card.series or card.title, card.asked, card.points, card.before)


def _visitors(desk: Desk) -> Card:
    bucket = desk.report.bucket
    own = {"interval": bucket, "rolling": _ROLLING[bucket]}
    asked = desk.ask("active", **own)
    before = desk.before("active", **own)
    card = _card(desk, "visitors", "Visitors", asked.answer.people, before and before.people)
    return _with(card, asked, asked.answer.series, before and before.series,
                 "Visitors in 24 hours" if bucket is Bucket.HOUR else "")  # fmt: skip


def _views(desk: Desk) -> Card:
    return _volume(desk, "pageviews", "Page views", event="pageview")


def _actions(desk: Desk) -> Card:
    return _volume(desk, "actions", "Actions", filter=desk.report.narrowed(ACTION))


def _volume(desk: Desk, name: str, title: str, **own: Any) -> Card:
    own = {"bucket": desk.report.bucket, **own}
    asked = desk.ask("volume", **own)
    before = desk.before("volume", **own)
    card = _card(desk, name, title, _total(asked.answer), None if before is None else
                 _total(before))  # fmt: skip
    return _with(card, asked, asked.answer, before)


def _revenue(desk: Desk) -> Card:
    """Of the currency with the most events: sums of several are never added."""
    sums = desk.ask("revenue").answer
    if not sums:
        return Card("revenue", "Revenue", NONE)
    first = max(sums, key=lambda one: one.count)
    earlier = {one.currency: one.amount for one in desk.before("revenue") or ()}
    was = earlier.get(first.currency)
    card = _card(
        desk, "revenue", "Revenue", float(first.amount), None if was is None else float(was)
    )
    title = "Revenue" if len(sums) == 1 else f"Revenue, 1 of {len(sums)} currencies"
    value = desk.figures.amount(first.amount)
    return Card("revenue", title, value, card.change, card.mood, unit=first.currency)


def _engaged(desk: Desk) -> Card:
    """Seconds of a visit that somebody was looking."""
    now, before = desk.ask("visits").answer, desk.before("visits")
    value = _per_visit(now)
    if value is None:
        return Card("engaged", "Engaged per visit", NONE)
    was = before and _per_visit(before)
    return _card(desk, "engaged", "Engaged per visit", value, was, desk.figures.span)


def _per_visit(answer: Any) -> float | None:
    return None if answer.engaged is None or not answer.visits else answer.engaged / answer.visits


def _errors(desk: Desk) -> Card:
    now, before = desk.ask("latency", limit=1000).answer, desk.before("latency", limit=1000)
    rate = _rate(now)
    if rate is None:
        return Card("errors", "Error rate", NONE)
    was = None if before is None else _rate(before)
    card = _card(desk, "errors", "Error rate", rate, was, desk.figures.percent, is_bad=True)
    own = {"filter": desk.report.narrowed(*FAULTS), "bucket": desk.report.bucket}
    asked = desk.ask("volume", **own)
    return _with(card, asked, asked.answer, desk.before("volume", **own), "Errors")


def _rate(routes: Sequence[Any]) -> float | None:
    count = sum(route.count for route in routes)
    return sum(route.errors for route in routes) / count if count else None


_CARDS: tuple[Callable[[Desk], Card], ...] = (
    _visitors, _views, _actions, _revenue, _engaged, _errors
)  # fmt: skip


def _card(
    desk: Desk,
    name: str,
    title: str,
    value: float,
    before: float | None,
    write: Callable[[float], str] | None = None,
    is_bad: bool = False,
) -> Card:
    told = (write or desk.figures.short)(value)
    if before is None:
        return Card(name, title, told)
    moods = ("bad", "good") if is_bad else ("good", "bad")
    mood = "" if value == before or not before else moods[value < before]
    return Card(name, title, told, desk.figures.change(value, before), mood)


def _with(card: Card, asked: Asked, points: Any, before: Any = None, series: str = "") -> Card:
    return Card(
        card.name, card.title, card.value, card.change, card.mood, points, before, asked, series
    )


def _total(points: Sequence[Point]) -> int:
    return sum(point.count for point in points)


def _list(desk: Desk, name: str) -> Listing:
    title, choices = LISTS[name]
    chosen = desk.report.one(name) or choices[0][0]
    if chosen not in dict(choices):
        raise QuestionError(name, f"{chosen!r:.40} is none: use {', '.join(dict(choices))}")
    asked = desk.ask("breakdown", dimension=chosen, limit=ROWS)
    rows = [
        Row(one.key, one.count, one.people, narrowed(desk, FIELD.get(chosen, chosen), one.key))
        for one in asked.answer
    ]
    tabs = [(text, desk.link(**{name: key}), key == chosen) for key, text in choices]
    return Listing(name, title, tabs, rows, asked.csv, _HINTS.get(chosen, ""))


#: What is missing where a list is empty.
_HINTS = {
    "campaign": "Add ?utm_source=…&utm_campaign=… to the links of a campaign.",
    "medium": "Add ?utm_medium=… to the links of a campaign.",
    "country": "A step before_send may put a country into an event's context.",
}


def _events(desk: Desk) -> Listing:
    asked = desk.ask("top", limit=ROWS)
    rows = [
        Row(one.key, one.count, None, desk.link("events", event=one.key)) for one in asked.answer
    ]
    return Listing("events", "Events", [], rows, asked.csv)


def _live(desk: Desk) -> int:
    """People of the last minutes, whatever the report is about."""
    now = desk.times.now
    end = now.replace(second=now.second // 10 * 10, microsecond=0)
    span = Range(end - timedelta(minutes=NOW), end + timedelta(seconds=10), desk.report.range.zone)
    people: int = desk.put("active", ActiveUsers(range=span, scope=Scope())).answer.people
    return people
