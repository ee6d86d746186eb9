"""Collectors that post over HTTP: their connections, and whom they trust."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from .base import BatchCollector
from .checks import check_proxy

if TYPE_CHECKING:
    from .http import Http


class HttpCollector(BatchCollector):
    """Has connections of its own, in the dispatcher's event loop.

    :param ca_file: a PEM file with the authorities to trust instead of the public ones, for a
        destination whose certificate is your own authority's.
    :param proxy: send through it: ``http://[user:password@]host:port``, or ``environment`` for
        what HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY say, which are not asked otherwise.
    :param allow_private: False: refuse to connect to anything but the open Internet, whatever a
        name leads to. The collector pauses, its events are kept.
    :param options: those of ``BatchCollector``.
    :raises ConfigurationError: ``ca_file`` cannot be read, ``proxy`` is none, or is given
        together with ``allow_private=False``: where a proxy connects to cannot be seen from here.
    """

    blocking = False
    imports = ("flask_analytics.collectors.http",)

    def __init__(
        self,
        *,
        ca_file: str | os.PathLike[str] | None = None,
        proxy: str | None = None,
        allow_private: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._proxy = check_proxy(self.name, proxy)
        self._allow_private = allow_private
        if proxy and not allow_private:
            raise ConfigurationError(
                f"{self.name}: proxy and allow_private=False do not go together: the proxy, which "
                "connects, has to refuse private addresses. Leave one of them out"
            )
        self._ca_file = None if ca_file is None else self._readable(ca_file)
        self._http: Http | None = None

    @property
    def target(self) -> str:
        """The address that events go to, or the one that it begins with."""
        return ""

    @property
    def http(self) -> Http:
        """The connections of this process, from ``start`` on."""
        assert self._http is not None
        return self._http

    def start(self) -> None:
        """Open the connections of this process."""
        from .http import Http  # loaded before, by way of ``imports``

        self._http = Http(self._ca_file, self._proxy, self._allow_private)

    def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            self._http.close()

    def _readable(self, path: str | os.PathLike[str]) -> str:
        if not os.access(path, os.R_OK) or os.path.isdir(path):
            raise ConfigurationError(
                f"{self.name}: ca_file {os.fspath(path)!r} cannot be read: name a PEM file with "
                f"the certificates of your authorities"
            )
        return os.fspath(path)
