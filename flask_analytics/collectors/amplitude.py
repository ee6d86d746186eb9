"""Amplitude's HTTP V2 API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ..errors import ConfigurationError, Refused, Unsupported
from ..event import Event, EventType
from . import words
from .answer import Answer, is_below
from .base import Misconfigured, Rejected, Retry, Verdict
from .checks import check_text
from .clip import Cuts, clip
from .destination import Destination, Item, Post

#: Characters of a text; Amplitude cuts the rest
#: (https://amplitude.com/docs/apis/analytics/http-v2).
MAX_TEXT = 1024

#: Seconds to leave a user or device alone that sent too much
#: (https://amplitude.com/docs/apis/analytics/http-api-batching-retries).
PAUSE = 30.0

#: Fields of an answer that list events by their index, under the name of what is wrong.
_WRONG = (
    "events_with_missing_fields",
    "events_with_invalid_fields",
    "events_with_invalid_id_lengths",
)

#: Fields that an answer names; another word is not believed: it becomes the name of a counter.
_FIELDS = frozenset({"event_type", "user_id", "device_id", "time", "insert_id", "revenue"})

#: There was nothing wrong with it, but with one that came with it.
_AGAIN = Retry("not_alone")

_NAMES = {
    EventType.PAGEVIEW: "page_view",
    EventType.IDENTIFY: "$identify",
    EventType.GROUP: "$groupidentify",
}


class AmplitudeCollector(Destination):
    """Sends batches to ``/2/httpapi``. In an address: ``amplitude://API_KEY@``.

    :param api_key: of your project.
    :param min_id_length: characters of the shortest id that means a person. Amplitude's own
        default, 5, would refuse most users of an application that numbers them.
    :param group_type: what groups are called in your project.
    :param options: those of ``Destination``. Projects in the EU need ``endpoint``:
        ``https://api.eu.amplitude.com``.
    """

    integration = "Amplitude"
    endpoint = "https://api2.amplitude.com"
    path = "/2/httpapi"

    # https://amplitude.com/docs/apis/analytics/http-v2
    #: Less than 1 MB.
    max_body_bytes = 1_000_000 - 1
    max_event_bytes = 990_000
    #: Fewer than 2,000.
    max_events = 1999

    address_options = {"min_id_length": int, "group_type": str}

    def __init__(
        self, api_key: str, *, min_id_length: int = 1, group_type: str = "company", **options: Any
    ) -> None:
        check_text("amplitude", api_key=api_key, group_type=group_type)
        super().__init__(**options)
        if not is_below(min_id_length, 100) or min_id_length == 0:
            raise ConfigurationError("amplitude: min_id_length must be a number from 1 to 99")
        self._api_key, self._shortest, self._group_type = api_key, min_id_length, group_type

    def encode(self, event: Event, cuts: Cuts) -> Any:
        """An event. An alias is another product of Amplitude's, and another address."""
        if event.type is EventType.ALIAS:
            raise Unsupported
        payload = {
            **self._ids(event, cuts),
            "event_type": clip(_name(event), MAX_TEXT, cuts, "event_name"),
            "time": words.milliseconds(event),
            "insert_id": event.message_id,
            "ip": self.ip(event),
            "language": event.locale,
            "user_agent": event.user_agent,
            "groups": {self._group_type: event.group_id} if event.group_id else None,
            **words.money(event),
            **_fit(_said(event), cuts),
        }
        return words.known(payload)

    def envelope(self, payloads: bytes, at: float) -> bytes:
        """The key, which is the login, the events, and how short an id may be."""
        key = msgspec.json.encode(self._api_key)
        options = b'{"min_id_length":%d}' % self._shortest
        return b'{"api_key":' + key + b',"events":' + payloads + b',"options":' + options + b"}"

    def judge(self, answer: Answer, post: Post) -> Verdict | Sequence[Verdict]:
        """A 400 and a 429 take nothing, and list which events are to blame."""
        said = answer.fields()
        if answer.status == 400:
            if str(said.get("error", "")).startswith("Invalid API key"):
                return Misconfigured("invalid_api_key")
            return _blamed(said, post.items) or answer.verdict()
        if answer.status == 429:
            return _throttled(said, post.items) or answer.verdict()
        return answer.verdict()

    def _post(self, post: Post, verdicts: list[Verdict]) -> None:
        """Those who are not to blame need not wait for the others."""
        super()._post(post, verdicts)
        while again := [item for item in post.items if verdicts[item.place] == _AGAIN]:
            post = self.request(again, 0.0)
            super()._post(post, verdicts)

    def _ids(self, event: Event, cuts: Cuts) -> dict[str, str]:
        ids = {}
        for name, who in (("user_id", event.user_id), ("device_id", event.anonymous_id)):
            if words.somebody(who) and who is not None and len(who) >= self._shortest:
                ids[name] = who
            elif who:
                cuts.append(name)
        if not ids and event.type is not EventType.GROUP:
            raise Refused("no_user_or_device_id")
        return ids


