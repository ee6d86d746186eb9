"""The Measurement Protocol of Google Analytics 4."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from ..consent import ADS
from ..errors import ConfigurationError, Unsupported
from ..event import Event, EventType
from ..salt import DailySalt
from . import words
from .answer import Answer
from .base import DELIVERED, Rejected, Verdict
from .checks import check_text, flag
from .clip import Cuts
from .destination import Destination, Item, Post
from .ga4_words import EVENTS, fit_name, fit_params, fit_user_properties
from .visits import GAP, Visits

#: The form of a client id: "two positive numbers, joined by a period"
#: (https://developers.google.com/analytics/devguides/collection/protocol/ga4/reference).
_CLIENT = re.compile(r"[1-9]\d*\.[1-9]\d*")

#: Where a message of the validation server says which event it is about
#: (https://developers.google.com/analytics/devguides/collection/protocol/ga4/validating-events).
_INDEX = re.compile(r"index: \[(\d{1,9})\]|events\W(\d{1,9})")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

#: What of a request is about advertising.
_ADS = ("ad_user_data", "ad_personalization")

_UNSUPPORTED = frozenset({EventType.GROUP, EventType.ALIAS})

#: Kinds of event that nobody gave a name.
_NAMES = {
    EventType.PAGEVIEW: "page_view",
    EventType.ACTION: "server_action",
    EventType.CUSTOM: "custom_event",
    EventType.IDENTIFY: "identify",
}

_encode = msgspec.json.Encoder(decimal_format="number").encode


class GA4Collector(Destination):
    """Sends to ``/mp/collect``. In an address: ``ga4://G-XXXX:SECRET@``.

    :param measurement_id: of your web stream, such as ``G-XXXX``.
    :param api_secret: of the same stream, from "Measurement Protocol API secrets".
    :param client_id: called with each event; its text is the client id, None means the default: a
        number made of the anonymous id, else of address and user agent with a salt that lives one
        day, else of the user id.
    :param debug: send to Google's validation server instead, which stores nothing: what it finds
        wrong is counted as rejected with its code.
    :param consent: ``"granted"`` or ``"denied"``: what every event says of the use of data for
        advertising, and for personal advertising, unless it has the visitor's own word on
        ``ads`` (see ``Analytics.consent``). None: Google's own knowledge.
    :param options: ``endpoint``, ``anonymize_ip`` and others, as ``Destination`` has them. To have
        data collected in the EU, ``endpoint="https://region1.google-analytics.com"``.
    :raises ConfigurationError: an argument is empty or wrong.
    """

    integration = "Google Analytics 4"
    endpoint = "https://www.google-analytics.com"
    path = "/mp/collect"

    #: .../protocol/ga4/sending-events, "Limitations": events of a request; "the post body must be
    #: smaller than 130kB"; "within the last 72 hours".
    max_events = 25
    max_body_bytes = 129_999
    max_past = 72 * 3600.0

    #: A request is one client's: few events, and several requests, are in a batch.
    batch_size = 25
    max_inflight = 4
    max_age = 72 * 3600.0

    address_options = {"debug": flag, "consent": str}

    def __init__(
        self,
        measurement_id: str,
        api_secret: str,
        *,
        client_id: Callable[[Event], str | None] | None = None,
        debug: bool = False,
        consent: str | None = None,
        **options: Any,
    ) -> None:
        check_text("ga4", measurement_id=measurement_id, api_secret=api_secret)
        if measurement_id.startswith("UA-"):
            raise ConfigurationError(
                "ga4: measurement_id is one of Universal Analytics, which has ended: take the one "
                "of a Google Analytics 4 web stream, such as G-XXXX"
            )
        if consent not in (None, "granted", "denied"):
            raise ConfigurationError("ga4: consent must be 'granted' or 'denied', or left out")
        super().__init__(**options)
        self.debug = debug
        self._client_id = client_id
        self._consent = dict.fromkeys(_ADS, consent.upper()) if consent else None
        self._query = urlencode({"measurement_id": measurement_id, "api_secret": api_secret})
        self._salt = DailySalt(None)
        self._visits = Visits()

    def encode(self, event: Event, cuts: Cuts) -> Any:
        """A request with this event alone; ``requests`` joins those that differ in it only."""
        if event.type in _UNSUPPORTED:
            raise Unsupported
        client = self._client(event)
        named = {
            "name": fit_name(_name(event), cuts, EVENTS),
            "timestamp_micros": _micros(event),
            "params": fit_params(_own(event, self._session(client, event)), _said(event), cuts),
        }
        return words.known(
            {
                "client_id": client,
                "user_id": event.user_id,
                "ip_override": self.ip(event),
                "user_agent": event.user_agent,
                "consent": self._consent_of(event),
                "validation_behavior": "ENFORCE_RECOMMENDATIONS" if self.debug else None,
                "user_properties": fit_user_properties(event.traits, cuts),
                "events": [words.known(named)],
            }
        )

    def _consent_of(self, event: Event) -> dict[str, str] | None:
        """The visitor's own word on advertising, where there is one, else the option's."""
        if ADS not in event.consent:
            return self._consent or None
        return dict.fromkeys(_ADS, "GRANTED" if event.consent[ADS] else "DENIED")

    def shares(self, item: Item) -> bytes:
        """What all events of a request have in common: the client, the user, and the rest."""
        return _encode({key: value for key, value in item.payload.items() if key != "events"})

    def request(self, items: Sequence[Item], at: float) -> Post:
        """The events of one client and user."""
        events = [item.payload["events"][0] for item in items]
        body = self.shares(items[0])[:-1] + b',"events":' + _encode(events) + b"}"
        url = f"{self.endpoint}{'/debug' if self.debug else ''}{self.path}?{self._query}"
        return Post(url, body, self.headers(), items)

    def judge(self, answer: Answer, post: Post) -> Verdict | Sequence[Verdict]:
        """Google always says 2xx; only the validation server says what is wrong."""
        verdict = answer.verdict()
        if not self.debug or verdict != DELIVERED:
            return verdict
        found: list[Verdict] = [verdict] * len(post.items)
        said = answer.json()
        messages = said.get("validationMessages") if isinstance(said, dict) else None
        for message in messages if isinstance(messages, list) else ():
            if not isinstance(message, dict):
                continue
            refused = Rejected(str(message.get("validationCode") or "invalid"))
            for index in _places(message, len(found)):
                found[index] = refused
        return found

    def _client(self, event: Event) -> str:
        chosen = self._client_id(event) if self._client_id else None
        if chosen:
            return str(chosen)  # Google says 2xx to a number, and throws the event away
        known = event.anonymous_id or self._visitor(event) or event.user_id or "anonymous"
        return known if _CLIENT.fullmatch(known) else ".".join(map(str, _numbers(known)))

    def _visitor(self, event: Event) -> str | None:
        if event.timestamp is None:
            return None
        return self._salt.visitor(event.client_ip, event.user_agent, event.timestamp)

    def _session(self, client: str, event: Event) -> int | None:
        """A number that is the same in every process that saw the visit's first half hour: no two
        visits of a client begin in one."""
        if event.timestamp is None:
            return None
        start = self._visits.start(client, event.timestamp.timestamp())
        gap = int(GAP)
        return int(start // gap) * gap - _numbers(client)[0] % gap


def _numbers(text: str) -> tuple[int, int]:
    digest = hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest[:4]) + 1, int.from_bytes(digest[4:]) + 1


def _micros(event: Event) -> int | None:
    return None if event.timestamp is None else (event.timestamp - _EPOCH) // _MICROSECOND


def _name(event: Event) -> str:
    if words.is_page(event):
        return "page_view"
    return event.event_name or event.action_name or _NAMES[event.type]


def _own(event: Event, session: int | None) -> dict[str, Any]:
    """What is known of an event, the most important first: what is too much is cut at the end."""
    found: dict[str, Any] = {
        "session_id": session,
        "engagement_time_msec": _engagement(event),
        "page_location": _location(event),
        "page_referrer": event.referrer,
        "page_title": words.title(event) or (event.event_name if words.is_page(event) else None),
        "language": event.locale,
    }
    if event.revenue is not None:
        found |= {"currency": event.revenue.currency, "value": event.revenue.amount}
    if event.event_name == "purchase":  # Google counts each transaction once
        found["transaction_id"] = event.properties.get("order_id") or event.message_id or None
    return found


def _said(event: Event) -> dict[str, Any]:
    """The properties that have no word of Google's, then what the request told."""
    known = {"engaged_seconds"}
    if words.title(event) is not None:
        known.add("title")
    if event.event_name == "purchase":
        known.add("order_id")
    said = {key: value for key, value in event.properties.items() if key not in known}
    action = {} if event.action_name is None else {"action_name": event.action_name}
    told = {**action, **words.facts(event)}
    return {**said, **{key: value for key, value in told.items() if key not in said}}


def _engagement(event: Event) -> int:
    """Milliseconds that the browser measured, else 1: without any, Realtime shows nothing."""
    seconds = event.properties.get("engaged_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return 1
    return max(1, round(seconds * 1000))


def _location(event: Event) -> str | None:
    if event.url or not (event.hostname and event.path):
        return event.url or event.path
    return f"https://{event.hostname}{event.path}"


def _places(message: Mapping[str, Any], count: int) -> Iterable[int]:
    """The events that a validation message is about: all, if it names none."""
    text = f"{message.get('description')} {message.get('fieldPath')}"
    named = {int(found[1] or found[2]) for found in _INDEX.finditer(text)}
    return [index for index in named if index < count] or range(count)
