"""What can be told from settings alone: access, keys, retention, packages, the clock."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime
from typing import Any

import pytest

from flask_analytics import Analytics
from flask_analytics.doctor import access, clock, keys, packages, secret, stores

from .conftest import Admit, ill, told

GOOD = secrets.token_hex()
HASHED = "sha256:" + hashlib.sha256(GOOD.encode()).hexdigest()


def test_access_that_is_declared_is_well(admit: Admit) -> None:
    """And nothing else is said."""
    analytics = Analytics()
    patient = admit(analytics)
    analytics.access(lambda: True)

    assert ill(access.check, patient) == []


@pytest.mark.parametrize(
    ("config", "level", "word"),
    [
        ({}, "warning", "Nobody may read"),
        ({"ANALYTICS_READ_TOKENS": {"a": HASHED}}, "warning", "no person may"),
        ({"DEBUG": True}, "warning", "Debug mode"),
        ({"ANALYTICS_ENABLED": False}, "warning", "there are no events"),
    ],
)
def test_access_that_is_not(admit: Admit, config: dict[str, Any], level: str, word: str) -> None:
    """Each with its cure."""
    found = ill(access.check, admit(**config))

    assert any(one.level == level and word in one.text for one in found)


def test_testing_is_for_tests(admit: Admit) -> None:
    """Events would go nowhere."""
    patient = admit()
    patient.app.testing = True

    assert "problem: TESTING is on" in told(access.check, patient)


@pytest.mark.parametrize(
    "key", ["x", "dev", "change-me-please", "secret-secret-1", "aaaa" * 10, b"k"]
)
def test_a_key_that_is_guessed(admit: Admit, key: Any) -> None:
    """Is a problem, and is not shown."""
    (found,) = ill(secret.check, admit(SECRET_KEY=key))

    assert found.level == "problem"
    assert str(key) not in found.text.replace("SECRET_KEY", "") or key == "x"


@pytest.mark.parametrize("key", [GOOD, GOOD.encode(), secrets.token_urlsafe(12)])
def test_a_key_that_is_not(admit: Admit, key: Any) -> None:
    """Is well, as text and as bytes."""
    assert ill(secret.check, admit(SECRET_KEY=key)) == []


def test_no_key_at_all(admit: Admit) -> None:
    """No login can be kept."""
    (found,) = ill(secret.check, admit(SECRET_KEY=None))

    assert (found.level, "not set" in found.text) == ("warning", True)


def test_long_hashed_separate_keys_are_well(admit: Admit) -> None:
    """Read tokens as hashes, write keys as they are."""
    patient = admit(
        ANALYTICS_READ_TOKENS={"prometheus": HASHED},
        ANALYTICS_WRITE_KEYS={"mobile": secrets.token_urlsafe()},
        ANALYTICS_CORS_ORIGINS=["https://app.example", "http://localhost:3000"],
    )

    assert ill(keys.check, patient) == []


@pytest.mark.parametrize(
    ("config", "level", "word"),
    [
        ({"ANALYTICS_WRITE_KEYS": {"mobile": "short"}}, "problem", "'mobile' of ANALYTICS_WRITE"),
        ({"ANALYTICS_READ_TOKENS": {"cron": "short"}}, "problem", "'cron' of ANALYTICS_READ"),
        ({"ANALYTICS_READ_TOKENS": {"cron": GOOD}}, "warning", "'cron'"),
        ({"ANALYTICS_READ_TOKENS": {"a": HASHED}, "ANALYTICS_WRITE_KEYS": {"b": GOOD}},
         "problem", "is a write key, too"),
        ({"ANALYTICS_CORS_ORIGINS": ["http://app.example"]}, "warning", "http://app.example"),
    ],
)  # fmt: skip
def test_keys_that_are_not(admit: Admit, config: dict[str, Any], level: str, word: str) -> None:
    """Named by their names, never shown."""
    found = ill(keys.check, admit(**config))

    assert any(one.level == level and word in one.text for one in found)
    assert not any(GOOD in one.text or "short" in one.text.split() for one in found)


def test_retention(admit: Admit) -> None:
    """On by default; too long is asked about; without a store there is none."""
    kept = {"ANALYTICS_STORE": "embedded:"}

    assert "erased after 395 days" in told(stores.check, admit(**kept))
    (found,) = ill(stores.check, admit(**kept, ANALYTICS_RETENTION_DAYS=1000))
    assert "1,000 days" in found.text
    assert ill(stores.check, admit()) == []


def test_packages_are_compared_with_what_is_needed(admit: Admit) -> None:
    """Nothing is said of those here; a package that is too old, or missing, is named."""
    assert ill(packages.check, admit(ANALYTICS_STORE="chdb://x")) == []

    (old,) = packages.fault("flask", "99.1")
    (missing,) = packages.fault("no-such-package", "1.2")
    assert "older than 99.1" in old.text
    assert missing.text == "no-such-package is missing."
    assert "pip install --upgrade 'no-such-package>=1.2'" in missing.cure


def test_the_clock(admit: Admit) -> None:
    """One that was never set is a problem; one that runs away from a destination's a warning."""
    assert ill(clock.check, admit()) == []
    (found,) = ill(clock.check, admit(patient={"clock": lambda: 0.0}))
    assert "1970-01-01" in found.text

    now = datetime(2026, 11, 28, tzinfo=UTC).timestamp()
    assert list(clock.skew("ga4", now + 60, now)) == []
    (behind,), (ahead,) = clock.skew("ga4", now + 600, now), clock.skew("ga4", now - 600, now)
    assert ("600 s behind ga4" in behind.text, "600 s ahead of ga4" in ahead.text) == (True, True)
