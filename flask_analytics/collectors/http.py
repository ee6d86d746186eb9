"""requests over gevent's sockets: what every HTTP collector sends with.

No monkey patching: a session with this adapter is an ordinary requests session whose every wait
(DNS, connect, handshake, read, write) lets the event loop of its thread go on. A session belongs
to the thread that uses it.

This module is the only one that imports requests, and it is itself only imported when the first
event of a process is on its way (``Collector.imports``): requests loads ssl, and a server that
patches ssl later (gunicorn -k gevent --preload) would break the application's own requests.
"""

from __future__ import annotations

import encodings.idna  # noqa: F401  the first look-up of a host name would import it
import socket
import ssl
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import gevent.ssl
import requests
import requests.adapters
import requests.utils
import urllib3
import urllib3.connection
import urllib3.connectionpool
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import resolve_cert_reqs

from ..errors import Forbidden
from .answer import Answer
from .checks import ENVIRONMENT
from .connect import connect

#: Seconds to connect and between two reads. The lane limits the whole call.
CONNECT_TIMEOUT, READ_TIMEOUT = 3.0, 10.0

USER_AGENT = "flask_analytics"

#: Destinations that connections are kept to.
PLACES = 4

#: Bytes of an answer that are read; the rest, and the connection, is thrown away.
MAX_ANSWER = 64 * 1024


class _Place(NamedTuple):
    """What requests makes of a URL, and would make anew for each request."""

    pool: urllib3.HTTPConnectionPool
    #: Path and query, as they stand in the request.
    target: str
    #: Those of the URL itself: a password in it becomes one.
    headers: CaseInsensitiveDict[str]


