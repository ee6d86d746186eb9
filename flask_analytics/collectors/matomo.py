"""Matomo's bulk tracking: a query string for each event, and many of them in a request."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from ..errors import ConfigurationError, Refused, Unsupported
from ..event import Event, EventType
from . import words
from .answer import Answer, is_below
from .base import DELIVERED, Misconfigured, Rejected, Retry, Verdict
from .checks import check_text
from .clip import Cuts, as_text, clip
from .destination import Destination, Post

#: Characters of what Matomo keeps in its tables
#: (https://developer.matomo.org/guides/database-schema): names and addresses, a user's id, an
#: order's, and a custom dimension's value.
MAX_NAME, MAX_USER, MAX_ORDER, MAX_DIMENSION = 4096, 200, 100, 250

#: Seconds that Matomo believes without a token
#: (https://matomo.org/faq/how-to/faq_30835/), and some less, for the way there.
MAX_PAST = 86_400 - 600.0

_SUPPORTED = frozenset({EventType.PAGEVIEW, EventType.ACTION, EventType.CUSTOM})


class MatomoCollector(Destination):
    """Sends batches to ``/matomo.php``. In an address: ``matomo://SITE:TOKEN@matomo.example.com``.

    :param site_id: the number of the site.
    :param token_auth: of a user who may write; with it go the visitor's address and times that
        are older than a day. Without it older events are dropped as ``expired``.
    :param endpoint: where your Matomo is, such as ``https://matomo.example.com``.
    :param currency: the one that the site counts in. Revenue in another is left out: Matomo
        would add it up as if it were the same. None: all is sent.
    :param dimensions: the numbers of custom dimensions and the properties that they hold.
    :param options: those of ``Destination``.
    """

    integration = "Matomo"
    path = "/matomo.php"

    #: Matomo has no limit; this is what the servers in front of it take, if nobody changed that
    #: (https://nginx.org/en/docs/http/ngx_http_core_module.html#client_max_body_size: 1 MiB).
    max_body_bytes = 1_000_000
    max_event_bytes = 256 * 1024
    #: Ours: Matomo works on a request in one transaction.
    max_events = 100

    address_options = {"currency": str}

    def __init__(
        self,
        site_id: int | str,
        token_auth: str | None = None,
        *,
        endpoint: str | None = None,
        currency: str | None = None,
        dimensions: Mapping[int, str] | None = None,
        **options: Any,
    ) -> None:
        if not str(site_id).isdecimal():
            raise ConfigurationError("matomo: site_id must be a number: the site's in its settings")
        if token_auth is not None:
            check_text("matomo", token_auth=token_auth)
        if endpoint is None:
            raise ConfigurationError(
                "matomo: endpoint is missing: say where your Matomo is, such as "
                "https://matomo.example.com"
            )
        super().__init__(endpoint=endpoint, **options)
        self.max_past = None if token_auth else MAX_PAST
        self._site, self._token = str(site_id), token_auth
        self._currency, self._dimensions = currency, dict(dimensions or {})

    def encode(self, event: Event, cuts: Cuts) -> Any:
        """A query string. Matomo has no word for traits, groups and aliases."""
        if event.type not in _SUPPORTED:
            raise Unsupported
        asked = {
            "idsite": self._site,
            "rec": 1,
            "apiv": 1,
            **self._visitor(event, cuts),
            **_seen(event),
            **self._said(event, cuts),
            **dict(self._own(event, cuts)),
        }
        return "?" + urlencode(words.known(asked), quote_via=quote)

    def envelope(self, payloads: bytes, at: float) -> bytes:
        """The query strings, and the token, which is no part of them."""
        token = b""
        if self._token is not None:
            token = b',"token_auth":' + msgspec.json.encode(self._token)
        return b'{"requests":' + payloads + token + b"}"

    def judge(self, answer: Answer, post: Post) -> Verdict | Sequence[Verdict]:
        """Matomo counts what it did not take, and says which to a superuser's token only."""
        if answer.status != 200:
            return answer.verdict()
        said = answer.fields()
        if "status" not in said:
            return Misconfigured("no_matomo")  # a page of something else; nothing was tracked
        if said["status"] != "success":
            return Retry("failed")  # rolled back as a whole
        return _counted(said, len(post.items))

    def _visitor(self, event: Event, cuts: Cuts) -> dict[str, Any]:
        if not (event.user_id or event.anonymous_id or self._token):
            # Matomo would tell visitors apart by address: all would have this server's.
            raise Refused("no_visitor_id")
        moment = event.timestamp
        return {
            "cid": _hex(event.anonymous_id, 16),
            "uid": clip(event.user_id, MAX_USER, cuts, "user_id") if event.user_id else None,
            "cip": self.ip(event) if self._token else None,
            "cdt": None if moment is None else int(moment.timestamp()),
            "ua": event.user_agent,
            "lang": event.locale,
        }

    def _said(self, event: Event, cuts: Cuts) -> dict[str, Any]:
        """A view, an order, or an event; Matomo takes what has revenue as an order only."""
        if event.revenue is not None:
            if self._currency in (None, event.revenue.currency):
                order = as_text(event.properties.get("order_id") or event.message_id)
                return {
                    "idgoal": 0,
                    "ec_id": clip(order, MAX_ORDER, cuts, "order_id"),
                    "revenue": event.revenue.amount,
                }
            cuts.append("revenue")
        if words.is_page(event):
            name = words.title(event) or event.event_name
            return {"action_name": clip(name, MAX_NAME, cuts, "title") if name else None}
        return _event(event, cuts)

    def _own(self, event: Event, cuts: Cuts) -> Iterator[tuple[str, str]]:
        for number, name in self._dimensions.items():
            value = event.properties.get(name)
            if value is not None:
                yield f"dimension{number}", clip(as_text(value), MAX_DIMENSION, cuts, name)


