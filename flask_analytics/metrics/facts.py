"""What an event tells beyond its fields: its name, its text values, whose browser, from where.

Every store derives the same facts by these functions; those that take one text are called once
for each distinct one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

#: Types that are no activity: left out unless they are asked for by name.
QUIET = ("identify", "group", "alias")

#: The trait of a person that is the id of the group they were last said to belong to. Events that
#: carry no group of their own count as that group's.
GROUP = "$group"

#: Numbers keep so many digits as keys; integers all of theirs.
DIGITS = 15


def text(value: Any) -> str | None:
    """A property's value as a key: ``true``, ``5`` (also for 5.0), ``0.1``; None for what is no
    value: null, lists, objects."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if value == int(value) and abs(value) < 10**DIGITS:
            return str(int(value))
        return f"{value:.{DIGITS}g}"
    return None


_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)


def folded(text: str) -> str:
    """A text with its letters A to Z small; what else has two cases stays: engines differ there."""
    return text.translate(_SMALL)


def action(type_: str, name: str, action_name: str | None) -> str | None:
    """The action that an event is, or was before it was given a name of its own: its
    ``action_name``, else the name of an action; None of all others.

    :param name: the event's.
    """
    if type_ == "pageview":  # one that ``classify`` made of a form's answer
        return None
    return action_name or (name if type_ == "action" else None)


def known_traits(
    type_: str, traits: Mapping[str, Any] | None, group_id: str | None
) -> Mapping[str, Any]:
    """What an event tells about its person. Traits of a group are the group's own."""
    if type_ == "group":
        return {GROUP: group_id} if group_id else {}
    return traits or {}


class Agent(NamedTuple):
    """What a user agent tells. Families are ua-parser's (``Chrome``, ``Mobile Safari``)."""

    bot: bool
    browser: str | None = None
    os: str | None = None
    #: ``desktop``, ``mobile`` or ``tablet``.
    device: str | None = None


class Campaign(NamedTuple):
    """What a URL's query tells about how somebody came."""

    source: str | None = None
    medium: str | None = None
    campaign: str | None = None


#: Distinct texts of which the facts are remembered.
REMEMBERED = 4096

#: A tablet says so, or is an Android that does not call itself mobile.
_TABLET = re.compile(r"iPad|Tablet(?! PC)|PlayBook|Kindle|Silk/|Android(?!.*Mobile)")
_MOBILE = re.compile(r"Mobi|iPhone|iPod|Android|Windows Phone|Opera Mini")


@lru_cache(REMEMBERED)
def agent(user_agent: str | None) -> Agent:
    """What a user agent tells; nothing of none."""
    if not user_agent:
        return Agent(False)
    from ua_parser import Domain, parser  # 6 MB and 50 ms that only reports need

    found = parser(user_agent, Domain.USER_AGENT | Domain.OS)
    browser = _family(found.user_agent)
    os = _family(found.os)
    return Agent(_is_crawler(user_agent), browser, os, _device(user_agent, browser or os))


def _family(found: Any) -> str | None:
    return found.family if found and found.family != "Other" else None


def _device(user_agent: str, family: str | None) -> str | None:
    if _TABLET.search(user_agent):
        return "tablet"
    if _MOBILE.search(user_agent):
        return "mobile"
    return "desktop" if family else None


@lru_cache(REMEMBERED)
def _is_crawler(user_agent: str) -> bool:
    from crawleruseragents import is_crawler

    return bool(is_crawler(user_agent))


def is_bot(user_agent: str | None, source: str, context: Mapping[str, Any] | None = None) -> bool:
    """Whether an event is a bot's: by its user agent; without any, unless it came by the API; and
    where a browser says that a program drives it.

    Loads the list of crawlers (2 MB), not the families: every append may call it.
    """
    if context and source == "browser" and context.get("automated") is True:
        return True
    return _is_crawler(user_agent) if user_agent else source != "api"


@lru_cache(REMEMBERED)
def campaign(url: str) -> Campaign:
    """``utm_source`` (or ``ref``, or ``source``), ``utm_medium``, ``utm_campaign`` of a URL."""
    try:
        query = dict(parse_qsl(urlsplit(url).query))
    except ValueError:
        return Campaign()
    source = query.get("utm_source") or query.get("ref") or query.get("source")
    return Campaign(source, query.get("utm_medium"), query.get("utm_campaign"))


def came(url: str | None, context: Mapping[str, Any]) -> Campaign:
    """How somebody came: by the URL; else, as apps without one tell it, by ``context.campaign``
    (https://segment.com/docs/connections/spec/common/#context)."""
    found = campaign(url) if url else Campaign()
    told = context.get("campaign")
    if any(found) or not isinstance(told, dict):
        return found
    words = (told.get(key) for key in ("source", "medium", "name"))
    return Campaign(*(word if word and isinstance(word, str) else None for word in words))


@lru_cache(REMEMBERED)
def host(url: str) -> str | None:
    """The host of a URL, lower case, without ``www.``."""
    try:
        name = urlsplit(url).hostname
    except ValueError:
        return None
    return name.removeprefix("www.") if name else None


def referrer_host(referrer: str | None, hostname: str | None) -> str | None:
    """Where a visitor came from: the referrer's host, unless it is our own."""
    found = host(referrer) if referrer else None
    own = (hostname or "").lower().removeprefix("www.")
    return None if found == own else found
