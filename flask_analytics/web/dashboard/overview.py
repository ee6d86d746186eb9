"""The first page: how it goes, compared with the period before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ...errors import QuestionError
from ...metrics.active import ActiveUsers
from ...metrics.filters import Scope
from ...metrics.window import Range
from .cards import Card, cards
from .desk import Desk
from .events import narrowed
from .series import Drawn, draw

#: Rows of a list.
ROWS = 9

#: Minutes that count as now.
NOW = 5

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
    figures = cards(desk)
    shown = _shown(desk, figures)
    return {
        "cards": figures,
        "shown": shown,
        "chart": _with_others(
            desk, _chart(desk, shown), [card for card in figures if card.points and card != shown]
        ),
        "lists": [*(_list(desk, name) for name in LISTS), _events(desk)],
        "live": _live(desk),
        "is_empty": figures[1].value == "0" and figures[0].value == "0",
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
    name = card.series or card.title
    return draw(desk, title, name, card.asked, card.points, card.before, card.write)


def _with_others(desk: Desk, drawn: Drawn, cards: Iterable[Card]) -> Drawn:
    """The table behind the chart, with the series of the other figures beside its own."""
    names, columns = list(drawn.columns), list(zip(*drawn.rows, strict=True))
    for card in cards:
        write = card.write or desk.figures.count
        names.append(f"{card.series or card.title} {card.unit}".rstrip())
        columns.append(tuple(write(point.count) for point in card.points))
    rows = list(zip(*columns, strict=True))
    return replace(drawn, columns=tuple(names), rows=rows)


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
    "country": "Nobody said where: in @analytics.before_send write "
    'event.context["location"] = {"country": "DE"}.',
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