def _event(event: Event, cuts: Cuts) -> dict[str, Any]:
    """``ca``: no view of a page, whatever plugins Matomo has."""
    properties = event.properties
    category = as_text(properties.get("category") or str(event.type))
    label = as_text(properties.get("label") or event.path or "")
    value = properties.get("value")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return {
        "ca": 1,
        "e_c": clip(category, MAX_NAME, cuts, "category"),
        "e_a": clip(event.name, MAX_NAME, cuts, "event_name"),
        "e_n": clip(label, MAX_NAME, cuts, "label") or None,
        "e_v": value if is_number else None,
    }


def _seen(event: Event) -> dict[str, Any]:
    is_timed = words.is_page(event) and event.duration is not None
    return {
        "url": event.url,
        "urlref": event.referrer,
        "pv_id": _hex(event.view_id, 6),
        "pf_srv": round((event.duration or 0) * 1000) if is_timed else None,
    }


def _hex(text: str | None, length: int) -> str | None:
    """As many hexadecimal digits as Matomo asks for, always the same of the same text."""
    return hashlib.sha256(text.encode()).hexdigest()[:length] if text else None


def _counted(said: Mapping[str, Any], count: int) -> list[Verdict]:
    """Where only a number is told the last ones are counted as rejected: the numbers are right,
    and to send all again would count the others twice, for Matomo knows no message ids.
    """
    verdicts: list[Verdict] = [DELIVERED] * count
    indices = said.get("invalid_indices")
    if isinstance(indices, list):
        for index in indices:
            if is_below(index, count):
                verdicts[index] = Rejected("invalid")
    else:
        invalid = said.get("invalid")
        _mark(verdicts, invalid if is_below(invalid, count + 1) else 0, "invalid")
    tracked = said.get("tracked")
    if is_below(tracked, count + 1):
        # A row that another request had locked: Matomo leaves it out, and says so nowhere.
        _mark(verdicts, verdicts.count(DELIVERED) - tracked, "skipped")
    return verdicts


def _mark(verdicts: list[Verdict], left: int, reason: str) -> None:
    for index in reversed(range(len(verdicts))):
        if left > 0 and verdicts[index] == DELIVERED:
            verdicts[index] = Rejected(reason)
            left -= 1
