"""The connection: opened at first use, its errors in our words."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ...errors import ConfigurationError, StoreError
from ..base import TIMEOUT
from .address import INSIDE, Address

#: Seconds to find a server.
CONNECT_TIMEOUT = 10

#: Seconds that the network gets on top of what the server may take.
GRACE = 15

#: Seconds that a statement may take which changes much: deletes, rewrites.
PATIENCE = 3600

#: Rows of one insert below which the server may gather those of several clients into one part;
#: it still answers only when they are on its disk.
FEW = 1000

_INSERT = {
    "insert_deduplicate": 0,  # we know our events by their ids
    "max_partitions_per_insert_block": 0,  # a history that is moved spans years
    "input_format_try_infer_dates": 0,  # a property that looks like a date stays text
    "input_format_try_infer_datetimes": 0,
}

_QUESTION = {
    "join_use_nulls": 0,
    "transform_null_in": 0,
    "prefer_column_name_to_alias": 1,
    "precise_float_parsing": 1,
    "count_distinct_implementation": "uniqExact",  # never an estimate, whatever the profile says
}

#: The server's codes: the time is over, and there is too much to do.
_TIME_OVER, _TOO_MUCH = (159, 160), (241, 202, 252)


class Client:
    """Speaks to one database. May be used from any thread, and after a fork.

    :param timeout: seconds that one question may take.
    """

    def __init__(self, address: Address, timeout: float = TIMEOUT) -> None:
        self.address = address
        self._timeout = timeout
        self._lock = threading.Lock()
        self._driver: Any = None
        self._pid = 0

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Ask. ``{name:Type}`` in the SQL are the values."""
        settings = {**_QUESTION, "max_execution_time": self._timeout}
        return self._do("query", sql, parameters=dict(values or {}), settings=settings).result_rows  # type: ignore[no-any-return]

    def run(self, sql: str, values: Mapping[str, Any] | None = None) -> None:
        """Change something, and wait until it is done."""
        settings = {"mutations_sync": 2, "lightweight_deletes_sync": 2}
        settings["max_execution_time"] = PATIENCE
        self._do("command", sql, parameters=dict(values or {}), settings=settings)

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep rows; comes back when they are kept."""
        if not rows:
            return
        gathered = {"async_insert": int(len(rows) < FEW), "wait_for_async_insert": 1}
        self._do(
            "raw_insert",
            table,
            column_names=list(rows[0]),
            insert_block=b"\n".join(map(msgspec.json.encode, rows)),
            fmt="JSONEachRow",
            settings=_INSERT | gathered,
        )

    def close(self) -> None:
        """Let go of the connection; the next use opens it again."""
        with self._lock:
            driver, self._driver = self._driver, None
        if driver is not None and self._pid == os.getpid():
            driver.close()

    def _do(self, method: str, *arguments: Any, **options: Any) -> Any:
        try:
            return getattr(self._connected(), method)(*arguments, **options)
        except (StoreError, ConfigurationError):
            raise
        except Exception as error:
            raise self._in_words(error) from None

    def _connected(self) -> Any:
        with self._lock:
            if self._driver is None or self._pid != os.getpid():
                self._driver, self._pid = self._connect(), os.getpid()
            return self._driver

    def _connect(self) -> Any:
        driver = _driver(self.address.scheme)
        if self.address.scheme == INSIDE:
            os.makedirs(self.address.path, exist_ok=True)
            found = driver.get_client(interface="chdb", path=self.address.path)
            found.command(f"CREATE DATABASE IF NOT EXISTS {self.address.database}")
            found.database = self.address.database
            return found
        found = self._connect_http(driver)
        found.command(f"CREATE DATABASE IF NOT EXISTS {self.address.database}")
        found.database = self.address.database
        return found

    def _connect_http(self, driver: Any) -> Any:
        where = self.address
        return driver.get_client(
            host=where.host,
            port=where.port,
            username=where.user,
            password=where.password,
            interface="https" if where.is_secure else "http",
            connect_timeout=CONNECT_TIMEOUT,
            send_receive_timeout=self._timeout + GRACE,
            autogenerate_session_id=False,  # a session would let one question in at a time
            form_encode_query_params=True,  # long lists of ids do not fit into a URL
            # Its own, without which it would send everything by a proxy of the environment.
            pool_mgr=driver.driver.httputil.default_pool_manager(),
        )

    def _in_words(self, error: Exception) -> StoreError:
        code = getattr(error, "code", None)
        if code in _TIME_OVER:
            reason = f"the answer took over {self._timeout:g} seconds: ask for a shorter range"
        elif code in _TOO_MUCH:
            reason = f"it is too busy, or a limit is too low for this question ({_short(error)})"
        else:
            reason = _short(error)
        if self.address.password:
            reason = reason.replace(self.address.password, "***")
        return StoreError(f"{self.address.masked}: {reason}")


def _short(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return " ".join(text.split())[:500]


def _driver(scheme: str) -> Any:
    """The driver, loaded where it is needed.

    :raises ConfigurationError: it is not installed.
    """
    try:
        import clickhouse_connect

        if scheme == INSIDE:
            import chdb  # noqa: F401
    except ImportError as error:
        extra = "chdb" if scheme == INSIDE else "clickhouse"
        raise ConfigurationError(
            f"{scheme}:// needs a package that is not installed ({error.name}): "
            f'pip install "flask-analytics-bridge[{extra}]"'
        ) from None
    return clickhouse_connect
