"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

from flask_analytics.metrics.window import Range, micros, read

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def at(text: str) -> int:
    """UTC microseconds of a moment: ``2026-01-01 10:00``, UTC unless it says else."""
    moment = datetime.fromisoformat(text)
    return micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def span(start: str, end: str, tz: str = "UTC") -> Range:
    """A range; dates are local ones, datetimes UTC."""

    def read_as(text: str) -> str:
        return text if len(text) == 10 else f"{text}+00:00"

    return read(read_as(start), read_as(end), tz, NOW)
