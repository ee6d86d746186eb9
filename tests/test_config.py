"""Settings are read once, checked, and their errors name the cure."""

from __future__ import annotations

import dataclasses
import re
import warnings
from typing import Any

import pytest
from flask import Flask

from flask_analytics import Analytics
from flask_analytics.config import TABLE, Rate, Settings, read
from flask_analytics.errors import ConfigurationError


def test_defaults_are_those_of_the_design() -> None:
    """An empty configuration gives the documented defaults."""
    settings = read({})
    assert settings.enabled
    assert settings.store == "embedded:"
    assert settings.url_prefix == "/analytics"
    assert settings.browser_prefix == "/_a"
    assert settings.queue_events == 100_000
    assert settings.queue_bytes == 64 * 1024 * 1024
    assert settings.shutdown_timeout == 5.0
    assert settings.retention_days == 395
    assert settings.visitor_id == "daily"
    assert settings.ingest_rate == Rate(10.0, 50)
    assert settings.trusted_hosts is None


def test_table_and_settings_have_the_same_keys() -> None:
    """A setting exists once: a row of the table is a field of the settings."""
    assert set(TABLE) == {field.name for field in dataclasses.fields(Settings)}


def test_settings_are_frozen() -> None:
    """Nothing changes a setting after the start."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        read({}).enabled = False  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENABLED", "yes"),
        ("SIGTERM", "yes"),
        ("COLLECTORS", 5),
        ("STORE", "postgres://x"),
        ("STORE", "embedded"),
        ("DIR", 5),
        ("DURABILITY", "disk"),
        ("URL_PREFIX", "analytics"),
        ("BROWSER_PREFIX", "/"),
        ("BROWSER", ["vitals"]),
        ("WRITE_KEYS", ["k"]),
        ("WRITE_KEYS", {"": "k"}),
        ("READ_TOKENS", {"a": 1}),
        ("EXCLUDE", [1]),
        ("VISITOR_ID", "weekly"),
        ("RETENTION_DAYS", 0),
        ("TRUSTED_HOSTS", [None]),
        ("QUEUE_EVENTS", True),
        ("QUEUE_BYTES", 1.5),
        ("SHUTDOWN_TIMEOUT", -1),
        ("INGEST_RATE", "fast"),
        ("INGEST_RATE", "10/minute"),
    ],
)
def test_wrong_value_names_setting_and_cure(name: str, value: Any) -> None:
    """The error says which setting is wrong, and what to write instead."""
    with pytest.raises(ConfigurationError) as caught:
        read({f"ANALYTICS_{name}": value})
    assert f"ANALYTICS_{name} must be" in str(caught.value)
    assert f"Write for example ANALYTICS_{name} = " in str(caught.value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgres://ana:secret@host/x", "not 'postgres:...'"),
        ("embedded", "not 'embedded'"),
        ("secret", "not a str"),
        (5, "not a int"),
    ],
)
def test_wrong_store_is_shown_without_its_password(value: Any, shown: str) -> None:
    """Of an address only the first word."""
    with pytest.raises(ConfigurationError, match=re.escape(f"{shown}. Write")) as caught:
        read({"ANALYTICS_STORE": value})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vital": True}, "has no option 'vital', only build, flush"),
        ({"vitals": "yes"}, "['vitals'] must be true or false"),
        ({"flush": 0}, "['flush'] must be a number from 0.1 to 3600"),
        ({"batch": 101}, "['batch'] must be a number from 1 to 100"),
        ({"off": ["clicks"]}, "['off'] knows views, engagement, errors, links, rage, forms"),
        ({"consent": True}, "['consent'] must be one of required"),
    ],
)
def test_wrong_option_names_itself(options: dict[str, Any], message: str) -> None:
    """Of the module's options too, the error says which one and what it may be."""
    with pytest.raises(ConfigurationError) as caught:
        read({"ANALYTICS_BROWSER": options})
    assert f"ANALYTICS_BROWSER {message}" in str(caught.value)


def test_error_never_shows_a_key() -> None:
    """Secrets of machines do not reach an error message."""
    with pytest.raises(ConfigurationError) as caught:
        read({"ANALYTICS_WRITE_KEYS": {"mobile": ["hunter2"]}})
    assert "hunter2" not in str(caught.value)


def test_the_two_prefixes_must_differ() -> None:
    """Pages and module cannot share an address."""
    with pytest.raises(ConfigurationError, match="must differ"):
        read({"ANALYTICS_URL_PREFIX": "/a", "ANALYTICS_BROWSER_PREFIX": "/a/"})


@pytest.mark.parametrize(
    ("text", "rate"),
    [("5/second", Rate(5.0, 5)), ("5/second, burst 20", Rate(5.0, 20)), ("", None)],
)
def test_rate_is_read(text: str, rate: Rate | None) -> None:
    """A rate is so many a second, with a burst, or nothing."""
    assert read({"ANALYTICS_INGEST_RATE": text}).ingest_rate == rate


def test_lists_come_from_text() -> None:
    """Environment variables hold lists as text."""
    settings = read({"ANALYTICS_COLLECTORS": "stdout:, webhook+http://localhost/e"})
    assert settings.collectors == ("stdout:", "webhook+http://localhost/e")


def test_trusted_hosts_default_to_flasks() -> None:
    """Flask's own list counts unless ours is given."""
    assert read({"TRUSTED_HOSTS": ["a.example"]}).trusted_hosts == ("a.example",)
    both = {"TRUSTED_HOSTS": ["a.example"], "ANALYTICS_TRUSTED_HOSTS": ["b.example"]}
    assert read(both).trusted_hosts == ("b.example",)


def test_typo_is_warned_about() -> None:
    """A setting that nobody reads is most likely misspelt."""
    with pytest.warns(UserWarning, match="did you mean ANALYTICS_COLLECTORS"):
        read({"ANALYTICS_COLECTORS": []})


def test_foreign_setting_is_left_alone() -> None:
    """An application may have settings of its own with the prefix."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read({"ANALYTICS_X": 1})


def test_environment_reaches_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """FLASK_ANALYTICS_* counts, through Flask's own from_prefixed_env."""
    monkeypatch.setenv("FLASK_ANALYTICS_BROWSER_PREFIX", "/x")
    monkeypatch.setenv("FLASK_ANALYTICS_SHUTDOWN_TIMEOUT", "2")
    app = Flask("shop")
    app.config.from_prefixed_env()
    Analytics(app)
    settings = app.extensions["analytics"].settings
    assert (settings.browser_prefix, settings.shutdown_timeout) == ("/x", 2.0)
