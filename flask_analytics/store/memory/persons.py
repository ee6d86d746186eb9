"""Answers about one person, and who was there."""

from __future__ import annotations

from typing import Any

import msgspec

from ...event import encode
from ...metrics.filters import Scope
from ...metrics.person import People, Person, Seen, Timeline, Traits
from ...metrics.window import moment
from .row import Row
from .selection import Selection


def traits(asked: Traits, among: Selection) -> Person:
    """Who somebody is."""
    person = among.people.find(asked.id)
    if person is None:
        return Person(asked.id, (asked.id,), {})
    people = among.people
    return Person(people.id(person), people.ids(person), people.traits(person))


def rows_of(text: str, among: Selection) -> list[Row]:
    """Everything that the person of an id did, in order."""
    person = among.people.find(text)
    return [row for row in among.rows if person and among.people.of(row) == person]


def timeline(asked: Timeline, among: Selection) -> tuple[dict[str, Any], ...]:
    """What somebody did, the newest first."""
    newest = list(among.within(asked.range, rows_of(asked.id, among)))[::-1]
    return tuple(msgspec.json.decode(encode(row.event)) for row in newest[: asked.limit])


def people(asked: People, among: Selection) -> tuple[Seen, ...]:
    """Who was active, the last seen first."""
    counted = among.within(asked.range, among.ever(Scope()))
    found = sorted(
        (-rows[-1].us, among.people.id(person), len(rows))
        for person, rows in among.by_person(counted).items()
        if any(asked.search in text for text in among.people.ids(person))
    )
    return tuple(Seen(id, count, moment(-us).isoformat()) for us, id, count in found[: asked.limit])