def _name(event: Event) -> str:
    return _NAMES.get(event.type, event.name)


def _said(event: Event) -> dict[str, Any]:
    """What only one kind of event has."""
    if event.type is EventType.IDENTIFY:
        return {"user_properties": {"$set": event.traits}}
    if event.type is EventType.GROUP:
        if not event.group_id:
            raise Refused("no_group_id")
        return {"group_properties": {"$set": event.traits}}
    seen = {
        "name": event.event_name if words.is_page(event) else None,
        "url": event.url,
        "path": event.path,
        "hostname": event.hostname,
        "referrer": event.referrer,
        "referring_domain": words.host(event.referrer),
        **words.utm(event.url),
        **words.facts(event),
    }
    return {"event_properties": {**words.known(seen), **event.properties}}


def _fit(value: Any, cuts: Cuts) -> Any:
    """A value whose texts are not too long, nested ones too."""
    if isinstance(value, str):
        return clip(value, MAX_TEXT, cuts, "value")
    if isinstance(value, dict):
        return {key: _fit(entry, cuts) for key, entry in value.items()}
    if isinstance(value, list):
        return [_fit(entry, cuts) for entry in value]
    return value


def _blamed(said: Mapping[str, Any], items: Sequence[Item]) -> list[Verdict] | None:
    """Rejected are those that are listed, and those of a device that is silenced."""
    reasons: dict[int, str] = {}
    for kind in _WRONG:
        for field, indices in _entries(said.get(kind)):
            word = field if field in _FIELDS else "event"
            reasons |= dict.fromkeys(_places(indices, len(items)), f"invalid_{word}")
    reasons |= dict.fromkeys(_places(said.get("silenced_events"), len(items)), "silenced")
    silenced = _strings(said.get("silenced_devices"))
    for index, item in enumerate(items):
        if item.payload.get("device_id") in silenced:
            reasons[index] = "silenced"
    if not reasons:
        return None
    return [Rejected(reasons[index]) if index in reasons else _AGAIN for index in range(len(items))]


def _throttled(said: Mapping[str, Any], items: Sequence[Item]) -> list[Verdict] | None:
    """Those who sent too much in a second wait; for those who did in a day there is no use."""
    events = set(_places(said.get("throttled_events"), len(items)))
    slow = _strings(said.get("throttled_users")) | _strings(said.get("throttled_devices"))
    over = _strings(said.get("exceeded_daily_quota_users"))
    over |= _strings(said.get("exceeded_daily_quota_devices"))
    verdicts: list[Verdict] = []
    for index, item in enumerate(items):
        ids = {item.payload.get("user_id"), item.payload.get("device_id")}
        if ids & over:
            verdicts.append(Rejected("daily_quota"))
        elif index in events or ids & slow:
            verdicts.append(Retry("throttled", PAUSE))
        else:
            verdicts.append(_AGAIN)
    return None if all(verdict is _AGAIN for verdict in verdicts) else verdicts


def _entries(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, Mapping) else ()


def _places(value: Any, count: int) -> list[int]:
    """The places that a list names, as far as there are any."""
    return [place for place in value if is_below(place, count)] if isinstance(value, list) else []


def _strings(value: Any) -> set[str]:
    """The ids of a list, or of an object that has them as keys."""
    if not isinstance(value, (list, Mapping)):
        return set()
    return {entry for entry in value if isinstance(entry, str)}
