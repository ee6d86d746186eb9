"""Names and keys that strangers make up: so many a day, and honest ones keep their place."""

from __future__ import annotations

import logging
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_analytics import Analytics, Event
from flask_analytics.log import QuietLog
from flask_analytics.tally import Tally
from flask_analytics.testing import capture_events
from flask_analytics.web.vocabulary import MAX_KEYS, MAX_NAMES, OTHER, OWN, Vocabulary

from ..conftest import Clock
from .conftest import custom

DAY = 86_400


@pytest.fixture
def trimmed() -> Tally:
    return Tally()


@pytest.fixture
def vocabulary(trimmed: Tally, clock: Clock) -> Vocabulary:
    return Vocabulary(trimmed, QuietLog(), clock)


def limited(vocabulary: Vocabulary, name: str | None = "a", **properties: Any) -> Event:
    """The event that becomes of one."""
    event = Event(event_name=name, properties=properties)
    vocabulary.limit(event)
    return event


def keys(start: int, count: int) -> dict[str, int]:
    return {f"k{n}": n for n in range(start, start + count)}


def test_so_many_names_a_day(vocabulary: Vocabulary, trimmed: Tally) -> None:
    """What is new beyond them is one name; what is known stays, the module's own always."""
    names = {limited(vocabulary, f"n{n}").event_name for n in range(2 * MAX_NAMES)}

    assert len(names) == MAX_NAMES - len(OWN) + 1
    assert OTHER in names
    assert trimmed.summary() == {"event_name": MAX_NAMES + len(OWN)}
    assert limited(vocabulary, "n0").event_name == "n0"
    assert limited(vocabulary, "engagement").event_name == "engagement"


def test_so_many_keys_of_a_name(vocabulary: Vocabulary, trimmed: Tally) -> None:
    """The rest is one key, which says how many it stands for; other names have their own."""
    for start in range(0, MAX_KEYS - 6, 50):
        limited(vocabulary, **keys(start, 50))

    event = limited(vocabulary, k0=1, **keys(MAX_KEYS - 6, 10))

    assert event.properties == {"k0": 1, **keys(MAX_KEYS - 6, 6), OTHER: 4}
    assert trimmed.summary() == {"property_key": 4}
    assert limited(vocabulary, "b", k1000=1).properties == {"k1000": 1}


@pytest.mark.parametrize("name", OWN)
def test_keys_of_the_module_have_their_place(vocabulary: Vocabulary, name: str) -> None:
    """Nobody takes a page view its title."""
    for start in range(0, 1000, 50):
        limited(vocabulary, name, **keys(start, 50))
    own = dict.fromkeys(OWN[name], 1)

    assert limited(vocabulary, name, **own).properties == own


def test_what_was_there_yesterday_has_its_place(vocabulary: Vocabulary, clock: Clock) -> None:
    """A flood in the first second of a day takes nothing from those who were here before."""
    limited(vocabulary, "bought", book=1)
    clock.tick(DAY)
    for n in range(2 * MAX_NAMES):
        limited(vocabulary, f"n{n}")
    for start in range(0, 1000, 50):
        limited(vocabulary, "bought", **keys(start, 50))

    event = limited(vocabulary, "bought", book=1, late=1)

    assert (event.event_name, event.properties) == ("bought", {"book": 1, OTHER: 1})


def test_a_flood_is_forgotten(vocabulary: Vocabulary, clock: Clock) -> None:
    """What does not come again makes room the day after."""
    for n in range(2 * MAX_NAMES):
        limited(vocabulary, f"n{n}")
    clock.tick(DAY)
    limited(vocabulary, "bought")
    clock.tick(DAY)

    assert limited(vocabulary, "new").event_name == "new"


def test_no_flood_takes_memory(vocabulary: Vocabulary, clock: Clock) -> None:
    """Three days of nothing but new words cost a few megabytes."""
    tracemalloc.start()
    for day in range(3):
        for n in range(MAX_NAMES + 100):
            limited(vocabulary, f"n{day}-{n}", **keys(50 * n, 50))
        clock.tick(DAY)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size < 12_000_000


def test_the_endpoint_keeps_to_it(
    make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    """Counted where the other counts are, and said once."""
    app = make_app(ANALYTICS_INGEST_RATE=None)
    with caplog.at_level(logging.WARNING), capture_events(app) as events:
        for start in range(0, MAX_NAMES + 100, 100):
            names = [custom(f"n{n}") for n in range(start, start + 100)]
            answer = app.test_client().post("/_a/e", json={"events": names})
            assert answer.status_code == 204

    excess = 100 + len(OWN)
    assert [event.event_name for event in events].count(OTHER) == excess
    with app.app_context():
        assert Analytics().stats()["trimmed"] == {"event_name": excess}
    assert len([line for line in caplog.messages if OTHER in line]) == 1


def test_the_server_may_use_any_word(analytics: Analytics, app: Flask, events: list[Event]) -> None:
    """Only strangers are limited."""
    with app.app_context():
        for n in range(MAX_NAMES + 50):
            analytics.track(f"n{n}")

    assert OTHER not in {event.event_name for event in events}


def test_own_words_are_those_of_the_documents() -> None:
    """A new event of the module gets its place here."""
    page = (Path(__file__).parents[2] / "docs" / "browser.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| (.+) \|$", page.split("## Attributes")[0], re.M)

    assert [name for name, _ in rows] == list(OWN)
    for name, told in rows:
        assert set(OWN[name]) <= set(re.findall(r"`(\w+)`", told)), name


def test_what_the_server_has_signed_keeps_its_name(make_app: Callable[..., Flask]) -> None:
    """A flood of made-up names does not hide an order."""
    app = make_app(ANALYTICS_INGEST_RATE=None, SECRET_KEY="x")
    client = app.test_client()
    for start in range(0, MAX_NAMES + 100, 100):
        client.post("/_a/e", json={"events": [custom(f"n{n + start}") for n in range(100)]})
    with app.app_context():
        claim = Analytics().claim(event_name="paid", revenue=("5", "EUR"))
    told = custom("paid", properties={"analytics_claim": claim})

    with capture_events(app) as events:
        client.post("/_a/e", json={"events": [told, custom("paid2")]})

    assert [event.name for event in events] == ["paid", OTHER]
