"""What the ``context`` of Segment's messages tells, as fields of an event.

https://segment.com/docs/connections/spec/common/#context lists what there may be. What has a field
of its own leaves the context, and what is wrong with it is left out: a strange context is no reason
to lose an event.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from ..enrich import MAX_LENGTH, language_tag, public_url
from ..event import Event, EventType
from ..values import clean_text
from ..visitor import MAX_ID
from .batch import address
from .payload import Wrong

#: Facts of a page, which some clients tell as properties of a page call, too.
_PAGE = ("url", "path", "referrer", "search")


def view(event: Event) -> None:
    """Of a page or screen call: its address is told by its properties, first of all."""
    _place(event, event.properties)
    for key in _PAGE:
        event.properties.pop(key, None)


def tell(event: Event) -> None:
    """Of any call."""
    context = event.context
    page = context.pop("page", None)
    if isinstance(page, dict):
        _place(event, page)
        _title(event, page)
    event.client_ip = _address(context.pop("ip", None))
    agent = context.pop("userAgent", None)
    if isinstance(agent, str) and agent:
        event.user_agent = clean_text(agent, MAX_LENGTH)
    locale = context.pop("locale", None)
    if isinstance(locale, str) and locale:
        event.locale = language_tag(locale)
    group = context.pop("groupId", None)
    if event.group_id is None and isinstance(group, (str, int)) and not isinstance(group, bool):
        event.group_id = clean_text(str(group), MAX_ID) or None
    _user(event)


def _user(event: Event) -> None:
    """Traits of the user: those of a group call are the group's, and an alias has none."""
    if event.type in (EventType.GROUP, EventType.ALIAS):
        return
    traits = event.context.pop("traits", None)
    if isinstance(traits, dict):
        event.traits = {**traits, **event.traits}


def _place(event: Event, page: dict[str, Any]) -> None:
    url = page.get("url")
    if event.url is None and isinstance(url, str) and url:
        event.url = public_url(url[: 4 * MAX_LENGTH])
        if event.url is not None:
            parts = urlsplit(event.url)
            event.hostname = parts.hostname
            event.path = clean_text(unquote(parts.path), MAX_LENGTH) or "/"
    path = page.get("path")
    if event.path is None and isinstance(path, str) and path:
        event.path = clean_text(path.partition("?")[0], MAX_LENGTH)
    referrer = page.get("referrer")
    if event.referrer is None and isinstance(referrer, str) and referrer:
        event.referrer = public_url(referrer[: 4 * MAX_LENGTH])


def _title(event: Event, page: dict[str, Any]) -> None:
    title = page.get("title")
    if event.type is EventType.PAGEVIEW and isinstance(title, str) and title:
        event.properties.setdefault("title", title)


def _address(told: Any) -> str | None:
    try:
        return address(told) if isinstance(told, str) else None
    except Wrong:
        return None
