"""PostHog's batch endpoint, in its clouds and on a server of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import msgspec

from ..errors import Refused
from ..event import Event, EventType
from . import words
from .answer import Answer
from .base import Rejected, Verdict
from .checks import check_text
from .clip import Cuts, clip
from .destination import Destination, Item, Post

#: Characters of a ``distinct_id``; PostHog's server cuts the rest
#: (https://github.com/PostHog/posthog, rust/capture).
MAX_ID = 200

_NAMES = {
    EventType.PAGEVIEW: "$pageview",
    EventType.IDENTIFY: "$identify",
    EventType.GROUP: "$groupidentify",
    EventType.ALIAS: "$create_alias",
}


#: What would make two people one, or change what is known of one
#: (https://posthog.com/docs/product-analytics/identify): no page may say so. ``$set`` and the like
#: are the same as properties (https://posthog.com/docs/product-analytics/person-properties).
_SAYS_WHO = frozenset({*_NAMES.values(), "$merge_dangerously", "$set", "$unset"} - {"$pageview"})
_TELLS_OF = frozenset({"$set", "$set_once", "$unset", "$groups", "$anon_distinct_id"})


class PostHogCollector(Destination):
    """Sends batches to ``/batch/``. In an address: ``posthog://API_KEY@``.

    An event whose context has ``backfill`` is sent as part of a historical migration.

    :param api_key: of your project; it starts with ``phc_``.
    :param group_type: what groups are called in your project.
    :param options: those of ``Destination``. PostHog in the EU, and a server of your own, need
        ``endpoint``: ``https://eu.i.posthog.com``.
    """

    integration = "PostHog"
    endpoint = "https://us.i.posthog.com"
    path = "/batch/"

    #: What PostHog's own library for Python allows itself
    #: (https://github.com/PostHog/posthog-python, consumer.py).
    max_event_bytes = 900 * 1024
    #: The same library's, of 20 MB (https://posthog.com/docs/api/capture).
    max_body_bytes = 5 * 1024 * 1024

    address_options = {"group_type": str}

    def __init__(self, api_key: str, *, group_type: str = "company", **options: Any) -> None:
        check_text("posthog", api_key=api_key, group_type=group_type)
        super().__init__(**options)
        self._api_key, self._group_type = api_key, group_type

    def encode(self, event: Event, cuts: Cuts) -> Any:
        """An event. One without an id of somebody is refused here: PostHog would refuse all that
        come with it."""
        if words.is_strangers(event) and _name(event) in _SAYS_WHO:
            raise Refused("reserved_name")
        who = self._who(event)
        if not who:
            raise Refused("no_distinct_id")
        return words.known(
            {
                "event": _name(event),
                "distinct_id": clip(who, MAX_ID, cuts, "distinct_id"),
                "uuid": _uuid(event.message_id),
                "timestamp": event.timestamp,
                "properties": self._properties(event, cuts),
            }
        )

    def shares(self, item: Item) -> bool:
        """A request is a part of a migration, or it is not."""
        return bool(item.event.context.get("backfill"))

    def request(self, items: Sequence[Item], at: float) -> Post:
        """Without ``sent_at``: times are a server's, and an attempt that comes hours later must
        not move them."""
        post = super().request(items, at)
        if self.shares(items[0]):
            post = post._replace(body=post.body[:-1] + b',"historical_migration":true}')
        return post

    def envelope(self, payloads: bytes, at: float) -> bytes:
        """The key, which is the login, and the events."""
        return b'{"api_key":' + msgspec.json.encode(self._api_key) + b',"batch":' + payloads + b"}"

    def judge(self, answer: Answer, post: Post) -> Verdict:
        """Over its quota PostHog says 200, and throws events away."""
        limited = answer.fields().get("quota_limited")
        if answer.status == 200 and isinstance(limited, list) and "events" in limited:
            return Rejected("quota_limited")
        return answer.verdict()

    def _who(self, event: Event) -> str | None:
        if event.type is EventType.ALIAS:
            return event.previous_id if event.user_id else None
        who = event.user_id or event.anonymous_id
        if event.type is EventType.GROUP and event.group_id:
            return who or f"${self._group_type}_{event.group_id}"
        return who

    def _properties(self, event: Event, cuts: Cuts) -> dict[str, Any]:
        own = self._own(event)
        if event.type is EventType.ALIAS:
            return {**own, "alias": event.user_id}
        if event.type is EventType.IDENTIFY:
            return {**own, "$set": event.traits}
        if event.type is EventType.GROUP:
            return {**own, **self._group(event)}
        said = _allowed(event, cuts)
        return words.known({**_seen(event), **said, **words.money(event), **own})

    def _own(self, event: Event) -> dict[str, Any]:
        """What an event's own properties cannot change."""
        ip = self.ip(event)
        own = {
            "$ip": ip,
            # Without an address PostHog would look up where this server is.
            "$geoip_disable": None if ip else True,
            "$lib": "flask_analytics",
            "$groups": {self._group_type: event.group_id} if event.group_id else None,
        }
        if event.type not in (EventType.IDENTIFY, EventType.ALIAS) and not event.user_id:
            own["$process_person_profile"] = False
        return words.known(own)

    def _group(self, event: Event) -> dict[str, Any]:
        if not event.group_id:
            raise Refused("no_group_id")
        return {
            "$group_type": self._group_type,
            "$group_key": event.group_id,
            "$group_set": event.traits,
        }


def _allowed(event: Event, cuts: Cuts) -> dict[str, Any]:
    """The properties; of a page, without those that would tell of people."""
    if not words.is_strangers(event) or not _TELLS_OF & event.properties.keys():
        return event.properties
    cuts.append("properties")
    return {key: value for key, value in event.properties.items() if key not in _TELLS_OF}


def _name(event: Event) -> str:
    if event.type is EventType.IDENTIFY and not event.user_id:
        return "$set"  # traits of somebody who stays anonymous
    return _NAMES.get(event.type, event.name)


def _uuid(message_id: str) -> str:
    """The message id, or, where it is no UUID, one that is made of it: the same every time."""
    try:
        return str(UUID(message_id))
    except ValueError:
        return str(uuid5(NAMESPACE_OID, message_id))


def _seen(event: Event) -> dict[str, Any]:
    """What PostHog's own library tells of a page, and the request's facts."""
    return {
        "name": event.event_name if words.is_page(event) else None,
        "$current_url": event.url,
        "$host": event.hostname,
        "$pathname": event.path,
        "$referrer": event.referrer,
        "$referring_domain": words.host(event.referrer),
        "$raw_user_agent": event.user_agent,
        "$browser_language": event.locale,
        **words.utm(event.url),
        **words.facts(event),
    }
