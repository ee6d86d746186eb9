"""Where a ClickHouse is: ``clickhouse://user:password@host:8123/db``, or inside this process."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from ...errors import ConfigurationError

#: Port of ClickHouse's HTTP interface, by scheme.
PORTS = {"clickhouse": 8123, "clickhouses": 8443}

#: The engine inside this process: for tests, and for one process alone.
INSIDE = "chdb"

#: Tables go here unless the address names a database.
DATABASE = "analytics"

_EXAMPLES = (
    "write such as clickhouse://user:password@host:8123/analytics "
    "or chdb:///var/lib/shop/chdb?database=analytics"
)


class Address(NamedTuple):
    """An address, taken apart.

    :param path: the folder of an engine inside this process; else empty.
    """

    scheme: str
    database: str
    host: str = ""
    port: int = 0
    user: str = "default"
    password: str = ""
    path: str = ""

    @property
    def is_secure(self) -> bool:
        """Is it spoken to by TLS?"""
        return self.scheme == "clickhouses"

    @property
    def masked(self) -> str:
        """The address for logs and messages: never the password."""
        if self.scheme == INSIDE:
            return f"{INSIDE}://{self.path}?database={self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{self.user}@{host}:{self.port}/{self.database}"


def parse(text: str) -> Address:
    """Take an address apart. Opens nothing.

    :raises ConfigurationError: it is none, with the cure. The message never shows a password.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except (ValueError, AttributeError, TypeError):
        raise ConfigurationError(
            "ANALYTICS_STORE cannot be read as an address (a password with :, /, ?, # or @ is "
            f"written percent-encoded): {_EXAMPLES}"
        ) from None
    if parts.scheme == INSIDE:
        return _inside(parts)
    if parts.scheme not in PORTS:
        raise ConfigurationError(
            f"ANALYTICS_STORE has the scheme {parts.scheme!r:.20}, which is no ClickHouse: "
            f"{_EXAMPLES}"
        )
    if not parts.hostname:
        raise ConfigurationError(f"ANALYTICS_STORE names no host: {_EXAMPLES}")
    if parts.query or parts.fragment:
        raise ConfigurationError(
            "ANALYTICS_STORE ends in options (after ? or #) that ClickHouse addresses do not have; "
            f"a password with such characters is written percent-encoded: {_EXAMPLES}"
        )
    return Address(
        parts.scheme,
        _database(unquote(parts.path.strip("/"))),
        parts.hostname,
        port or PORTS[parts.scheme],
        unquote(parts.username or "default"),
        unquote(parts.password or ""),
    )


def _inside(parts: SplitResult) -> Address:
    options = parse_qs(parts.query)
    database = options.pop("database", [DATABASE])[0]
    path = unquote(parts.path)
    if parts.netloc or path in ("", "/") or options:
        raise ConfigurationError(
            "ANALYTICS_STORE must name a folder of its own after chdb://, and at most a database: "
            f"{_EXAMPLES}"
        )
    # "//data" and "/data" are one folder; the engine compares letters.
    return Address(INSIDE, _database(database), path="/" + path.lstrip("/"))


def _database(name: str) -> str:
    name = name or DATABASE
    if not name.isascii() or not name.replace("_", "a").isalnum() or name[0].isdigit():
        # Behind a password with a / in it, the "database" is half of the password.
        told = "that is none" if "@" in name else repr(name)[:40]
        raise ConfigurationError(
            f"ANALYTICS_STORE names a database {told}: use letters, digits and _ only, such as "
            "analytics; a / in a password is written %2F"
        )
    return name
