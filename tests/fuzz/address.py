"""Addresses of collectors and stores, as people write them into a configuration."""

from __future__ import annotations

import re
import warnings

from flask_analytics.collectors.address import from_address
from flask_analytics.errors import ConfigurationError
from flask_analytics.store.clickhouse.address import parse

SECRET = "hunter2"

#: Finds it where it is no password: unknown schemes and wrong numbers are told, for instance.
LOOSE = re.compile(f"(?<!:){SECRET}|{SECRET}(?!@)|=[^&#]*{SECRET}").search

SEEDS = [
    b"webhook+https://u:hunter2@a.example:8443/x?batch_size=5&flush_interval=1e400&secret=hunter2",
    b"ga4://G-1:hunter2@?endpoint=https://a.example&timeout=nan&anonymize_ip=true",
    b"plausible://a.example?name=x&max_age=-1", b"mixpanel://hunter2@eu", b"posthog://hunter2@",
    b"segment://hunter2@", b"amplitude://hunter2@", b"matomo://1:hunter2@a.example", b"stdout:",
    b"umami://x@a.example", b"clickhouse://u:hunter2@[::1]:9000/db?secure=1", b"chdb:///tmp/x",
    b"webhook+http://[::1", b"webhook+http://a:99999/", b"clickhouses://a?x=y", b"memory:",
]  # fmt: skip

warnings.simplefilter("ignore")  # of misspelt options


def run(data: bytes) -> None:
    """A collector, or an error that says what to do and no secret."""
    text = data.decode("utf-8", "surrogateescape")
    for read in (from_address, parse):
        try:
            read(text)
        except ConfigurationError as error:
            discreet(text, error)


def discreet(text: str, error: ConfigurationError) -> None:
    """A password is not in what is said of it."""
    assert LOOSE(text) or SECRET not in str(error), str(error)
