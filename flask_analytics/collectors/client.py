"""Collectors that post over HTTP: their connections, and whom they trust."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from .base import BatchCollector

if TYPE_CHECKING:
    from .http import Http


class HttpCollector(BatchCollector):
    """Has connections of its own, in the dispatcher's event loop.

    :param ca_file: a PEM file with the authorities to trust instead of the public ones, for a
        destination whose certificate is your own authority's.
    :param options: those of ``BatchCollector``.
    :raises ConfigurationError: ``ca_file`` cannot be read.
    """

    blocking = False
    imports = ("flask_analytics.collectors.http",)

    def __init__(self, *, ca_file: str | os.PathLike[str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._ca_file = None if ca_file is None else self._readable(ca_file)
        self._http: Http | None = None

    @property
    def http(self) -> Http:
        """The connections of this process, from ``start`` on."""
        assert self._http is not None
        return self._http

    def start(self) -> None:
        """Open the connections of this process."""
        from .http import Http  # loaded before, by way of ``imports``

        self._http = Http(self._ca_file)

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
