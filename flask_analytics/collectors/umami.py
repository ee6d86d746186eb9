"""Umami's batches, of Umami Cloud and of a server of one's own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from ..errors import ConfigurationError, Refused, RetryLater, Unsupported
from ..event import Event, EventType
from . import words
from .answer import Answer, is_below
from .base import DELIVERED, Misconfigured, Rejected, Retry, Verdict
from .checks import check_text
from .clip import Cuts, as_text, clip, flat, take
from .destination import Destination, Item, Post

#: Characters of what Umami stores; it cuts the rest without a word
#: (https://github.com/umami-software/umami/blob/master/src/lib/constants.ts, FIELD_LENGTH; names:
#: https://umami.is/docs/track-events, ids: https://umami.is/docs/distinct-ids).
MAX_NAME = 50
MAX_ID = 50
MAX_HOSTNAME = 100
MAX_LANGUAGE = 35
MAX_TITLE = 500
#: Of a path, and of a query.
MAX_URL = 500

#: Data of an event: entries, characters of their names, of texts, and of lists as JSON
#: (https://docs.umami.is/docs/tracker-functions).
MAX_DATA = 50
MAX_KEY = 500
MAX_TEXT = 500

#: What a name must not begin with: a table calculation would
#: (https://github.com/umami-software/umami/blob/master/src/app/api/send/request-schema.ts).
_FORMULA = "=+-@\t\r"

#: Not even a browser's "Mozilla/5.0" may be missing, or the event counts as a robot's
#: (https://umami.is/docs/api/sending-stats).
_USER_AGENT = "Mozilla/5.0 (Flask; flask_analytics)"

_UNSUPPORTED = frozenset({EventType.GROUP, EventType.ALIAS})

_NO_HOST = re.compile(r"[\s<>^|%\\\x00-\x1f]")


class UmamiCollector(Destination):
    """Sends to ``/api/batch``. In an address: ``umami://WEBSITE@``, ``umami://WEBSITE@host``.

    Umami throws away what it takes for a robot's, and says so only of an event that comes alone:
    with ``batch_size=1`` each goes to ``/api/send``, and such a one is counted as rejected.

    :param website: the id of the website, a UUID, from its settings there.
    :param options: ``endpoint`` of a server of your own, with its path if it has one, and others,
        as ``Destination`` has them.
    :raises ConfigurationError: the website is no UUID.
    """

    endpoint = "https://cloud.umami.is"
    path = "/api/batch"

    #: So few that what is wrong with each of them fits into what is read of an answer.
    batch_size = 50
    max_events = 50

    #: Umami names no limit. nginx, which mostly stands before it, has one of 1 MB
    #: (https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size).
    max_body_bytes = 500_000

    def __init__(self, website: str, **options: Any) -> None:
        check_text("umami", website=website)
        try:
            UUID(website)
        except ValueError:
            raise ConfigurationError(
                "umami: website must be the id of the website, a UUID such as "
                "e676c9b4-11e4-4ef1-a4d7-87001773e9f2: copy it from its settings in Umami"
            ) from None
        super().__init__(**options)
        self._website = website

    def headers(self) -> Mapping[str, str]:
        """For events that have no user agent of their own."""
        return {**super().headers(), "User-Agent": _USER_AGENT}

    def encode(self, event: Event, cuts: Cuts) -> Any:
        """An event, or who somebody is."""
        if event.type in _UNSUPPORTED:
            raise Unsupported
        is_identify = event.type is EventType.IDENTIFY
        said = {"data": _data(event.traits, cuts)} if is_identify else _said(event, cuts)
        payload = {**self._visitor(event, cuts), **said}
        return {"type": "identify" if is_identify else "event", "payload": words.known(payload)}

    def requests(self, items: Sequence[Item], at: float) -> Iterable[Post]:
        """Batches, unless every event is to go alone."""
        if self.batch_size > 1:
            yield from super().requests(items, at)
            return
        for item in items:
            yield Post(f"{self.endpoint}/api/send", item.body, self.headers(), [item])

    def judge(self, answer: Answer, post: Post) -> Verdict | Sequence[Verdict]:
        """200 also for what was not taken; ``details`` has the places of a batch."""
        verdict = answer.verdict()
        if verdict != DELIVERED:
            return verdict
        said = answer.json()
        if not isinstance(said, dict):
            raise RetryLater("unreadable")
        if "beep" in said:
            return Rejected("bot")
        found: list[Verdict] = [verdict] * len(post.items)
        details = said.get("details")
        for detail in details if isinstance(details, list) else ():
            if isinstance(detail, dict) and is_below(detail.get("index"), len(found)):
                found[detail["index"]] = _of_detail(detail.get("response"))
        return found

    def _visitor(self, event: Event, cuts: Cuts) -> dict[str, Any]:
        return {
            "website": self._website,
            "hostname": clip(event.hostname or "", MAX_HOSTNAME, cuts, "hostname") or None,
            "language": clip(event.locale or "", MAX_LANGUAGE, cuts, "locale") or None,
            "id": _id(event.user_id or event.anonymous_id, cuts),
            "ip": self.ip(event),
            "userAgent": event.user_agent,
            "timestamp": None if event.timestamp is None else int(event.timestamp.timestamp()),
        }


def _said(event: Event, cuts: Cuts) -> dict[str, Any]:
    """What happened: a page view has no name, and so no data."""
    page = words.title(event) or (event.event_name if words.is_page(event) else None)
    said: dict[str, Any] = {
        "url": _url(event.url or event.path, cuts, "url"),
        "referrer": _url(event.referrer, cuts, "referrer"),
        "title": page and clip(page, MAX_TITLE, cuts, "title"),
    }
    given = {key: value for key, value in event.properties.items() if key != "title" or not page}
    if event.revenue is not None:
        given = {"revenue": event.revenue.amount, "currency": event.revenue.currency, **given}
    if words.is_page(event):
        cuts.extend(["properties"] * len(given))
        return said
    return {
        **said,
        "name": _name(event.name, cuts),
        "data": _data({**given, **words.facts(event)}, cuts),
    }


def _name(text: str, cuts: Cuts) -> str:
    safe = text.lstrip(_FORMULA)
    if not safe:
        raise Refused("no_name")  # without one it would count as a page view
    if safe != text:
        cuts.append("event_name")
    return clip(safe, MAX_NAME, cuts, "event_name")


def _id(text: str | None, cuts: Cuts) -> str | None:
    """Two people whose ids begin alike stay two."""
    if text is None or len(text) <= MAX_ID:
        return text
    cuts.append("user_id")
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=MAX_ID // 2).hexdigest()


def _url(url: str | None, cuts: Cuts, name: str) -> str | None:
    """An address whose parts fit, if it is one at all: Umami refuses the event otherwise."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        is_whole = parts.port != 0 and (parts.hostname or parts.scheme not in ("http", "https"))
    except ValueError:
        is_whole = False
    if not is_whole or _NO_HOST.search(parts.netloc):
        cuts.append(name)
        return None
    path = clip(parts.path, MAX_URL, cuts, name)
    query = clip(parts.query, MAX_URL, cuts, name)
    return parts._replace(path=path, query=query).geturl()


def _data(values: Mapping[str, Any], cuts: Cuts) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in flat(values):
        if isinstance(value, list):  # Umami makes it JSON, and stores none that is too long
            if len(as_text(value)) > MAX_TEXT:
                cuts.append("properties")
                continue
        elif isinstance(value, str):
            value = clip(value, MAX_TEXT, cuts, "properties")
        if value is not None:
            found[clip(key, MAX_KEY, cuts, "properties")] = value
    return take(found, MAX_DATA, cuts, "properties")


def _of_detail(response: Any) -> Verdict:
    """What Umami says of one event of a batch."""
    error = response.get("error") if isinstance(response, dict) else None
    if not isinstance(error, dict):
        return Rejected("refused_by_umami")
    if error.get("message") == "Website not found.":
        return Misconfigured("website_not_found")
    code = str(error.get("code") or "refused_by_umami")
    if error.get("status") == 429 or error.get("status") in range(500, 600):
        return Retry(code)
    return Rejected(code)
