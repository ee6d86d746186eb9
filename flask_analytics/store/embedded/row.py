"""One event as a row of a segment. ``restore`` is the way back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ...metrics import facts
from . import mark
from .snapshot import HotRow

#: The columns that every segment has, and their types in DuckDB. Beside them are the properties'.
COLUMNS = {
    # Of events that may still become an echo: what ``late_echo`` calls them.
    "id": "BIGINT",
    "ts": "BIGINT",
    # A message id: see ``mark``. Milliseconds are counted from ``ts``, which they mostly equal.
    "message_text": "VARCHAR", "message_ms": "BIGINT",
    "message_prefix": "BIGINT", "message_count": "BIGINT",
    "name": "VARCHAR",
    # Whose name that is: 0 the type's, 1 the event's, 2 the action's.
    "named": "UTINYINT",
    # The action's name, where the event has another.
    "action": "VARCHAR",
    # A bot is 1: Parquet codes numbers in runs, booleans one by one, five times as slow to read.
    "type": "VARCHAR", "source": "VARCHAR", "bot": "UTINYINT", "echo": "UTINYINT",
    "who": "INTEGER", "anon": "INTEGER", "previous": "INTEGER",
    "route": "VARCHAR", "path": "VARCHAR", "method": "VARCHAR", "status": "INTEGER",
    # The duration, in microseconds: exact and half as long as a float.
    "micros": "BIGINT",
    "hostname": "VARCHAR", "locale": "VARCHAR", "referrer": "VARCHAR", "origin": "VARCHAR",
    "medium": "VARCHAR", "campaign": "VARCHAR", "browser": "VARCHAR", "os": "VARCHAR",
    "device": "VARCHAR", "country": "VARCHAR", "group_id": "VARCHAR",
    # An amount, and how many digits it was given after the point.
    "amount": "DECIMAL(38,18)", "scale": "UTINYINT", "currency": "VARCHAR",
    "engaged": "DOUBLE",
    "endpoint": "VARCHAR", "url": "VARCHAR", "referrer_url": "VARCHAR", "user_agent": "VARCHAR",
    "view_text": "VARCHAR", "view_ms": "BIGINT", "view_prefix": "BIGINT", "view_count": "BIGINT",
    # JSON of an object: fields of the event that have no column; properties that have none.
    "extra": "VARCHAR", "rest": "VARCHAR",
}  # fmt: skip

#: The columns of the logical relation that are expressions here (DuckDB).
LOGICAL = {
    "message_id": mark.joined("message"),
    "view_id": mark.joined("view"),
    "duration": "micros / 1000.0::DOUBLE / 1000.0::DOUBLE",
    # As ``facts.action`` has it.
    "action_name": (
        "CASE WHEN type = 'pageview' THEN NULL WHEN named = 2 THEN name WHEN action <> '' "
        "THEN action WHEN type = 'action' THEN name END"
    ),
}

#: Statuses beyond are kept in ``extra``.
_MAX_INT = 2**31

#: What begins the rest of a URL after its own host and path.
SHORT = "+"


class _Money(msgspec.Struct, gc=False):
    amount: str
    currency: str


class Wire(msgspec.Struct, gc=False):
    """An event's JSON with amounts left as text, and without its time, which ``hot`` knows."""

    message_id: str
    type: str
    source: str
    event_name: str | None = None
    action_name: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    locale: str | None = None
    hostname: str | None = None
    url: str | None = None
    path: str | None = None
    method: str | None = None
    matched_pattern: str | None = None
    endpoint: str | None = None
    status_code: int | None = None
    duration_ms: float | None = None
    user_agent: str | None = None
    referrer: str | None = None
    view_id: str | None = None
    properties: dict[str, Any] = {}
    revenue: _Money | None = None
    traits: dict[str, Any] = {}
    group_id: str | None = None
    context: dict[str, Any] = {}
    integrations: dict[str, Any] = {}
    consent: dict[str, bool] = {}


decode = msgspec.json.Decoder(Wire).decode


def columns(hot: HotRow, echo: int, event: Wire, has_agent: bool = True) -> tuple[Any, ...]:
    """The values of COLUMNS, in their order, all but ``rest``, which is the last.

    :param has_agent: False: browser, os and device stay unknown.
    """
    name = event.event_name or event.action_name
    agent = facts.agent(event.user_agent if has_agent else None)
    campaign = facts.came(event.url, event.context)
    referrer = facts.referrer_host(event.referrer, event.hostname)
    money = event.revenue
    may_echo = event.source == "browser" and event.type == "pageview" and event.view_id and not echo
    return (
        hot.id if may_echo else None, hot.ts, *mark.split(event.message_id),
        name or event.type, 1 if event.event_name else 2 if name else 0,
        event.action_name if event.event_name else None,
        event.type, event.source, facts.is_bot(event.user_agent, event.source, event.context), echo,
        hot.who, hot.anon, hot.previous,
        event.matched_pattern, event.path, event.method, _small(event.status_code),
        None if event.duration_ms is None else round(event.duration_ms * 1000),
        event.hostname, event.locale, referrer, campaign.source or referrer,
        campaign.medium, campaign.campaign, agent.browser, agent.os,
        agent.device, _country(event.context), event.group_id,
        money and money.amount, money and _scale(money.amount), money and money.currency,
        _engaged(event) if name == "engagement" else None,
        event.endpoint, _shorter(event), event.referrer, event.user_agent,
        *mark.split(event.view_id),
        _extra(event),
    )  # fmt: skip


def _small(number: int | None) -> int | None:
    return None if number is None or not -_MAX_INT <= number < _MAX_INT else number


def _scale(amount: str) -> int:
    return max(0, -int(Decimal(amount).as_tuple().exponent))  # may read 1E-7


def _engaged(event: Wire) -> float | None:
    seconds = event.properties.get("engaged_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    return float(seconds)


def _country(context: Mapping[str, Any]) -> str | None:
    if not context:
        return None
    location = context.get("location")
    found = location.get("country") if isinstance(location, dict) else None
    for country in (found, context.get("country")):
        if isinstance(country, str):
            return country
    return None


def _shorter(event: Wire) -> str | None:
    """Most URLs only repeat the host and the path."""
    if not event.url:
        return event.url
    own = f"https://{event.hostname}{event.path}"
    return SHORT + event.url[len(own) :] if event.url.startswith(own) else event.url


def _extra(event: Wire) -> str | None:
    fields: dict[str, Any] = {}
    if event.traits:
        fields["traits"] = event.traits
    if event.context:
        fields["context"] = event.context
    if event.integrations:
        fields["integrations"] = event.integrations
    if event.consent:
        fields["consent"] = event.consent
    if event.event_name == "":
        fields["event_name"] = ""
    if event.action_name == "":
        fields["action_name"] = ""
    if event.status_code is not None and _small(event.status_code) is None:
        fields["status_code"] = event.status_code
    if event.url and event.url.startswith(SHORT):
        fields["url"] = event.url
    return msgspec.json.encode(fields).decode() if fields else None
