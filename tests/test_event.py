"""The event, its money and its form on the wire."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from flask_analytics import Event, EventType, Revenue
from flask_analytics.event import Source, currencies, encode


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("29.90", "29.90"),
        (Decimal("29.99"), "29.99"),
        (5, "5"),
        (0.1, "0.1"),
        ("-3.50", "-3.50"),
        ("1E+3", "1000"),
    ],
)
def test_amount_keeps_its_digits(amount: Any, text: str) -> None:
    """An amount is written with the digits that it was given."""
    assert str(Revenue.of(amount, "EUR").amount) == text


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-inf", "1e400", "1e-400", "", "ten", "1,5"])
def test_amount_must_be_a_sum_of_money(amount: str) -> None:
    """What is no finite, sane number is refused."""
    with pytest.raises(ValueError, match="revenue amount"):
        Revenue.of(amount, "EUR")


@pytest.mark.parametrize("amount", [None, True, [1], b"1"])
def test_amount_must_be_a_number(amount: Any) -> None:
    """What is no number at all is a TypeError that shows the right form."""
    with pytest.raises(TypeError, match="Decimal"):
        Revenue.of(amount, "EUR")


@pytest.mark.parametrize("currency", ["EURO", "", "XXQ", "€", "BTC"])
def test_currency_must_be_known(currency: str) -> None:
    """Only codes of ISO 4217 are taken."""
    with pytest.raises(ValueError, match="ISO 4217"):
        Revenue.of(1, currency)


def test_currency_must_be_text() -> None:
    """A number is no currency."""
    with pytest.raises(TypeError, match="ISO 4217"):
        Revenue.of(1, 978)  # type: ignore[arg-type]


def test_currency_is_written_in_capitals() -> None:
    """Lower case is understood."""
    assert Revenue.of(1, "gbp").currency == "GBP"
    assert currencies().items() >= {"EUR": 2, "GBP": 2, "USD": 2, "JPY": 0}.items()


def test_wire_has_the_documented_names_and_forms() -> None:
    """ISO 8601 in UTC, milliseconds for durations, amounts as text, unknown things left out."""
    event = Event(
        message_id="m1",
        type=EventType.ACTION,
        timestamp=datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
        source=Source.SERVER,
        duration=0.0123456,
        status_code=200,
        properties={"n": 0},
        revenue=Revenue.of("29.90", "EUR"),
    )
    assert json.loads(encode(event)) == {
        "message_id": "m1",
        "type": "action",
        "timestamp": "2026-01-02T03:04:05.678901Z",
        "source": "server",
        "duration_ms": 12.346,
        "status_code": 200,
        "properties": {"n": 0},
        "revenue": {"amount": "29.90", "currency": "EUR"},
    }


def test_zero_duration_is_written() -> None:
    """Very fast is not unknown."""
    assert Event(duration=0.0).to_wire()["duration_ms"] == 0


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (Event(event_name="a", action_name="b"), "a"),
        (Event(type=EventType.ACTION, action_name="b"), "b"),
        (Event(type=EventType.PAGEVIEW), "pageview"),
    ],
)
def test_name_of_an_event(event: Event, name: str) -> None:
    """Reports call an event by its name, else its action, else its type."""
    assert event.name == name
