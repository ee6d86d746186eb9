"""Lengths of time in words."""

from __future__ import annotations

import pytest

from flask_analytics.metrics.duration import told


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "under 1 s"),
        (0.000001, "under 1 s"),
        (0.9, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3600, "1 h"),
        (3659, "1 h"),
        (12000.7, "3 h 20 min"),
        (86399, "23 h 59 min"),
        (86400, "1 day"),
        (3 * 86400, "3 days"),
        (3 * 86400 + 4 * 3600 + 59, "3 days 4 h"),
        (12.4 * 86400, "12 days"),
        (1234 * 86400, "1,234 days"),
    ],
)
def test_as_people_say_it(seconds: float, words: str) -> None:
    """Two units at most, none that is empty."""
    assert told(seconds) == words