class Http:
    """Posts through the connection pools of requests' adapter: a session would follow redirects
    (the second request being a GET without the body), take proxies and passwords from the
    environment, keep cookies, and cost as much again; and the adapter prepares for each request
    what is the same for all of a URL (0.2 of 0.6 ms).

    :param ca_file: a PEM file with the authorities to trust; None: the public ones.
    :param proxy: an ``http://`` address, or ``environment``; None: none at all.
    :param allow_private: whether to connect to addresses that are not public.
    """

    def __init__(
        self, ca_file: str | None = None, proxy: str | None = None, allow_private: bool = True
    ) -> None:
        self._proxy, self._allow_private = proxy, allow_private
        #: Told of every answer, where somebody wants to know.
        self.hear: Callable[[Answer], None] | None = None
        self._verify: bool | str = ca_file or True
        self._adapter = GeventAdapter(pool_connections=PLACES, pool_maxsize=64, max_retries=0)
        self._places: dict[str, _Place] = {}

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a body and read the answer.

        :raises Forbidden: the configuration does not let anything be sent there.
        :raises OSError: nothing, or no whole answer, came back. requests' exceptions are OSErrors.
        """
        place = self._places.get(url) or self._place(url)
        sent = place.headers.copy()
        sent.update(headers)
        try:
            with place.pool.urlopen(
                "POST",
                place.target,
                body,
                sent,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT),
                preload_content=False,
                decode_content=False,
            ) as response:
                answer = Answer(response.status, response.headers, _read(response))
        except urllib3.exceptions.HTTPError as error:  # no OSError
            raise _as_requests(error) from error
        if self.hear is not None:
            self.hear(answer)
        return answer

    def _place(self, url: str) -> _Place:
        # As many as the adapter has pools, so that no pool that stands here was given up.
        if len(self._places) >= PLACES:
            self._places.clear()
        blank = requests.Request("POST", url, headers={"User-Agent": USER_AGENT}).prepare()
        assert blank.url is not None
        proxies = self._proxies(blank.url)
        pool = self._adapter.get_connection_with_tls_context(blank, self._verify, proxies)
        assert isinstance(pool, _Pool)
        assert isinstance(pool, urllib3.HTTPConnectionPool)
        pool.allow_private = self._allow_private
        self._adapter.cert_verify(pool, blank.url, self._verify, None)
        del blank.headers["Content-Length"]
        target = self._adapter.request_url(blank, proxies)
        self._places[url] = place = _Place(pool, target, blank.headers)
        return place

    def _proxies(self, url: str) -> dict[str, str]:
        """What requests calls proxies: the one to ask for a URL, or none."""
        if self._proxy != ENVIRONMENT:
            return {"all": self._proxy} if self._proxy else {}
        found = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
        if found and "://" in found and not found.lower().startswith("http://"):
            raise Forbidden("proxy_scheme")  # its sockets would not be gevent's
        return {"all": found} if found else {}

    def close(self) -> None:
        """Close the connections."""
        self._places.clear()
        self._adapter.close()


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    """As much of the body as is wanted. What breaks off may lack the part that matters; urllib3
    notices at the read after the last byte."""
    body = b""
    while left := MAX_ANSWER - len(body):
        piece = response.read(left, decode_content=False)
        if not piece:
            return body
        body += piece
    response.close()
    return body


def _as_requests(error: urllib3.exceptions.HTTPError) -> requests.RequestException:
    """The exception that the adapter would raise; logs show its name."""
    if isinstance(error, NewConnectionError):
        return requests.ConnectionError(error)
    for kind, told in _TOLD.items():
        if isinstance(error, kind):
            return told(error)
    return requests.ConnectionError(error)


_TOLD: dict[type[Exception], type[requests.RequestException]] = {
    ConnectTimeoutError: requests.ConnectTimeout,
    urllib3.exceptions.ReadTimeoutError: requests.ReadTimeout,
    urllib3.exceptions.SSLError: requests.exceptions.SSLError,
}


class _Pool:
    """Tells its connections whom they may reach, and keeps the query from urllib3, which logs the
    target of each request at DEBUG: some services want their key there."""

    allow_private = True

    def _new_conn(self) -> Any:
        connection = super()._new_conn()  # type: ignore[misc]
        connection.allow_private = self.allow_private
        return connection

    def _make_request(
        self: Any, conn: Any, method: str, url: str, *args: Any, **options: Any
    ) -> Any:
        path, mark, query = url.partition("?")
        conn.query = mark + query
        return super()._make_request(conn, method, path, *args, **options)  # type: ignore[misc]


class _Connect:
    """Opens sockets through gevent; otherwise what urllib3 does, with its exceptions."""

    query = ""
    allow_private = True

    def request(self: Any, method: str, url: str, *args: Any, **options: Any) -> None:
        super().request(method, url + self.query, *args, **options)  # type: ignore[misc]

    def _new_conn(self: Any) -> socket.socket:
        try:
            sock = connect(self._dns_host, self.port, self.timeout, self.allow_private)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"{self.host} did not answer in time") from error
        except OSError as error:
            raise NewConnectionError(self, f"cannot connect: {error}") from error
        for option in self.socket_options or ():
            sock.setsockopt(*option)
        sys.audit("http.client.connect", self, self.host, self.port)
        return sock  # type: ignore[no-any-return]


class _HTTPConnection(_Connect, urllib3.connection.HTTPConnection):
    pass


class _HTTPSConnection(_Connect, urllib3.connection.HTTPSConnection):
    def connect(self) -> None:
        # A context for each connection: a shared one would add up the authorities of every
        # verify= it ever saw, and one verify=False would switch checking off for all.
        if self.ssl_context is None:
            self.ssl_context = _context(resolve_cert_reqs(self.cert_reqs))
        super().connect()


class _Context(gevent.ssl.SSLContext):  # type: ignore[misc]
    """Closes a socket whose handshake is cut off by a time limit or the end of the lane: gevent
    does so for errors of the network only."""

    def wrap_socket(self, sock: socket.socket, **options: Any) -> Any:
        wrapped = super().wrap_socket(sock, **{**options, "do_handshake_on_connect": False})
        try:
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped


def _context(cert_reqs: ssl.VerifyMode) -> Any:
    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.check_hostname = cert_reqs == ssl.CERT_REQUIRED
    context.verify_mode = cert_reqs
    return context


class _HTTPPool(_Pool, urllib3.connectionpool.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(_Pool, urllib3.connectionpool.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


class GeventAdapter(requests.adapters.HTTPAdapter):
    """A requests adapter whose connections wait cooperatively."""

    def init_poolmanager(self, connections: int, maxsize: int, *_: Any, **options: Any) -> None:
        # block=True would wait for a free connection in a queue that stops the event loop.
        options["block"] = False
        super().init_poolmanager(connections, maxsize, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """One whose connections wait cooperatively, too."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager
