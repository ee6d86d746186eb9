"""Posts events as a JSON array to an address of yours."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from ..errors import ConfigurationError
from .answer import Answer
from .base import DELIVERED, Batch, Rejected, Verdict
from .checks import check_headers, check_url
from .client import HttpCollector


class WebhookCollector(HttpCollector):
    """One POST for each batch: a JSON array of events.

    ``Idempotency-Key`` is the body's SHA-256: the same on every attempt, and nobody's to choose
    (a message id of a page is). With a ``secret``, ``X-Analytics-Signature``
    is ``t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">``. Any 2xx is success, except for the
    message ids that its body lists as ``{"rejected": [...]}``; 408, 425, 429, 5xx (except 501 and
    505) and network faults are tried again; a batch that is answered with 400 or 413 is halved;
    401, 403 and redirects, which are not followed, pause the collector. One batch at a time, so
    that events arrive in order; ``max_inflight`` allows for more.

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
        if secret is not None and not isinstance(secret, str):
            raise ConfigurationError("webhook: secret must be text, or left out")
        self._secret = secret.encode() if secret else None
        self._headers = {
            "Content-Type": "application/json",
            **check_headers("webhook", headers or {}),
        }
        self._clock = clock

    @property
    def target(self) -> str:
        """The address of yours."""
        return self._url

    def send(self, batch: Batch) -> Verdict | Sequence[Verdict]:
        """Post the batch."""
        body = batch.to_json()
        headers = {
            **self._headers,
            "Idempotency-Key": hashlib.sha256(body).hexdigest(),
            **self._signature(body),
        }
        answer = self.http.post(self._url, body, headers)
        refused = _refused(answer)
        if not refused:
            return answer.verdict()
        return [
            Rejected("refused") if event.message_id in refused else DELIVERED for event in batch
        ]

    def _signature(self, body: bytes) -> dict[str, str]:
        if self._secret is None:
            return {}
        at = str(int(self._clock()))
        digest = hmac.new(self._secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
        return {"X-Analytics-Signature": f"t={at},v1={digest}"}


def _refused(answer: Answer) -> frozenset[str]:
    """The message ids that a good answer says were not taken. Most answers say nothing."""
    if not 200 <= answer.status < 300 or b'"rejected"' not in answer.body:
        return frozenset()
    try:
        return frozenset(msgspec.json.decode(answer.body, type=_Partial).rejected)
    except (msgspec.MsgspecError, UnicodeError):  # it is about something else
        return frozenset()


class _Partial(msgspec.Struct):
    rejected: list[str]
