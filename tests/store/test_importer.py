"""A store that cannot take a batch now: the import waits for it, and not for ever."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from flask_analytics.errors import StoreError
from flask_analytics.event import Event, decode
from flask_analytics.pipeline import Step
from flask_analytics.store.bookmark import Bookmark, Mark
from flask_analytics.store.imports.importer import PAUSES, Importer
from flask_analytics.store.imports.intake import Intake
from flask_analytics.store.imports.lineid import Twins
from flask_analytics.store.imports.lines import Lines
from flask_analytics.store.imports.ndjson import Ndjson
from flask_analytics.store.imports.report import Report

LINE = b'{"event_name": "look", "timestamp": "2020-01-01T00:00:00Z"}\n'


class Held:
    """A shelf that somebody else holds for so many tries."""

    def __init__(self, tries: int) -> None:
        self._tries = tries
        self.bodies: list[bytes] = []

    def append(self, bodies: Sequence[bytes]) -> int:
        if self._tries:
            self._tries -= 1
            raise StoreError("database is locked")
        self.bodies += bodies
        return len(bodies)


def taken(shelf: Held, waited: list[float], *redactions: Step) -> Report:
    report = Report()
    return Importer(
        Ndjson({}, report.changed),
        Intake(ZoneInfo("UTC"), datetime.now(UTC), report.changed, redactions),
        report,
        shelf=shelf,
        bookmark=Bookmark(None, Mark),
        twins=Twins(),
        wait=waited.append,
    ).run(Lines(io.BytesIO(LINE * 3)))


def test_store_that_is_held_for_a_while() -> None:
    """The batch comes again, and is counted once."""
    shelf, waited = Held(3), list[float]()

    report = taken(shelf, waited)

    assert (report.stored, len(shelf.bodies), waited) == (3, 3, list(PAUSES[:3]))


def test_store_that_stays_held() -> None:
    """After a minute it is an error."""
    waited: list[float] = []

    with pytest.raises(StoreError):
        taken(Held(99), waited)
    assert waited == list(PAUSES)


def test_what_must_not_be_kept_is_taken_out() -> None:
    """By the application's own function, as of live events; who cannot look at one refuses it."""
    shelf = Held(0)

    def redact(event: Event) -> Event:
        event.event_name = "redacted"
        return event

    def fail(event: Event) -> Event:
        raise LookupError

    assert taken(shelf, [], redact).stored == 3
    assert {decode(body).event_name for body in shelf.bodies} == {"redacted"}
    assert taken(shelf, [], fail).refused == {"redact: raised LookupError": 3}
