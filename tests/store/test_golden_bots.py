"""Bots are in the store, and in no answer that did not ask for them, whoever answers."""

from __future__ import annotations

from typing import Any

from flask_analytics.event import EventType, Source
from flask_analytics.metrics.kinds import KINDS
from flask_analytics.metrics.words import read
from flask_analytics.store.base import Store

from .tale import FIREFOX, GOOGLEBOT, at, event, view

NOW = at("4 12:00")

#: A question of each kind, as a query string's values.
QUESTIONS: dict[str, dict[str, list[str]]] = {
    "volume": {"bucket": ["day"]},
    "top": {},
    "breakdown": {"dimension": ["browser"]},
    "funnel": {"step": ["pageview", "bought"]},
    "retention": {"offset": ["0", "1"]},
    "recent": {},
    "active": {"interval": ["day"]},
    "visits": {},
    "revenue": {},
    "latency": {},
    "dashboard": {},
}

#: What is about a person, asked for by their id: all of theirs is shown.
OF_A_PERSON = {"people", "traits", "timeline"}

#: What makes an event a bot's, from each channel.
BOTS: list[dict[str, Any]] = [
    {"source": Source.SERVER, "user_agent": GOOGLEBOT},
    {"source": Source.SERVER, "user_agent": None},
    {"source": Source.BROWSER, "user_agent": GOOGLEBOT},
    {"source": Source.BROWSER, "user_agent": None},
    {"source": Source.BROWSER, "user_agent": FIREFOX, "context": {"automated": True}},
    {"source": Source.API, "user_agent": GOOGLEBOT},
]


def journey(user: str, **fields: Any) -> list[bytes]:
    """A visit on two days, with whatever any question could ask about."""
    route = {"matched_pattern": "/", "path": "/", "method": "GET", "status_code": 200}
    return [
        one
        for day in ("2", "3")
        for one in (
            view(f"{day} 9:00", user, **route, duration=0.2, url="https://a.example/", **fields),
            event(f"{day} 9:01", "bought", user, revenue="5 EUR", **fields),
            event(
                f"{day} 9:02", user=user, type=EventType.ACTION, action_name="pay", method="POST",
                matched_pattern="/pay", path="/pay", status_code=500, duration=0.1, **fields,
            ),
        )
    ]  # fmt: skip


def answers(store: Store, **more: list[str]) -> dict[str, Any]:
    """What every question is answered."""
    when = {"from": ["2026-03-01"], "to": ["2026-03-31"]}
    return {
        name: store.answer(read(name, {**({} if name == "dashboard" else when), **given, **more},
                                NOW))
        for name, given in QUESTIONS.items()
    }  # fmt: skip


def test_no_question_is_left_out() -> None:
    """A new kind has to be asked here, too."""
    assert set(QUESTIONS) | OF_A_PERSON == set(KINDS)


def test_no_answer_counts_a_bot(store: Store) -> None:
    """Unless it was asked to: then every one does."""
    store.append(journey("ann", source=Source.SERVER, user_agent=FIREFOX))
    before = answers(store)
    for number, bot in enumerate(BOTS):
        store.append(journey(f"bot{number}", **bot))

    assert answers(store) == before
    with_bots = answers(store, bots=["1"])
    assert {name for name in QUESTIONS if with_bots[name] == before[name]} == set()
