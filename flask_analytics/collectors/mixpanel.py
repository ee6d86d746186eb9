"""Mixpanel: events by way of /import, what is known of people and groups as profiles."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ..errors import ConfigurationError, Refused
from ..event import Event, EventType
from . import words
from .answer import Answer, is_below
from .base import DELIVERED, Rejected, Split, Verdict
from .checks import check_text
from .clip import Cuts, clip_bytes, take
from .destination import Destination, Item, Post

#: Bytes of a text (https://docs.mixpanel.com/docs/data-structure/property-reference/data-type).
MAX_TEXT = 255

#: Entries of an event, an object or a list: fewer than 255
#: (https://docs.mixpanel.com/reference/import-events).
MAX_ENTRIES = 254

#: What an ``$insert_id`` may look like (https://docs.mixpanel.com/reference/import-events).
_INSERT_ID = re.compile(r"[A-Za-z0-9-]{1,36}")

#: Fields that an answer names; another word is not believed: it becomes the name of a counter.
_FIELDS = frozenset({"event", "time", "distinct_id", "$insert_id", "properties"})

#: Traits that Mixpanel has a name for
#: (https://docs.mixpanel.com/docs/data-structure/property-reference/reserved-properties).
_TRAITS = frozenset({"name", "first_name", "last_name", "email", "phone", "avatar"})

#: Names of events that make two people one
#: (https://docs.mixpanel.com/docs/tracking-methods/id-management): no page may say so.
_SAYS_WHO = frozenset({"$identify", "$create_alias", "$merge"})

_PATHS = {EventType.IDENTIFY: "/engage?verbose=1", EventType.GROUP: "/groups?verbose=1"}


class MixpanelCollector(Destination):
    """Sends events to ``/import``, traits to ``/engage`` and ``/groups``, each in requests of
    their own. In an address: ``mixpanel://TOKEN@?service_account=USER:SECRET&project_id=1``.

    :param token: of your project.
    :param service_account: its name and secret, as a pair or as ``"name:secret"``; without one
        the token is the login.
    :param project_id: of your project; a service account needs it.
    :param group_key: what groups are called in your project.
    :param options: those of ``Destination``. Projects in the EU and in India need ``endpoint``:
        ``https://api-eu.mixpanel.com``, ``https://api-in.mixpanel.com``.
    """

    integration = "Mixpanel"
    endpoint = "https://api.mixpanel.com"

    #: An event is less than 1 MB (https://docs.mixpanel.com/reference/import-events), and so is
    #: a profile (https://docs.mixpanel.com/reference/user-profile-limits).
    max_event_bytes = 1_000_000 - 1
    #: The documentation says 10 MB, and shows an answer that says 2 MiB
    #: (https://docs.mixpanel.com/troubleshooting/errors/413-payload-too-large): the less.
    max_body_bytes = 2_000_000
    max_events = 2000

    address_options = {"service_account": str, "project_id": str, "group_key": str}

    def __init__(
        self,
        token: str,
        *,
        service_account: tuple[str, str] | str | None = None,
        project_id: str | int | None = None,
        group_key: str = "company",
        **options: Any,
    ) -> None:
        check_text("mixpanel", token=token, group_key=group_key)
        super().__init__(**options)
        login = f"{token}:" if service_account is None else _login(service_account)
        if (service_account is None) != (project_id is None):
            missing = "project_id" if project_id is None else "service_account"
            raise ConfigurationError(
                f"mixpanel: {missing} is missing: a service account and project_id go together"
            )
        self._token, self._group_key = token, group_key
        self._credentials = base64.b64encode(login.encode()).decode()
        project = "" if project_id is None else f"&project_id={quote(str(project_id), safe='')}"
        self._import = f"/import?strict=1{project}"

    def encode(self, event: Event, cuts: Cuts) -> Any:
        """An event, or an update of a profile."""
        if event.type is EventType.IDENTIFY:
            return self._person(event, cuts)
        if event.type is EventType.GROUP:
            return self._group(event, cuts)
        if words.is_strangers(event) and event.name in _SAYS_WHO:
            raise Refused("reserved_name")
        own = {**self._own(event), **_identity(event)}
        said = {**own, **_seen(event), **event.properties, **words.money(event), **own}
        properties = _fit(take(words.known(said), MAX_ENTRIES, cuts, "properties"), cuts)
        return {
            "event": clip_bytes(_name(event), MAX_TEXT, cuts, "event_name"),
            "properties": properties,
        }

    def shares(self, item: Item) -> str:
        """Profiles are updated at other addresses."""
        return _PATHS.get(item.event.type, self._import)

    def request(self, items: Sequence[Item], at: float) -> Post:
        """Only an import logs in: an update of a profile carries the token."""
        path = self.shares(items[0])
        post = super().request(items, at)
        headers = dict(post.headers)
        if path == self._import:
            headers["Authorization"] = f"Basic {self._credentials}"
        return post._replace(url=self.endpoint + path, headers=headers)

    def judge(self, answer: Answer, post: Post) -> Verdict | Sequence[Verdict]:
        """A 400 names the events that were not taken; the others were. A profile's 200 may mean
        that nothing was: to say it again does no harm."""
        said = answer.fields()
        if answer.status == 400 and isinstance(said.get("failed_records"), list):
            return _failed(said["failed_records"], len(post.items)) or answer.verdict()
        if answer.status == 200 and (said.get("status") == 0 or answer.body.strip() == b"0"):
            return Split("refused")
        return answer.verdict()

    def _own(self, event: Event) -> dict[str, Any]:
        return {
            "time": words.milliseconds(event),
            "$insert_id": _insert_id(event.message_id),
            "ip": self.ip(event),
            self._group_key: event.group_id,
        }

    def _person(self, event: Event, cuts: Cuts) -> Any:
        who = _distinct_id(event)
        if not who:
            raise Refused("no_distinct_id")
        place = words.known({"$token": self._token, "$ip": self.ip(event)})
        return {**place, "$distinct_id": who, "$set": _traits(event, cuts)}

    def _group(self, event: Event, cuts: Cuts) -> Any:
        if not event.group_id:
            raise Refused("no_group_id")
        place = {"$token": self._token, "$group_key": self._group_key}
        return {**place, "$group_id": event.group_id, "$set": _traits(event, cuts)}


def _login(account: tuple[str, str] | str) -> str:
    parts = account.split(":", 1) if isinstance(account, str) else account
    if len(parts) != 2 or not all(parts):
        raise ConfigurationError(
            "mixpanel: service_account must be its name and its secret, such as 'name:secret'"
        )
    return ":".join(parts)


def _identity(event: Event) -> dict[str, Any]:
    """Both ids, where there are two: Mixpanel then knows that they are one person
    (https://docs.mixpanel.com/docs/tracking-methods/id-management/identifying-users-simplified)."""
    if event.type is EventType.ALIAS:
        return _alias(event)
    return {
        "distinct_id": _distinct_id(event),
        "$user_id": words.somebody(event.user_id),
        "$device_id": words.somebody(event.anonymous_id),
    }


def _alias(event: Event) -> dict[str, Any]:
    """``distinct_id`` and ``alias`` are read by projects with the original merge of identities,
    the other two by those with the simplified one."""
    user, previous = words.somebody(event.user_id), words.somebody(event.previous_id)
    if user is None or previous is None:
        raise Refused("no_user_id")
    return {"distinct_id": previous, "alias": user, "$user_id": user, "$device_id": previous}


def _distinct_id(event: Event) -> str:
    """As the simplified merge would name them; empty for nobody: without the field Mixpanel would
    make somebody of this server's address
    (https://docs.mixpanel.com/troubleshooting/errors/server-side-events-without-a-user)."""
    device = words.somebody(event.anonymous_id)
    return words.somebody(event.user_id) or (f"$device:{device}" if device else "")


def _name(event: Event) -> str:
    if event.type is EventType.ALIAS:
        return "$create_alias"
    return "$mp_web_page_view" if words.is_page(event) else event.name


def _seen(event: Event) -> dict[str, Any]:
    """What Mixpanel's own library tells of a page, and the request's facts."""
    if event.type is EventType.ALIAS:
        return {}
    page = {
        "name": event.event_name,
        "current_page_title": words.title(event),
        "current_domain": event.hostname,
        "current_url_path": event.path,
    }
    return {
        **(page if words.is_page(event) else {}),
        "$current_url": event.url,
        "$referrer": event.referrer,
        "$referring_domain": words.host(event.referrer),
        "$user_agent": event.user_agent,
        "locale": event.locale,
        **words.utm(event.url),
        **words.facts(event),
    }


def _insert_id(message_id: str) -> str:
    """The same on every attempt, and of the few signs that Mixpanel takes."""
    if _INSERT_ID.fullmatch(message_id) and words.somebody(message_id):
        return message_id
    return hashlib.sha256(message_id.encode()).hexdigest()[:36]


def _traits(event: Event, cuts: Cuts) -> dict[str, Any]:
    named = {f"${key}" if key in _TRAITS else key: value for key, value in event.traits.items()}
    fitted: dict[str, Any] = _fit(named, cuts)
    return fitted


def _fit(value: Any, cuts: Cuts) -> Any:
    """A value within Mixpanel's limits, nested ones too."""
    if isinstance(value, str):
        return clip_bytes(value, MAX_TEXT, cuts, "value")
    if isinstance(value, dict):
        entries = take(value, MAX_ENTRIES, cuts, "value")
        return {clip_bytes(key, MAX_TEXT, cuts, "key"): _fit(entries[key], cuts) for key in entries}
    if isinstance(value, list):
        cuts.extend(["value"] * max(0, len(value) - MAX_ENTRIES))
        return [_fit(entry, cuts) for entry in value[:MAX_ENTRIES]]
    return value


def _failed(records: Sequence[Any], count: int) -> list[Verdict] | None:
    """None where they do not say which: the others are not believed to be delivered then."""
    verdicts: list[Verdict] = [DELIVERED] * count
    for record in records:
        index = record.get("index") if isinstance(record, Mapping) else None
        if not is_below(index, count):
            return None
        field = str(record.get("field")).removeprefix("properties.")
        known = field.lstrip("$") if field in _FIELDS else "event"
        verdicts[index] = Rejected(f"invalid_{known}")
    return verdicts if records else None
