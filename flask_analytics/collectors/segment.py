"""Segment's HTTP Tracking API, and RudderStack's, which is the same at another address."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec

from ..errors import Refused
from ..event import Event, EventType
from . import words
from .answer import Answer, retry_after
from .base import Retry, Verdict
from .checks import check_text
from .clip import Cuts, clip, trimmed_ip
from .destination import Destination, Post

#: Characters of a message id that Segment tells messages apart by
#: (https://segment.com/docs/connections/spec/common/).
MAX_MESSAGE_ID = 100

#: Answers that Segment's own libraries try again, besides 429 and 5xx
#: (https://github.com/segmentio/analytics-next, the publisher of the package node).
_AGAIN = frozenset({408, 410, 460})

_CALLS = {
    EventType.PAGEVIEW: "page",
    EventType.ACTION: "track",
    EventType.CUSTOM: "track",
    EventType.IDENTIFY: "identify",
    EventType.GROUP: "group",
    EventType.ALIAS: "alias",
}


class SegmentCollector(Destination):
    """Sends batches to ``/v1/batch``. In an address: ``segment://WRITE_KEY@``.

    An event without ``user_id`` and ``anonymous_id`` is refused here as ``no_user_anon_id``:
    Segment would answer 200 and throw it away.

    :param write_key: of your source. Segment in the EU, and RudderStack, need ``endpoint`` too:
        ``https://events.eu1.segmentapis.com``, or the address of your data plane.
    :param options: those of ``Destination``.
    """

    integration = "Segment"
    endpoint = "https://api.segment.io"
    path = "/v1/batch"

    # https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#max-request-size
    max_event_bytes = 32 * 1024
    #: Of 500 KB, with room for what Segment itself adds.
    max_body_bytes = 475_000
    max_events = 2500

    def __init__(self, write_key: str, **options: Any) -> None:
        check_text("segment", write_key=write_key)
        super().__init__(**options)
        self._credentials = base64.b64encode(f"{write_key}:".encode()).decode()

    def headers(self) -> Mapping[str, str]:
        """The write key is the name of HTTP's basic login, with an empty password."""
        return {**super().headers(), "Authorization": f"Basic {self._credentials}"}

    def encode(self, event: Event, cuts: Cuts) -> Any:
        """The call of Segment's that says the same."""
        if not (event.user_id or event.anonymous_id):
            raise Refused("no_user_anon_id")
        call = _CALLS[event.type]
        payload = {
            "type": call,
            "messageId": clip(event.message_id, MAX_MESSAGE_ID, cuts, "message_id"),
            "timestamp": event.timestamp,
            "userId": event.user_id,
            "anonymousId": event.anonymous_id,
            "context": {**self._context(event), **_consent(event), **self._given(event)},
            "integrations": event.integrations,
        }
        return words.known({**payload, **_said(call, event)})

    def envelope(self, payloads: bytes, at: float) -> bytes:
        """``sentAt`` is when they were first tried: Segment corrects clocks by it."""
        return b'{"batch":' + payloads + b',"sentAt":"' + words.iso(at).encode() + b'"}'

    def judge(self, answer: Answer, post: Post) -> Verdict:
        """As Segment's own libraries read it."""
        if answer.status in _AGAIN:
            return Retry(f"http_{answer.status}", retry_after(answer.headers.get("Retry-After")))
        return answer.verdict()

    def _given(self, event: Event) -> dict[str, Any]:
        """The event's own context, which goes over ours, but not over ``anonymize_ip``."""
        address = event.context.get("ip")
        if not self.anonymize_ip or address is None:
            return event.context
        return {**event.context, "ip": trimmed_ip(address if isinstance(address, str) else None)}

    def _context(self, event: Event) -> dict[str, Any]:
        page = words.known(
            {
                "path": event.path,
                "referrer": event.referrer,
                "title": words.title(event),
                "url": event.url,
            }
        )
        return words.known(
            {
                "ip": self.ip(event),
                "userAgent": event.user_agent,
                "locale": event.locale,
                "page": page,
                "campaign": words.campaign(event.url),
                "groupId": event.group_id,
                "library": _LIBRARY,
            }
        )


def _consent(event: Event) -> dict[str, Any]:
    """As Segment's consent management has it
    (https://segment.com/docs/privacy/consent-management/consent-in-segment-connections/)."""
    return {"consent": {"categoryPreferences": event.consent}} if event.consent else {}


def _said(call: str, event: Event) -> dict[str, Any]:
    """What only one kind of call has."""
    if call == "identify":
        return {"traits": event.traits}
    if call == "group":
        return {"groupId": event.group_id, "traits": event.traits}
    if call == "alias":
        return {"previousId": event.previous_id}
    properties = {**words.facts(event), **event.properties}
    if event.revenue is not None:
        properties |= msgspec.structs.asdict(event.revenue)
        properties["revenue"] = properties.pop("amount")
    if call == "track":
        return {"event": event.name, "properties": properties}
    page = {"path": event.path, "referrer": event.referrer, "url": event.url}
    return {"name": event.event_name, "properties": {**words.known(page), **properties}}


def _library() -> dict[str, str]:
    try:
        return {"name": "flask_analytics", "version": version("flask-analytics-bridge")}
    except PackageNotFoundError:  # run from a checkout
        return {"name": "flask_analytics", "version": "0"}


_LIBRARY = _library()
