"""Posts events as a JSON array to an address of yours."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any

from .base import Batch, Verdict
from .checks import check_headers, check_url
from .client import HttpCollector


class WebhookCollector(HttpCollector):
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
    :param options: ``ca_file``, and those of ``BatchCollector``.
    :raises ConfigurationError: the address is not one.
    """

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
        self._headers = {
            "Content-Type": "application/json",
            **check_headers("webhook", headers or {}),
        }
        self._clock = clock

    def send(self, batch: Batch) -> Verdict:
        """Post the batch."""
        body = batch.to_json()
        headers = {
            **self._headers,
            "Idempotency-Key": hashlib.sha256(body).hexdigest(),
            **self._signature(body),
        }
        return self.http.post(self._url, body, headers).verdict()

    def _signature(self, body: bytes) -> dict[str, str]:
        if self._secret is None:
            return {}
        at = str(int(self._clock()))
        digest = hmac.new(self._secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
        return {"X-Analytics-Signature": f"t={at},v1={digest}"}
