"""Addresses: read before anything is opened, and never shown with a password."""

from __future__ import annotations

import socket
import sys

import pytest

from flask_analytics.errors import ConfigurationError, StoreError
from flask_analytics.store.clickhouse.address import parse
from flask_analytics.store.clickhouse.store import ClickHouseStore


def test_all_parts() -> None:
    """User, password, host, port and database, percent-encoded where they need it."""
    found = parse("clickhouse://me:p%40ss%3F@db.example:9000/shop")
    assert found[1:6] == ("shop", "db.example", 9000, "me", "p@ss?")
    assert not found.is_secure


def test_what_is_left_out() -> None:
    """Ports by scheme, the user and the database have defaults."""
    assert parse("clickhouse://h").port == 8123
    found = parse("clickhouses://h")
    assert (found.port, found.is_secure) == (8443, True)
    assert (found.user, found.password, found.database) == ("default", "", "analytics")


def test_the_engine_inside() -> None:
    """A folder and a database; slashes more or less are the same folder."""
    assert parse("chdb:///var/x?database=d") == parse("chdb:////var/x?database=d")
    assert parse("chdb:///var/x").database == "analytics"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("clickhouse://", "names no host"),
        ("clickhouse://h:port/", "cannot be read"),
        ("mysql://h", "no ClickHouse"),
        ("clickhouse://h/a-b", "letters, digits and _"),
        ("clickhouse://h/1a", "letters, digits and _"),
        ("clickhouse://u:secret?@h/a", "percent-encoded"),
        ("clickhouse://u:1/secret@h/a", "%2F"),
        ("clickhouse://h/a?secure=1", "options"),
        ("chdb://memory", "folder of its own"),
        ("chdb:///", "folder of its own"),
        ("chdb:///x?data=1", "folder of its own"),
    ],
)
def test_what_is_no_address(address: str, says: str) -> None:
    """Each mistake is told with an example of what is right, and without the password."""
    with pytest.raises(ConfigurationError, match=says) as caught:
        ClickHouseStore(address)
    assert "secret" not in str(caught.value)


def test_opening_waits_for_the_first_use() -> None:
    """A server that is not there is no fault of the start; its error has no password."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        store = ClickHouseStore(f"clickhouse://me:hunter2@127.0.0.1:{taken.getsockname()[1]}/a")
        assert "hunter2" not in repr(store)
        with pytest.raises(StoreError, match=r"clickhouse://me@127\.0\.0\.1") as caught:
            store.describe()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("address", "extra"), [("clickhouse://h/a", "clickhouse"), ("chdb:///x", "chdb")]
)
def test_a_driver_that_is_missing(
    address: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what to install."""
    monkeypatch.setitem(sys.modules, "clickhouse_connect", None)
    with pytest.raises(ConfigurationError, match=rf"flask-analytics-bridge\[{extra}\]"):
        ClickHouseStore(address).describe()
