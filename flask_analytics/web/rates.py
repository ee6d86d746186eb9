"""How much pages may send: so many requests of an address, so many events of all together.

A rate such as "10/second burst 50" is a window that slides over 5 seconds and takes 50: all at
once or in any other order, in t seconds it never takes more than 50 + 10 t.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import TYPE_CHECKING, Any

from ..config import Rate, Settings
from ..errors import ConfigurationError
from ..log import QuietLog

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.storage import Storage
    from limits.strategies import SlidingWindowCounterRateLimiter

MEMORY = "memory://"

#: Events of the module's own requests, by default.
BATCH = 20

#: Seconds that a storage on the network may take, for a connection and for an answer.
TIMEOUT = 0.25

#: Seconds that nobody asks a storage which has failed.
PAUSE = 5.0

#: Bits of an IPv6 address that one household or server has to itself (RFC 6177).
_NETWORK_BYTES = 8


class Rates:
    """The limits of one application. Nothing is loaded before the first request asks.

    :param owner: the application's name, which its counts are told apart by.
    :param clock: seconds; only differences count.
    :param is_testing: asked at the first request: then nothing is asked on the network.
    :raises ConfigurationError: the storage's library is not installed, or its address is none.
    """

    def __init__(
        self,
        settings: Settings,
        owner: str,
        log: QuietLog,
        clock: Callable[[], float] = time.monotonic,
        is_testing: Callable[[], bool] = lambda: False,
    ) -> None:
        self._is_testing = is_testing
        self._rates = {"address": settings.ingest_rate, "total": settings.ingest_total}
        self._owner = owner
        self._log = log
        self._clock = clock
        self._pid = 0
        self._until = 0.0
        self._items: dict[str, RateLimitItem] = {}
        address = settings.ingest_storage
        self._storage = None if address == MEMORY else _open(address)

    def request(self, address: str | None) -> int | None:
        """Count a request of an address (see ``sender``).

        :returns: None, or the seconds after which it is welcome.
        """
        return None if address is None else self._hit("address", 1, address)

    def batch(self, address: str | None, count: int) -> int | None:
        """Count what a request has brought, once it is read: a large one is as many as the module
        makes of so many events, or one address could use up what all have together.

        :returns: as ``request``.
        """
        rate, more = self._rates["address"], (count - 1) // BATCH
        if address is None or rate is None or not more:
            return None
        return self._hit("address", min(more, rate.burst // 2), address)

    def events(self, count: int) -> int | None:
        """Count events, of whomever.

        :returns: None, or the seconds after which they are welcome.
        """
        return self._hit("total", count)

    def _hit(self, name: str, cost: int, *of: str) -> int | None:
        rate = self._rates[name]
        if rate is None or self._clock() < self._until:
            return None
        try:
            limiter, item = self._limiter(), self._item(name, rate)
            if limiter.hit(item, *of, cost=cost):
                return None
            free_at = limiter.get_window_stats(item, *of).reset_time
        except Exception as error:
            self._until = self._clock() + PAUSE
            self._log.warning(
                "ingest_storage", "ANALYTICS_INGEST_STORAGE fails: nothing is limited", error=error
            )
            return None
        return max(1, ceil(free_at - time.time()))

    def _limiter(self) -> SlidingWindowCounterRateLimiter:
        """That of this process: a fork may have come while the parent's lock was held."""
        if self._pid != os.getpid():
            from limits.strategies import SlidingWindowCounterRateLimiter

            from .table import Table

            shared = None if self._is_testing() else self._storage
            self._own = SlidingWindowCounterRateLimiter(shared or Table(clock=self._clock))
            self._pid = os.getpid()
        return self._own

    def _item(self, name: str, rate: Rate) -> RateLimitItem:
        if name not in self._items:
            from limits import RateLimitItemPerSecond

            space = f"flask_analytics/{self._owner}/{name}"
            self._items[name] = RateLimitItemPerSecond(rate.burst, rate.seconds, space)
        return self._items[name]


def _open(address: str) -> Storage:
    """A storage on the network. It is not asked yet."""
    try:
        from limits.storage import storage_from_string
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        raise ConfigurationError(
            'ANALYTICS_INGEST_STORAGE is a Redis, and the package "redis" is not installed: '
            'pip install "flask-analytics-bridge[redis]", or leave the setting out'
        ) from None
    options: dict[str, Any] = {
        "socket_timeout": TIMEOUT,
        "socket_connect_timeout": TIMEOUT,
        "retry": Retry(NoBackoff(), 0),  # a request waits for it
    }
    try:
        storage: Any = storage_from_string(address, **options)
    except Exception as error:  # its text may repeat the address, which may hold a password
        raise ConfigurationError(
            f"ANALYTICS_INGEST_STORAGE is no address of a Redis ({type(error).__name__}): write "
            f'for example "redis://localhost:6379/0"'
        ) from None
    return storage  # type: ignore[no-any-return]


def sender(environ: Mapping[str, Any], log: QuietLog) -> str | None:
    """Whose requests are counted together: an IPv4 address, or the first 64 bits of an IPv6 one.

    :returns: None where nobody can tell: there is no address, or it is that of a proxy of ours.
    """
    address = environ.get("REMOTE_ADDR")
    try:
        found = ip_address(address or "")
    except ValueError:  # a socket of Unix
        return None
    if not found.is_global and _is_forwarded(environ):  # carriers' and clusters' networks, too
        log.warning(
            "proxy",
            "Every visitor seems to come from %s, a proxy: requests to the browser's endpoint are "
            "not limited by address. Use werkzeug.middleware.proxy_fix.ProxyFix",
            address,
        )
        return None
    if not isinstance(found, IPv6Address):
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else found.packed[:_NETWORK_BYTES].hex()


def _is_forwarded(environ: Mapping[str, Any]) -> bool:
    """Whether a proxy has brought a request, and nobody has put the visitor's address in."""
    if "HTTP_X_FORWARDED_FOR" not in environ and "HTTP_FORWARDED" not in environ:
        return False
    original = environ.get("werkzeug.proxy_fix.orig") or {}
    return bool(original.get("REMOTE_ADDR", environ["REMOTE_ADDR"]) == environ["REMOTE_ADDR"])
