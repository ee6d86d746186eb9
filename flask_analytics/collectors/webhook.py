"""Posts events as a JSON array to an address of yours."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from .base import Batch, BatchCollector, Verdict

if TYPE_CHECKING:
    from .http import Http


class WebhookCollector(BatchCollector):
    """One POST for each batch: a JSON array of events.

    ``Idempotency-Key`` is the body's SHA-256: the same on every attempt, and nobody's to choose
    (a message id of a page is). With a ``secret``, ``X-Analytics-Signature``
    is ``t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">``. Any 2xx is success; 408, 425, 429,
    5xx (except 501 and 505) and network faults are tried again; a batch that is answered with 400
    or 413 is halved; 401, 403 and redirects, which are not followed, pause the collector. One
    batch at a time, so that events arrive in order; ``max_inflight`` allows for more.

    :param url: where to, ``http`` or ``https``; only ever from your configuration.
    :param secret: shared with the receiver, for the signature.
    :param headers: sent with every request.
    :param options: those of ``BatchCollector``.
    :raises ConfigurationError: the address is not one.
    """

    blocking = False
    imports = ("flask_analytics.collectors.http",)

    def __init__(
        self,
        url: str,
        *,
        secret: str | None = None,
        headers: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._url = check_url("webhook", url)
        self._secret = secret.encode() if secret else None
        self._headers = {"Content-Type": "application/json", **_checked(headers or {})}
        self._clock = clock
        self._http: Http | None = None

    def start(self) -> None:
        """Open a session of this process."""
        from .http import Http  # loaded before, by way of ``imports``

        self._http = Http()

    def send(self, batch: Batch) -> Verdict:
        """Post the batch."""
        assert self._http is not None
        body = batch.to_json()
        headers = {
            **self._headers,
            "Idempotency-Key": hashlib.sha256(body).hexdigest(),
            **self._signature(body),
        }
        return self._http.post(self._url, body, headers).verdict()

    def close(self) -> None:
        """Close the session."""
        if self._http is not None:
            self._http.close()

    def _signature(self, body: bytes) -> dict[str, str]:
        if self._secret is None:
            return {}
        at = str(int(self._clock()))
        digest = hmac.new(self._secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
        return {"X-Analytics-Signature": f"t={at},v1={digest}"}


def _checked(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Headers that can be sent; the error names the header, never its value: it may be a key."""
    for name, value in headers.items():
        if not isinstance(value, str) or not value.isprintable() or value != value.strip():
            raise ConfigurationError(
                f"webhook: header {name} must be one line of text without spaces around it, "
                f"such as the content of a file after strip()"
            )
    return headers


def check_url(collector: str, url: object) -> str:
    """A destination's address, or an error that names the cure."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return str(url)
    except ValueError:  # its text shows the address, and so its password
        pass
    raise ConfigurationError(
        f"{collector}: the url must be absolute, such as https://example.com/events"
    )
